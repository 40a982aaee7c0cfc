import { PhosphorError } from '../contract/phosphor-error.ts';
import { readJPEG2000Header, readJPEGHeader } from './codestream-header.ts';

/** What decoding a codestream does to its image. */
export interface Exactness {
  /** The standard of the codestream lays down every bit of the decoded samples: RLE, lossless JPEG, all of JPEG-LS, reversible JPEG 2000. */
  readonly isExact: boolean;
  /** Something was lost when it was compressed. */
  readonly isLossy: boolean;
}

const LOSSLESS: Exactness = { isExact: true, isLossy: false };
const LOSSY: Exactness = { isExact: false, isLossy: true };

/**
 * Reads from the beginning of a frame's bytes (a few KiB, where no colour profile comes first) how it was compressed, whatever its transfer syntax says. Throws PhosphorError
 * `damaged` where those do not say.
 */
export function exactnessOf(bytes: Uint8Array, kind: 'jpeg' | 'jpeg-2000'): Exactness {
  if (kind === 'jpeg-2000') return readJPEG2000Header(bytes).reversible ? LOSSLESS : LOSSY;
  const { process } = readJPEGHeader(bytes);
  if (process === 0xf7) return { isExact: true, isLossy: nearOf(bytes) > 0 };
  return LOSSLESS_PROCESSES.has(process) ? LOSSLESS : LOSSY;
}

/** SOF3, SOF7, SOF11, SOF15 (ITU-T T.81 table B.1). */
const LOSSLESS_PROCESSES: ReadonlySet<number> = new Set([0xc3, 0xc7, 0xcb, 0xcf]);

/** Parameter NEAR of the first scan (ITU-T T.87 C.2.3): the largest error of a sample. */
function nearOf(bytes: Uint8Array): number {
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) at += 1;
    else if (marker !== 0xda) at += 2 + ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0);
    else return bytes[at + 5 + 2 * (bytes[at + 4] ?? 0)] ?? 0;
  }
  throw new PhosphorError('damaged', 'JPEG-LS codestream without a scan');
}
