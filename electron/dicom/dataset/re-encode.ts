import { pipeline, Readable } from 'node:stream';
import zlib from 'node:zlib';
import { PhosphorError, systemCode } from '../../../shared/contract/phosphor-error.ts';
import { DEFAULT_LIMITS, exceeded } from './limits.ts';
import { ReEncoder } from './re-encoder.ts';
import { dataSetEncodingOf, TransferSyntaxUID } from './transfer-syntaxes.ts';

/** Transfer syntaxes that a data set can be re-encoded between (PS3.5 A.1, A.2, A.3, A.5), the one that loses nobody's VRs and needs no work first. */
export const NATIVE_TRANSFER_SYNTAXES: readonly string[] = [
  TransferSyntaxUID.ExplicitVRLittleEndian,
  TransferSyntaxUID.ImplicitVRLittleEndian,
  TransferSyntaxUID.DeflatedExplicitVRLittleEndian,
  TransferSyntaxUID.ExplicitVRBigEndian,
];

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * A native data set in another native transfer syntax, chunk by chunk: see ReEncoder for what stays and what is refused. Only what is deflated or inflated
 * differs between Explicit VR Little Endian and its deflated form. Rejects with PhosphorError `damaged`, `unsupported`, `limit-exceeded`
 * (`maxInflatedBytes`).
 */
export async function* reEncode(
  chunks: Chunks,
  from: string,
  to: string,
  maxInflatedBytes: number = DEFAULT_LIMITS.inflatedBytes,
): AsyncGenerator<Uint8Array> {
  const [source, target] = [dataSetEncodingOf(from), dataSetEncodingOf(to)];
  const plain = source.deflated ? inflated(chunks, maxInflatedBytes) : chunks;
  const same = source.explicitVR === target.explicitVR && source.bigEndian === target.bigEndian;
  const encoded = same ? plain : walked(plain, new ReEncoder(source, target));
  yield* target.deflated ? deflated(encoded) : encoded;
}

/**
 * A native data set in the transfer syntax that it is in, every length even (PS3.5 §7.1.1): what was written oddly is padded. Rejects with PhosphorError as
 * `reEncode` does; also for one that is cut off.
 */
export function evened(chunks: Chunks, transferSyntaxUID: string): AsyncGenerator<Uint8Array> {
  const encoding = dataSetEncodingOf(transferSyntaxUID);
  return encoding.deflated ? reEncode(chunks, transferSyntaxUID, transferSyntaxUID) : walked(chunks, new ReEncoder(encoding, encoding));
}

async function* walked(chunks: Chunks, encoder: ReEncoder): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield* encoder.push(chunk);
  yield* encoder.finish();
}

/** Raw deflate (PS3.5 A.5), padded to even length. */
export async function* deflated(chunks: Chunks): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of through(zlib.createDeflateRaw(), chunks)) {
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes % 2 === 1) yield Uint8Array.of(0);
}

/** Inflates in pieces of 64 KiB as they are taken, whatever the compression ratio. A stream that is cut off is damaged. */
async function* inflated(chunks: Chunks, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of through(zlib.createInflateRaw({ chunkSize: 65_536 }), chunks)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw exceeded('many bytes when inflated');
    yield chunk;
  }
}

/** What comes out of a zlib stream as the chunks go in. What `chunks` throws is thrown; what zlib throws is damage. */
async function* through(stream: zlib.DeflateRaw | zlib.InflateRaw, chunks: Chunks): AsyncGenerator<Uint8Array> {
  // The callback is where its errors may end: the reader below gets them too.
  pipeline(Readable.from(chunks, { highWaterMark: 1 }), stream, () => undefined);
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (thrown) {
    if (systemCode(thrown)?.startsWith('Z_') !== true) throw thrown;
    throw new PhosphorError('damaged', 'the deflated data set cannot be inflated');
  }
}
