export type Colour = readonly [red: number, green: number, blue: number];

/** Told apart on grey pictures, the first ones best. */
const PALETTE: readonly Colour[] = [
  [230, 96, 88],
  [86, 180, 233],
  [120, 200, 100],
  [240, 200, 70],
  [200, 130, 220],
  [240, 150, 70],
  [90, 210, 190],
  [230, 140, 170],
  [160, 170, 240],
  [190, 190, 110],
];

/** A colour for something that brings none, by its place in the list. */
export function colourOf(index: number): Colour {
  return PALETTE[((index % PALETTE.length) + PALETTE.length) % PALETTE.length] ?? [255, 255, 255];
}

/** Three words of Recommended Display CIELab Value (PS3.3 C.10.7.1.1; D50 as in ICC profiles) → sRGB. */
export function labToRgb([l16 = 0, a16 = 0, b16 = 0]: readonly number[]): Colour {
  const l = (l16 / 65_535) * 100;
  const a = (a16 / 65_535) * 255 - 128;
  const b = (b16 / 65_535) * 255 - 128;
  const y = (l + 16) / 116;
  const [x1, y1, z1] = [uncurved(y + a / 500) * 0.9642, uncurved(y), uncurved(y - b / 200) * 0.8251];
  return [
    toSrgb(3.1338561 * x1 - 1.6168667 * y1 - 0.4906146 * z1),
    toSrgb(-0.9787684 * x1 + 1.9161415 * y1 + 0.033454 * z1),
    toSrgb(0.0719453 * x1 - 0.2289914 * y1 + 1.4052427 * z1),
  ];
}

function uncurved(value: number): number {
  return value > 6 / 29 ? value ** 3 : 3 * (6 / 29) ** 2 * (value - 4 / 29);
}

function toSrgb(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(Math.min(1, Math.max(0, value)) * 255);
}

export function css([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}
