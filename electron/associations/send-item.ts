import fs from 'node:fs';
import { promisify } from 'node:util';
import { USABLE_UID } from '../../shared/contract/limits.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { readPart10Meta, StreamingHeader, transferSyntaxOf } from '../dicom/dataset/index.ts';
import { evened, NATIVE_TRANSFER_SYNTAXES, reEncode } from '../dicom/dataset/re-encode.ts';
import type { Association, DataSetSource } from '../dicom/network/index.ts';
import { sopClassName } from '../dicom/services/index.ts';
import { type CodecWorker, createCodecWorker, transcode } from '../transcoding/index.ts';
import { borrowDataSet, openDataSet, unreadable } from './file-source.ts';
import { SendFile } from './send-file.ts';

/** A file that can be sent. */
export interface SendItem {
  readonly path: string;
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  readonly transferSyntaxUID: string;
}

export interface SendOptions {
  /** Where the peer takes no other encoding: also conversions that lose something. */
  readonly allowLossyConversion: boolean;
  /** Ends a conversion. */
  readonly signal: AbortSignal;
}

/** The data set as the peer takes it. */
export interface Sendable {
  readonly transferSyntaxUID: string;
  readonly dataSet: DataSetSource;
  /** Set where it was converted: the transfer syntax it goes out in. */
  readonly transcodedTo?: string;
  /** To be called when the peer has all of it and nothing is on its way any more. */
  readonly giveBack?: () => void;
}

/** A converted data set up to this size is complete before its first byte goes out: what is wrong with it then costs this instance only. */
const HELD_BYTES = 2 * 1024 * 1024;

/**
 * The data set of a file for an association: as it is stored where a context was accepted for that, else converted to the first of
 * NATIVE_TRANSFER_SYNTAXES that was. Nothing is sent here.
 *
 * Rejects with PhosphorError `no-presentation-context` (what the peer takes, and why there is no way to it), `damaged`, `unreadable`, `limit-exceeded`,
 * `timed-out` and what else the conversion says.
 */
export async function sendable(association: Association, item: SendItem, options: SendOptions): Promise<Sendable> {
  const { sopClassUID, transferSyntaxUID, path } = item;
  const accepts = (uid: string): boolean => association.contextFor(sopClassUID, uid) !== undefined;
  if (accepts(transferSyntaxUID)) {
    const { dataSet, giveBack } = await borrowDataSet(path);
    if ((dataSet.length ?? 0) % 2 === 0) return { transferSyntaxUID, dataSet, giveBack };
    giveBack();
    return { transferSyntaxUID, dataSet: await evenLengths(item, options) };
  }
  const targets = NATIVE_TRANSFER_SYNTAXES.filter(accepts);
  if (targets.length === 0) throw noContext(association, item, 'there is no conversion into any of these');
  let refusal: PhosphorError | undefined;
  for (const to of targets) {
    try {
      return { transferSyntaxUID: to, dataSet: await converted(item, to, options), transcodedTo: to };
    } catch (thrown) {
      if (!(thrown instanceof PhosphorError) || thrown.kind !== 'unsupported') throw thrown;
      refusal ??= thrown;
    }
  }
  throw noContext(association, item, refusal?.message ?? 'there is no conversion');
}

/** Every element, and so every data set, has an even length (PS3.5 §7.1.1): peers abort the association over one that has not, and other files go with it. */
async function evenLengths(item: SendItem, options: SendOptions): Promise<DataSetSource> {
  const { transferSyntaxUID } = item;
  if (NATIVE_TRANSFER_SYNTAXES.includes(transferSyntaxUID)) {
    return await walked(item, options, (chunks) => evened(chunks, transferSyntaxUID));
  }
  throw new PhosphorError('damaged', 'the data set has an odd number of bytes: it is cut off, or was written wrongly');
}

function noContext(association: Association, { sopClassUID, transferSyntaxUID }: SendItem, reason: string): PhosphorError {
  const accepted = association.contexts.filter(({ abstractSyntax }) => abstractSyntax === sopClassUID);
  const names = accepted.map(({ transferSyntax }) => nameOf(transferSyntax)).join(', ');
  const what = sopClassName(sopClassUID) ?? sopClassUID;
  return new PhosphorError(
    'no-presentation-context',
    names === ''
      ? `the peer accepted no presentation context for ${what}`
      : `the peer accepted ${what} in ${names}, not in ${nameOf(transferSyntaxUID)}: ${reason}`,
  );
}

function nameOf(transferSyntaxUID: string): string {
  return transferSyntaxOf(transferSyntaxUID)?.name ?? transferSyntaxUID;
}

