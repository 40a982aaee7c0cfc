/** Colour tables for grey images; `grey` is none. */
export const COLOUR_MAPS = ['grey', 'hot-iron', 'pet', 'rainbow', 'viridis'] as const;
export type ColourMap = (typeof COLOUR_MAPS)[number];

type Stop = readonly [at: number, red: number, green: number, blue: number];

/** Corner points between which colours are interpolated; hot iron and PET as in PS3.6 annex B. */
const STOPS: Readonly<Record<Exclude<ColourMap, 'grey'>, readonly Stop[]>> = {
  'hot-iron': [
    [0, 0, 0, 0],
    [127, 254, 0, 0],
    [128, 255, 0, 0],
    [191, 255, 126, 0],
    [192, 255, 128, 4],
    [255, 255, 255, 255],
  ],
  pet: [
    [0, 0, 0, 0],
    [63, 0, 125, 253],
    [64, 1, 127, 255],
    [128, 129, 1, 127],
    [191, 255, 127, 1],
    [192, 255, 128, 4],
    [255, 255, 255, 255],
  ],
  rainbow: [
    [0, 0, 0, 0],
    [32, 60, 0, 130],
    [80, 0, 60, 255],
    [120, 0, 200, 200],
    [160, 0, 220, 0],
    [200, 255, 240, 0],
    [240, 255, 0, 0],
    [255, 255, 255, 255],
  ],
  viridis: [
    [0, 68, 1, 84],
    [64, 59, 82, 139],
    [128, 33, 145, 140],
    [191, 94, 201, 98],
    [255, 253, 231, 37],
  ],
};

const tables = new Map<ColourMap, Uint32Array>();

/** Opaque pixels (in the byte order of ImageData on little-endian machines) of grey levels 0–255. */
export function colourWords(map: ColourMap): Uint32Array {
  let words = tables.get(map);
  if (words === undefined) {
    words = Uint32Array.from({ length: 256 }, (_, grey) => {
      const [red, green, blue] = map === 'grey' ? [grey, grey, grey] : colourAt(STOPS[map], grey);
      return ((0xff << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
    tables.set(map, words);
  }
  return words;
}

/** The same of a palette, RGBA of each entry: the grey levels go through all of it. */
export function paletteWords(rgba: Uint8ClampedArray<ArrayBuffer>): Uint32Array {
  const colours = new Uint32Array(rgba.buffer);
  return Uint32Array.from({ length: 256 }, (_, grey) => colours[Math.round((grey / 255) * (colours.length - 1))] ?? 0xff000000);
}

function colourAt(stops: readonly Stop[], grey: number): readonly [number, number, number] {
  const next = stops.findIndex(([at]) => at >= grey);
  const high = stops[next] ?? [255, 255, 255, 255];
  const low = stops[Math.max(0, next - 1)] ?? high;
  const share = high[0] === low[0] ? 1 : (grey - low[0]) / (high[0] - low[0]);
  const mix = (index: 1 | 2 | 3) => Math.round(low[index] + (high[index] - low[index]) * share);
  return [mix(1), mix(2), mix(3)];
}
