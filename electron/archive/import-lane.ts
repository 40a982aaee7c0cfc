import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { encodeFileMeta, type Part10Meta, Tag } from '../dicom/dataset/index.ts';
import { type CodecWorker, createCodecWorker } from '../transcoding/index.ts';
import type { ArrivedEntry } from './arrival-messages.ts';
import { isDeflated, isDeflatedCut } from './deflated-end.ts';
import { fallbackFor } from './fallback-character-sets.ts';
import { type FileReader, openForImport, readerOf } from './import-file.ts';
import { type Content, LongContent, WholeContent } from './import-landing.ts';
import type { LaneData, LaneFile, LaneOutcome } from './import-lane-messages.ts';
import { partName } from './incoming-name.ts';
import { IndexFeed } from './index-feed.ts';
import { supportsHardLinks } from './landing.ts';
import { fileOfHash, folderOf, hashOfUID, storageError } from './layout.ts';
import { place } from './placement.ts';
import { hasUsableUIDs } from './read-header.ts';
import { isSameInstance } from './same-instance.ts';
import { unreadable } from './scan.ts';
import { mayWrite } from './shared-guard.ts';
import type { ArchiveLocation } from './types.ts';

const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10';
interface Volatile {
  readonly group: number;
  readonly file: string;
  readonly entry: Omit<ArrivedEntry, 'sequence'> | undefined;
}

/** Files up to this long are read whole: their name in incoming/ is then known before they are written. */
const WHOLE = 4 * 1024 * 1024;

/**
 * Takes files in on a thread of its own, where reading and writing may wait: nobody waits for a single file of an import, so that all is done
 * synchronously, header and hash in one pass, and many files share one sync of the file system.
 */
export class ImportLane {
  readonly #location: ArchiveLocation;
  readonly #incoming: string;
  readonly #hardLinks: boolean;
  /** Without hard links the order in which names reach the disk matters: each file sees to its own. */
  readonly #syncsEach: boolean;
  readonly #writer = randomBytes(6).toString('hex');
  readonly #feed: IndexFeed;
  readonly #codec: CodecWorker = createCodecWorker();
  readonly #cancelled: Int32Array;
  readonly #buffer = Buffer.allocUnsafeSlow(WHOLE);
  #count = 0;
  #group = 0;
  /** Placed or found, and not yet known to be on the disk. */
  #volatile: Volatile[] = [];

  constructor({ location, arrivals, cancelled }: LaneData) {
    this.#location = location;
    this.#incoming = folderOf.incoming(location);
    this.#hardLinks = supportsHardLinks(this.#incoming);
    this.#syncsEach = location.durable && !this.#hardLinks;
    this.#feed = new IndexFeed(arrivals, this.#writer);
    this.#cancelled = new Int32Array(cancelled);
  }