async function converted(item: SendItem, to: string, options: SendOptions): Promise<DataSetSource> {
  const isNative = NATIVE_TRANSFER_SYNTAXES.includes(item.transferSyntaxUID);
  if (!isNative) return await decoded(item, to, options);
  return await walked(item, options, (chunks) => reEncode(chunks, item.transferSyntaxUID, to));
}

type Chunks = Parameters<typeof reEncode>[0];

/** The data set of a native file, changed on the way. */
async function walked(
  { path }: SendItem,
  { signal }: SendOptions,
  change: (chunks: Chunks) => AsyncGenerator<Uint8Array>,
): Promise<DataSetSource> {
  const once = async function* (): AsyncGenerator<Uint8Array> {
    const dataSet = await openDataSet(path);
    yield* change(dataSet instanceof Uint8Array ? [dataSet] : dataSet.chunks);
  };
  const held: Uint8Array[] = [];
  let bytes = 0;
  // A larger one is read to its end as well, to know that it holds; its conversion begins anew when it is sent.
  for await (const chunk of once()) {
    signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes <= HELD_BYTES) held.push(chunk);
    else held.length = 0;
  }
  return { chunks: bytes <= HELD_BYTES ? each(held) : once(), length: bytes };
}

async function decoded({ path }: SendItem, to: string, { allowLossyConversion, signal }: SendOptions): Promise<DataSetSource> {
  const file = new SendFile(path);
  try {
    await file.open();
    const chunks = await transcode(file, { to, codec: codecOfThread(), allowLossyConversion, signal });
    const iterator = chunks[Symbol.asyncIterator]();
    const held: Uint8Array[] = [];
    for (let bytes = 0; bytes <= HELD_BYTES; ) {
      signal.throwIfAborted();
      const { value, done } = await iterator.next();
      if (done === true) return { chunks: each(held) };
      held.push(value);
      bytes += value.length;
    }
    return { chunks: beginningWith(held, iterator, file) };
  } finally {
    await file.close();
  }
}

/** Opens the file again when it needs it: a source that is never read leaves nothing open. */
async function* beginningWith(held: Uint8Array[], rest: AsyncIterator<Uint8Array>, file: SendFile): AsyncGenerator<Uint8Array> {
  try {
    yield* held.splice(0);
    await file.open();
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } catch (thrown) {
    // In the middle of a message the peer's clocks and the decoder's must not be taken for each other.
    const isSlow = thrown instanceof PhosphorError && thrown.kind === 'timed-out';
    throw isSlow ? new PhosphorError('limit-exceeded', 'an image takes too long to be decoded') : thrown;
  } finally {
    await file.close();
  }
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

let codec: CodecWorker | undefined;

/** One for all sends of this thread. It costs nothing before its first image, and ends by itself when there is nothing to do. */
function codecOfThread(): CodecWorker {
  codec ??= createCodecWorker({ totalMs: 120_000 });
  return codec;
}

const openFile = promisify(fs.open);
const readFile = promisify(fs.read);

const HEAD_BYTES = 16_384;
/** A file whose UIDs have not shown by then is not sent. */
const MOST_HEAD_BYTES = 1_048_576;

/**
 * What a file says it is. Its data set counts where that differs from its File Meta Information. Throws PhosphorError `unreadable`, `not-dicom`,
 * `damaged`.
 */
export async function readItem(path: string): Promise<SendItem> {
  const fd = await openFile(path, 'r').catch((thrown: unknown) => {
    throw unreadable(thrown);
  });
  try {
    let head = Buffer.allocUnsafe(HEAD_BYTES);
    let filled = 0;
    const more = async (): Promise<boolean> => {
      const { bytesRead } = await readFile(fd, head, filled, head.length - filled, filled);
      filled += bytesRead;
      return bytesRead > 0;
    };
    const grow = (): boolean => {
      if (head.length >= MOST_HEAD_BYTES) return false;
      head = Buffer.concat([head], 4 * head.length);
      return true;
    };
    await more();
    const { transferSyntaxUID, dataSetOffset } = readPart10Meta(head.subarray(0, filled));
    const header = new StreamingHeader(transferSyntaxUID, { headerBytes: MOST_HEAD_BYTES });
    for (let at = dataSetOffset; !header.push(head.subarray(at, filled)); ) {
      at = filled;
      if (!((filled < head.length || grow()) && (await more()))) break;
    }
    const { sopClassUID, sopInstanceUID } = header.finish();
    if (![sopClassUID, sopInstanceUID, transferSyntaxUID].every((uid) => USABLE_UID.test(uid))) {
      throw new PhosphorError('damaged', 'the file has UIDs that cannot be used');
    }
    return { path, sopClassUID, sopInstanceUID, transferSyntaxUID };
  } catch (thrown) {
    throw unreadable(thrown);
  } finally {
    fs.closeSync(fd);
  }
}
