/**
 * CIELab as DICOM writes it (PS3.3 C.10.7.1.1: L* 0 to 100, a* and b* −128 to 127, each as 0 to 65535; white point D50) as a CSS colour. What
 * sRGB has no place for is moved to its edge.
 */
export function cssFromLab(lab: readonly number[]): string {
  return `rgb(${rgbFromLab(lab).join(' ')})`;
}

/** The same as red, green and blue, 0 to 255. */
export function rgbFromLab([l = 0, a = 0, b = 0]: readonly number[]): readonly number[] {
  const lightness = (l / 65_535) * 100;
  const [green, blue] = [(a / 65_535) * 255 - 128, (b / 65_535) * 255 - 128];
  const y = (lightness + 16) / 116;
  const xyz = [0.9642 * decode(y + green / 500), decode(y), 0.8249 * decode(y - blue / 200)] as const;
  return fromXYZ(xyz);
}

/** PCS to linear sRGB, adapted from D50 to D65 (Bradford). */
const FROM_XYZ = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
] as const;

/** sRGB (0 to 255, rounded) of XYZ with the white point D50. */
function fromXYZ(xyz: readonly [number, number, number]): number[] {
  return FROM_XYZ.map((row) => {
    const linear = Math.max(0, Math.min(1, row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]));
    return Math.round(255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055));
  });
}

const EDGE = 6 / 29;

function decode(t: number): number {
  return t > EDGE ? t ** 3 : 3 * EDGE ** 2 * (t - 4 / 29);
}
