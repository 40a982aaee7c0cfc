import type { FrameDescription, Samples } from './types.ts';

type IntegerSamples = Exclude<Samples, Float32Array | Float64Array>;

/** A view of little-endian bytes as samples of 8, 16 or 32 bits; copies only where the bytes are not aligned. */
export function viewSamples(bytes: Uint8Array, bits: 8 | 16 | 32, signed: boolean): IntegerSamples {
  const size = bits / 8;
  const length = Math.floor(bytes.length / size);
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const { buffer, byteOffset } = aligned;
  if (bits === 8) return signed ? new Int8Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length);
  if (bits === 16) return signed ? new Int16Array(buffer, byteOffset, length) : new Uint16Array(buffer, byteOffset, length);
  return signed ? new Int32Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length);
}

/**
 * Keeps the stored bits of every sample and drops what else its cell holds, such as embedded overlays (PS3.5 §8.1.1): shifts by the
 * high bit, masks, extends the sign. Works in place.
 */
export function keepStoredBits(samples: IntegerSamples, { bitsStored, highBit }: Pick<FrameDescription, 'bitsStored' | 'highBit'>): void {
  const cell = samples.BYTES_PER_ELEMENT * 8;
  if (bitsStored === cell) return;
  const signed = samples instanceof Int8Array || samples instanceof Int16Array || samples instanceof Int32Array;
  const left = 32 - (highBit + 1);
  const right = 32 - bitsStored;
  if (signed) {
    for (let i = 0; i < samples.length; i++) samples[i] = ((samples[i] ?? 0) << left) >> right;
  } else {
    for (let i = 0; i < samples.length; i++) samples[i] = ((samples[i] ?? 0) << left) >>> right;
  }
}

/** Swaps the bytes of big-endian words of 16, 32 or 64 bits into a new array; an incomplete word at the end is dropped. */
export function swapBytes(bytes: Uint8Array, wordBytes: 2 | 4 | 8): Uint8Array {
  const swapped = new Uint8Array(bytes.length - (bytes.length % wordBytes));
  for (let i = 0; i < swapped.length; i += wordBytes) {
    for (let b = 0; b < wordBytes; b++) swapped[i + b] = bytes[i + wordBytes - 1 - b] ?? 0;
  }
  return swapped;
}

/** Unpacks 1-bit samples, least significant bit first (PS3.5 §8.1.1), to one byte each. */
export function unpackBits(bytes: Uint8Array, bitOffset: number, samples: number): Uint8Array {
  const unpacked = new Uint8Array(samples);
  for (let i = 0; i < samples; i++) {
    const bit = bitOffset + i;
    unpacked[i] = ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  }
  return unpacked;
}

/** Samples of any number of bits up to 32 that follow each other without gaps, least significant bit first (PS3.5 §8.1.1), each in a cell of its own. */
export function unpackCells(bytes: Uint8Array, bitOffset: number, samples: number, bits: number): Uint16Array | Uint32Array {
  const unpacked = bits <= 16 ? new Uint16Array(samples) : new Uint32Array(samples);
  for (let i = 0, bit = bitOffset; i < samples; i++) {
    let value = 0;
    for (let done = 0; done < bits; ) {
      const take = Math.min(8 - (bit & 7), bits - done);
      value += (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & ((1 << take) - 1)) * 2 ** done;
      done += take;
      bit += take;
    }
    unpacked[i] = value;
  }
  return unpacked;
}

/** Puts planes (all R, all G, all B) side by side per pixel. */
export function interleavePlanes<T extends Samples>(planes: T, pixels: number, samplesPerPixel: number): T {
  const interleaved = planes.slice() as T;
  for (let s = 0; s < samplesPerPixel; s++) {
    for (let p = 0, from = s * pixels, to = s; p < pixels; p++, from++, to += samplesPerPixel) interleaved[to] = planes[from] ?? 0;
  }
  return interleaved;
}

/** The fragments of a frame as one run of bytes; no copy where there is only one. */
export function joinFragments(fragments: readonly Uint8Array[]): Uint8Array {
  const [only] = fragments;
  if (only !== undefined && fragments.length === 1) return only;
  const joined = new Uint8Array(fragments.reduce((total, fragment) => total + fragment.length, 0));
  let at = 0;
  for (const fragment of fragments) {
    joined.set(fragment, at);
    at += fragment.length;
  }
  return joined;
}
