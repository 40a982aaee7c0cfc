/**
 * Doubles a coarse picture to the size of an image (bilinear) and adds grain: anatomy is computed on a quarter of the pixels, the
 * interpolation softens edges about as much as a reconstruction kernel does.
 */
export function doubled(coarse: Float32Array, side: number, target: Float32Array): void {
  const width = side * 2;
  for (let row = 0; row < width; row += 1) {
    const y = Math.min(side - 1, Math.max(0, (row - 0.5) / 2));
    const y0 = Math.floor(y);
    const fy = y - y0;
    const a = y0 * side;
    const b = Math.min(side - 1, y0 + 1) * side;
    let at = row * width;
    let left = (coarse[a] ?? 0) * (1 - fy) + (coarse[b] ?? 0) * fy;
    target[at] = left;
    at += 1;
    for (let x = 1; x < side; x += 1) {
      const right = (coarse[a + x] ?? 0) * (1 - fy) + (coarse[b + x] ?? 0) * fy;
      target[at] = left * 0.75 + right * 0.25;
      target[at + 1] = left * 0.25 + right * 0.75;
      at += 2;
      left = right;
    }
    target[at] = left;
  }
}

/** Grain over an image: `amount` is the standard deviation; values are rounded into 16-bit samples from `low` to `high`. */
export interface Grain {
  readonly noise: Float32Array;
  readonly amount: number;
  readonly low: number;
  readonly high: number;
}

/** Values plus grain into `samples`, which may be used again for the next image. `shift` moves the grain from image to image. */
export function withGrain(values: Float32Array, { noise, amount, low, high }: Grain, shift: number, samples: Int16Array): Int16Array {
  const length = noise.length;
  let at = shift % length;
  for (let i = 0; i < values.length; i += 1) {
    const value = (values[i] ?? 0) + (noise[at] ?? 0) * amount;
    samples[i] = value < low ? low : value > high ? high : value;
    at += 1;
    if (at === length) at = 0;
  }
  return samples;
}
