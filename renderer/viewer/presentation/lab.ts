/**
 * CIELab as DICOM writes it (PS3.3 C.10.7.1.1: L* 0 to 100, a* and b* −128 to 127, each as 0 to 65535; white point D50) as a CSS colour. What
 * sRGB has no place for is moved to its edge.
 */
export function cssFromLab([l = 0, a = 0, b = 0]: readonly number[]): string {
  const lightness = (l / 65_535) * 100;
  const [green, blue] = [(a / 65_535) * 255 - 128, (b / 65_535) * 255 - 128];
  const y = (lightness + 16) / 116;
  const xyz = [0.9642 * decode(y + green / 500), decode(y), 0.8249 * decode(y - blue / 200)] as const;
  return `rgb(${fromXYZ(xyz).join(' ')})`;
}

/** An sRGB colour (0 to 255) in DICOM's form. */
export function labFromRGB([red, green, blue]: readonly [number, number, number]): [number, number, number] {
  const linear = [red, green, blue].map((level) => (level / 255 <= 0.04045 ? level / 255 / 12.92 : ((level / 255 + 0.055) / 1.055) ** 2.4));
  const [x = 0, y = 0, z = 0] = TO_XYZ.map((row) => row.reduce((sum, factor, i) => sum + factor * (linear[i] ?? 0), 0));
  const [fx, fy, fz] = [encode(x / 0.9642), encode(y), encode(z / 0.8249)];
  const [l, a, b] = [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
  const stored = (value: number, range: number) => Math.max(0, Math.min(65_535, Math.round((value / range) * 65_535)));
  return [stored(l, 100), stored(a + 128, 255), stored(b + 128, 255)];
}

/** PCS to linear sRGB and back, adapted from D50 to D65 (Bradford). */
const FROM_XYZ = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
] as const;
const TO_XYZ = [
  [0.4360747, 0.3850649, 0.1430804],
  [0.2225045, 0.7168786, 0.0606169],
  [0.0139322, 0.0971045, 0.7141733],
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

function encode(t: number): number {
  return t > EDGE ** 3 ? Math.cbrt(t) : t / (3 * EDGE ** 2) + 4 / 29;
}
