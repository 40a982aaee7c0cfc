/** Deterministic random numbers in [0, 1): the same sequence for the same seed, on every machine (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SIDE = 32;
const LATTICE = new Float32Array(SIDE ** 3);
const random = randomFrom(20_260_101);
for (let i = 0; i < LATTICE.length; i += 1) LATTICE[i] = random() * 2 - 1;

/** Smooth noise in about [−1, 1] with features of size 1, repeating after 32. */
export function noise3(x: number, y: number, z: number): number {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const z0 = Math.floor(z);
  const fx = smooth(x - x0);
  const fy = smooth(y - y0);
  const fz = smooth(z - z0);
  const xa = x0 & 31;
  const xb = (x0 + 1) & 31;
  const ya = (y0 & 31) * 32;
  const yb = ((y0 + 1) & 31) * 32;
  const za = (z0 & 31) * 1024;
  const zb = ((z0 + 1) & 31) * 1024;
  const near = lerp(lerp(at(za + ya + xa), at(za + ya + xb), fx), lerp(at(za + yb + xa), at(za + yb + xb), fx), fy);
  const far = lerp(lerp(at(zb + ya + xa), at(zb + ya + xb), fx), lerp(at(zb + yb + xa), at(zb + yb + xb), fx), fy);
  return lerp(near, far, fz);
}

/** Gaussian noise of standard deviation 1, slightly correlated between neighbours as reconstruction kernels make it; `length` values. */
export function grain(seed: number, length: number): Float32Array {
  const next = randomFrom(seed);
  const white = new Float32Array(length);
  for (let i = 0; i < length; i += 1) white[i] = next() + next() + next() + next() - 2;
  const soft = new Float32Array(length);
  let sum = 0;
  for (let i = 0; i < length; i += 1) {
    const value = (white[i] ?? 0) + 0.6 * (white[(i + 1) % length] ?? 0) + 0.3 * (white[(i + 2) % length] ?? 0);
    soft[i] = value;
    sum += value * value;
  }
  const scale = 1 / Math.sqrt(sum / length);
  for (let i = 0; i < length; i += 1) soft[i] = (soft[i] ?? 0) * scale;
  return soft;
}

function at(index: number): number {
  return LATTICE[index] ?? 0;
}

function lerp(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}
