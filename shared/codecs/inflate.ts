import { PhosphorError } from '../contract/phosphor-error.ts';

/**
 * Raw deflate (RFC 1951) → bytes, for the deflated transfer syntaxes (PS3.5 A.5). A stream longer than `limit` throws PhosphorError
 * `limit-exceeded`; one that is cut off or broken `damaged`.
 */
export async function inflate(deflated: Uint8Array, limit: number): Promise<Uint8Array> {
  for (const trailer of TRAILERS) {
    try {
      return await inflateExactly(deflated.subarray(0, Math.max(0, deflated.length - trailer)), limit);
    } catch (error) {
      if (!(error instanceof PhosphorError) || error.kind !== 'damaged') throw error;
    }
  }
  throw new PhosphorError('damaged', 'the deflated stream is broken');
}

/**
 * Bytes behind the end of the stream, which a strict inflater (Chromium's) takes for damage: none, the NUL that makes it even (PS3.5 A.5), and
 * the checksums of gzip and zlib that some writers leave there, made even or not.
 */
const TRAILERS = [0, 1, 8, 9, 4, 5] as const;

async function inflateExactly(deflated: Uint8Array, limit: number): Promise<Uint8Array> {
  const stream = new Blob([deflated as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const reader = stream.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > limit) throw new PhosphorError('limit-exceeded', `inflates to more than ${limit} bytes`);
      pieces.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (error instanceof PhosphorError) throw error;
    throw new PhosphorError('damaged', 'the deflated stream is broken');
  }
  const inflated = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    inflated.set(piece, at);
    at += piece.length;
  }
  return inflated;
}