  async take(group: number, files: readonly LaneFile[]): Promise<LaneOutcome[]> {
    this.#group = group;
    const outcomes: LaneOutcome[] = [];
    for (const file of files) {
      outcomes.push(await this.#outcome(file));
      await this.#feed.room();
    }
    return outcomes;
  }

  /** What was taken up to this group is durable, or becomes so here: the index is told of it. */
  durable(group: number, syncEach: boolean): { error?: PhosphorErrorData } {
    const due = this.#volatile.filter((one) => one.group <= group);
    this.#volatile = this.#volatile.filter((one) => one.group > group);
    try {
      if (syncEach) for (const { file } of due) syncFile(file);
    } catch (thrown) {
      return { error: storageError(thrown, 'what was imported cannot be brought to the disk').data };
    }
    for (const { entry } of due) if (entry !== undefined) this.#feed.send(entry);
    return {};
  }

  /** What is not known to be durable yet stays in incoming/ for the index writer to look at. */
  async close(): Promise<void> {
    await Promise.all([this.#feed.close(), this.#codec.close()]);
  }

  async #outcome(file: LaneFile): Promise<LaneOutcome> {
    const { path: shown, source = shown } = file;
    let reader: FileReader | undefined;
    let copy: string | undefined;
    try {
      if (this.#isCancelled()) throw new PhosphorError('cancelled', 'cancelled');
      reader = typeof source === 'string' ? openForImport(source, this.#buffer) : readerOf(source);
      if (reader.isZip()) return { path: shown, container: 'zip' };
      const meta = reader.meta();
      if (meta.metaElements.uid(Tag.MediaStorageSOPClassUID) === MEDIA_STORAGE_DIRECTORY) return { path: shown, container: 'directory' };
      if (file.isSlow === true && reader.size > WHOLE) {
        reader.close();
        // A copy that fails must not close it once more: its number may be another file's by then.
        reader = undefined;
        this.#count += 1;
        copy = path.join(this.#incoming, partName(this.#writer, this.#count));
        this.#copy(shown, copy);
        reader = openForImport(copy, this.#buffer);
      }
      return { path: shown, ...(await this.#import(reader, meta, shown)) };
    } catch (thrown) {
      return { path: shown, error: toErrorData(storageError(thrown, 'the file cannot be stored')) };
    } finally {
      reader?.close();
      if (copy !== undefined) fs.rmSync(copy, { force: true });
    }
  }

  /** A slow medium is read once, from the first byte to the last; a cancel does not wait for the end of a long file. */
  #copy(file: string, copy: string): void {
    const from = openedForCopy(file);
    try {
      const to = fs.openSync(copy, 'wx', 0o600);
      try {
        for (;;) {
          if (this.#isCancelled()) throw new PhosphorError('cancelled', 'cancelled');
          const bytes = readForCopy(from, this.#buffer);
          if (bytes === 0) return;
          for (let at = 0; at < bytes; ) at += fs.writeSync(to, this.#buffer, at, bytes - at);
        }
      } finally {
        fs.closeSync(to);
      }
    } finally {
      fs.closeSync(from);
    }
  }

  async #import(reader: FileReader, meta: Part10Meta, shown: string): Promise<Omit<Extract<LaneOutcome, { result: unknown }>, 'path'>> {
    const isWhole = reader.size <= WHOLE;
    const fallback = fallbackFor(this.#location, '');
    let header = isWhole ? reader.whole(meta, fallback) : reader.header(meta, fallback);
    if (!hasUsableUIDs(header)) throw new PhosphorError('damaged', 'the data set has UIDs that cannot be used');
    const part10 = encodeFileMeta({
      sopClassUID: header.sopClassUID,
      sopInstanceUID: header.sopInstanceUID,
      transferSyntaxUID: header.transferSyntaxUID,
    });
    this.#count += 1;
    const number = this.#count;
    const location = { ...this.#location, durable: this.#syncsEach };
    mayWrite(location);
    const names = { incoming: this.#incoming, writer: this.#writer, number, hardLinks: this.#hardLinks, location };
    const content: Content = isWhole
      ? new WholeContent(names, part10, reader.dataSet(meta))
      : LongContent.write(names, part10, reader, meta, () => this.#isCancelled());
    try {
      const { sha256, dataSetBytes } = content;
      const uidHash = hashOfUID(header.sopInstanceUID);
      const entry = { writer: this.#writer, number, origin: 'import', uidHash, sha256, sourceAETitle: '' } as const;
      const read = async (): Promise<Uint8Array> => content.read();
      const candidate = {
        location,
        entry,
        dataSetBytes,
        transferSyntaxUID: header.transferSyntaxUID,
        replaces: false,
        read,
        codec: this.#codec,
      };
      const pieces = isWhole ? [reader.dataSet(meta)] : reader.pieces(meta);
      const truncated = isDeflated(meta.transferSyntaxUID) ? await isDeflatedCut(pieces) : reader.truncated;
      if (truncated) header = { ...header, truncated };
      const { sopInstanceUID, studyInstanceUID, patientID } = header;
      const told = { sopInstanceUID, studyInstanceUID, patientID, bytes: dataSetBytes, truncated };
      const final = fileOfHash(location, uidHash);
      // A folder that is known already is not written once more only to find that out.
      if (isThere(final) && (await isSameInstance(candidate, final))) {
        this.#later(final);
        return { result: 'known', ...told };
      }
      const landing = content.landing();
      const placed = await place(candidate, landing).catch((thrown: unknown) => {
        landing.discard();
        throw thrown;
      });
      if (placed.entryName !== undefined && placed.result !== 'known') {
        const entry: Omit<ArrivedEntry, 'sequence'> = {
          entryName: placed.entryName,
          action: placed.result,
          origin: 'import',
          sourceAETitle: '',
          header,
          sha256: sha256.toString('hex'),
          dataSetBytes,
          fileBytes: part10.length + dataSetBytes,
          arrivedAt: content.writtenAt(),
          sourcePath: path.dirname(shown),
        };
        this.#later(placed.result === 'conflict' ? path.join(this.#incoming, placed.entryName) : final, entry);
      }
      return { result: placed.result, ...told };
    } finally {
      content.end();
    }
  }

  /** The index hears of it, and the import ends, when the file is on the disk; `known` promises as much as `stored`. */
  #later(file: string, entry?: Omit<ArrivedEntry, 'sequence'>): void {
    if (this.#location.durable) this.#volatile.push({ group: this.#group, file, entry });
    else if (entry !== undefined) this.#feed.send(entry);
  }

  #isCancelled(): boolean {
    return Atomics.load(this.#cancelled, 0) !== 0;
  }
}

function isThere(file: string): boolean {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.size > 0;
}

function syncFile(file: string): void {
  const fd = fs.openSync(file, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** A scratched disc is to be told from a disk of ours that cannot be written. */
function openedForCopy(file: string): number {
  try {
    return fs.openSync(file, 'r');
  } catch (thrown) {
    throw unreadable(thrown);
  }
}

function readForCopy(from: number, buffer: Buffer): number {
  try {
    return fs.readSync(from, buffer, 0, buffer.length, null);
  } catch (thrown) {
    throw unreadable(thrown);
  }
}
