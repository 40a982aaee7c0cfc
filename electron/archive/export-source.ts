import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { encodeFileMeta, type Part10File, readPart10, Tag, TransferSyntaxUID, transferSyntaxOf } from '../dicom/dataset/index.ts';
import { readMeta } from '../dicom/dataset/part10.ts';
import { reEncode } from '../dicom/dataset/re-encode.ts';
import { type CodecWorker, type TranscodeSource, transcode } from '../transcoding/index.ts';

const PIECE = 1 << 20;
/** A deflated data set is inflated into memory to be read. */
const INFLATED_BYTES = 256 * 1024 * 1024;

/** A stored file on its way out of the archive. */
export class ExportSource implements TranscodeSource {
  readonly path: string;
  readonly size: number;
  readonly #handle: FileHandle;
  #part10: Part10File | undefined;

  private constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.#handle = handle;
    this.size = size;
  }

  /** Rejects with PhosphorError `not-found`, `unreadable`. */
  static async open(path: string): Promise<ExportSource> {
    try {
      const handle = await open(path, 'r');
      return new ExportSource(path, handle, (await handle.stat()).size);
    } catch (thrown) {
      throw unreadable(thrown);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** The header, read once. Throws PhosphorError `damaged`, `not-dicom`, `limit-exceeded`. */
  get part10(): Part10File {
    this.#part10 ??= readPart10(this, { inflatedBytes: INFLATED_BYTES });
    return this.#part10;
  }

  read(offset: number, length: number): Uint8Array {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.size - offset)));
    try {
      return buffer.subarray(0, readSync(this.#handle.fd, buffer, 0, buffer.length, offset));
    } catch (thrown) {
      throw unreadable(thrown);
    }
  }

  async fetch(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.size) throw new PhosphorError('damaged', 'the file ends inside an element');
    const buffer = Buffer.allocUnsafeSlow(length);
    for (let filled = 0; filled < length; ) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, offset + filled).catch((thrown: unknown) => {
        throw unreadable(thrown);
      });
      if (bytesRead === 0) throw new PhosphorError('damaged', 'a stored file became shorter while it was read');
      filled += bytesRead;
    }
    return buffer;
  }

  /**
   * The file byte for byte. Throws PhosphorError `damaged` at the end where its data set is no longer the one that arrived: its SHA-256 is
   * compared on the way.
   */
  async *whole(sha256: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    const { dataSetOffset } = readMeta(this);
    for (let at = 0; at < this.size; at += PIECE) {
      checkCancelled(signal);
      const piece = await this.fetch(at, Math.min(PIECE, this.size - at));
      if (at + piece.length > dataSetOffset) hash.update(piece.subarray(Math.max(0, dataSetOffset - at)));
      yield piece;
    }
    if (hash.digest('hex') !== sha256) throw new PhosphorError('damaged', 'a stored file is no longer what arrived');
  }

  /** The file in Explicit VR Little Endian. Rejects, or throws while it is read, with what `transcode` and `reEncode` say. */
  async explicit(options: { codec: CodecWorker; allowLossyConversion: boolean; signal: AbortSignal }): Promise<AsyncIterable<Uint8Array>> {
    const { meta, dataset } = this.part10;
    const to = TransferSyntaxUID.ExplicitVRLittleEndian;
    const isEncapsulated = transferSyntaxOf(meta.transferSyntaxUID)?.encapsulated ?? true;
    const chunks = isEncapsulated
      ? await transcode(this, { to, ...options })
      : reEncode(this.#dataSet(meta.dataSetOffset, options.signal), meta.transferSyntaxUID, to);
    const sourceAETitle = meta.metaElements.string(Tag.SourceApplicationEntityTitle);
    const head = encodeFileMeta({
      sopClassUID: dataset.uid(Tag.SOPClassUID),
      sopInstanceUID: dataset.uid(Tag.SOPInstanceUID),
      transferSyntaxUID: to,
      ...(sourceAETitle === '' ? {} : { sourceAETitle }),
    });
    return joined(head, chunks);
  }

  async *#dataSet(from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let at = from; at < this.size; at += PIECE) {
      checkCancelled(signal);
      yield await this.fetch(at, Math.min(PIECE, this.size - at));
    }
  }
}

async function* joined(head: Uint8Array, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* chunks;
}

export function checkCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new PhosphorError('cancelled', 'cancelled');
}

function unreadable(thrown: unknown): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = systemCode(thrown);
  const kind = code === 'ENOENT' ? 'not-found' : 'unreadable';
  return new PhosphorError(kind, 'a stored file cannot be read', code === undefined ? {} : { code }, { cause: thrown });
}
