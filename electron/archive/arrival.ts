import { createHash, hash as digestOf, type Hash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { MessagePort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { USABLE_UID } from '../../shared/contract/limits.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { type InstanceIdentity, identityOf, type RawHeader, StreamingHeader } from '../dicom/dataset/index.ts';
import { type CodecWorker, createCodecWorker } from '../transcoding/index.ts';
import type { ArrivedEntry } from './arrival-messages.ts';
import { ArrivalParts } from './arrival-parts.ts';
import { DiskSync } from './disk-sync.ts';
import { FileMetaCache } from './file-meta-cache.ts';
import type { IncomingAction } from './incoming-name.ts';
import { IndexFeed } from './index-feed.ts';
import { LinkLanding, RenameLanding, supportsHardLinks } from './landing.ts';
import { fileOfHash, folderOf, hashOfUID, storageError } from './layout.ts';
import { type Candidate, type Placed, placeAtOnce } from './placement.ts';
import type { ArchiveLocation, Arrival, ArrivalOrigin, ArrivalReceipt, ArrivalWriter } from './types.ts';
import { writePieces } from './write-pieces.ts';

/** Options that only tests and measurements change. */
export interface ArrivalWriterOptions {
  readonly hardLinks?: boolean;
}

/**
 * Takes instances in on the thread that calls it. `port` is one that `Archive.arrivalPort()` gave. Chunks are gathered and written
 * synchronously (a write into the page cache is shorter than a round trip to the thread pool); only fsync leaves the thread, so that
 * several associations wait for the disk together.
 */
export function createArrivalWriter(location: ArchiveLocation, port: MessagePort, options: ArrivalWriterOptions = {}): ArrivalWriter {
  const incoming = folderOf.incoming(location);
  let hardLinks = options.hardLinks;
  const writer = randomBytes(6).toString('hex');
  const feed = new IndexFeed(port, writer);
  const codec = createCodecWorker();
  const buffers: Uint8Array[] = [];
  const open = new Set<FileArrival>();
  const idle: (() => void)[] = [];
  const parts = new ArrivalParts(incoming, writer);
  let closing = false;

  const context: WriterContext = {
    location,
    incoming,
    // Asked only once a file stands there: the disk may have been away before.
    hardLinks: () => {
      hardLinks ??= supportsHardLinks(incoming);
      return hardLinks;
    },
    writer,
    feed,
    codec,
    parts,
    hashesLater: () => context.hardLinks(),
    metas: new FileMetaCache(),
    disk: new DiskSync(() => open.size === 1),
    takeBuffer: () => buffers.pop() ?? new Uint8Array(BUFFER),
    giveBuffer: (buffer) => {
      if (buffers.length < SPARE_BUFFERS) buffers.push(buffer);
    },
    ended: (arrival) => {
      open.delete(arrival);
      if (open.size === 0) for (const resolve of idle.splice(0)) resolve();
    },
  };

  return {
    begin(announced, origin) {
      if (closing) throw new PhosphorError('interrupted', 'the archive is closing');
      const { sopClassUID, sopInstanceUID, transferSyntaxUID } = announced;
      if (![sopClassUID, sopInstanceUID, transferSyntaxUID].every((value) => USABLE_UID.test(value))) {
        throw new PhosphorError('damaged', 'the instance is announced with a UID that cannot be used');
      }
      const arrival = new FileArrival(context, announced, origin);
      open.add(arrival);
      return arrival;
    },
    async close() {
      closing = true;
      if (open.size > 0) await new Promise<void>((resolve) => idle.push(resolve));
      parts.close();
      await Promise.all([feed.close(), codec.close()]);
    },
  };
}

const BUFFER = 256 * 1024;
const SPARE_BUFFERS = 16;
/** Chunks from this length on are written as they are; shorter ones are gathered. */
const DIRECT = 64 * 1024;
/** Of a long instance, this much is written before the disk is told to begin (durable archives): the last fsync is then short. */
const WRITE_BEHIND = 32 * 1024 * 1024;
/** A longer data set is hashed while it arrives, whoever else would do it: the index must not wait for it, nor read it back from the disk. */
const HASHED_LATER = 4 * 1024 * 1024;

interface WriterContext {
  readonly location: ArchiveLocation;
  readonly incoming: string;
  hardLinks(): boolean;
  /** Data sets are hashed by whoever fills the index (docs/adr/0008-hash-after-the-response.md). */
  hashesLater(): boolean;
  readonly writer: string;
  readonly feed: IndexFeed;
  readonly codec: CodecWorker;
  readonly parts: ArrivalParts;
  readonly metas: FileMetaCache;
  readonly disk: DiskSync;
  takeBuffer(): Uint8Array;
  giveBuffer(buffer: Uint8Array): void;
  ended(arrival: FileArrival): void;
}

const fdatasync = promisify(fs.fdatasync);

class FileArrival implements Arrival {
  readonly #context: WriterContext;
  readonly #announced: Parameters<ArrivalWriter['begin']>[0];
  readonly #origin: ArrivalOrigin;
  #number = 0;
  #part = '';
  /** Of what left the buffer; a data set that never fills it is hashed in one call, or later. */
  #hash: Hash | undefined;
  readonly #header: StreamingHeader;
  #headerDone = false;
  #fd: number | undefined;
  #buffer: Uint8Array;
  #filled = 0;
  /** Where the data set begins in the buffer: behind the File Meta Information, later at its start. */
  #hashFrom = 0;
  #metaBytes = 0;
  /** Made out when it begins, while the peer reads on: what is done at the end is waited for. */
  readonly #uidHash: Buffer;
  readonly #final: string;
  #dataSetBytes = 0;
  /** Of the data set so far, in durable archives: what proves the file whole until it has been hashed. */
  #crc32 = 0;
  #behind: { readonly done: Promise<void> } | undefined;
  #behindAt = 0;
  #failure: PhosphorError | undefined;
  #ended = false;

  constructor(context: WriterContext, announced: Parameters<ArrivalWriter['begin']>[0], origin: ArrivalOrigin) {
    this.#context = context;
    this.#announced = announced;
    this.#origin = origin;
    this.#header = new StreamingHeader(announced.transferSyntaxUID);
    this.#uidHash = hashOfUID(announced.sopInstanceUID);
    this.#final = fileOfHash(context.location, this.#uidHash);
    this.#buffer = context.takeBuffer();
    try {
      const part = context.parts.take();
      this.#number = part.number;
      this.#part = part.path;
      this.#fd = part.fd;
      this.#metaBytes = context.metas.write(this.#buffer, announced, origin);
      this.#filled = this.#metaBytes;
      this.#hashFrom = this.#metaBytes;
    } catch (thrown) {
      this.#release();
      throw storageError(thrown, 'a file for an arriving instance cannot be created');
    }
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.reject(new PhosphorError('internal', 'bytes for an arrival that has ended'));
    try {
      if (!this.#headerDone) this.#headerDone = this.#header.push(chunk);
      this.#append(chunk);
      this.#dataSetBytes += chunk.length;
      if (this.#context.location.durable && this.#hash === undefined) this.#crc32 = crc32(chunk, this.#crc32);
    } catch (thrown) {
      return Promise.reject(this.#fail(thrown));
    }
    return this.#writeBehind() ?? this.#context.feed.room();
  }

  finish(): ArrivalReceipt | Promise<ArrivalReceipt> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const fd = this.#fd;
    if (this.#ended || fd === undefined) return Promise.reject(new PhosphorError('internal', 'an arrival was finished twice'));
    this.#ended = true;
    try {
      const sha256 = this.#flush(fd);
      if (this.#behind !== undefined) return this.#behind.done.then(() => this.#land(fd, sha256)).catch((thrown) => this.#refuse(thrown));
      const landed = this.#land(fd, sha256);
      return landed instanceof Promise ? landed.catch((thrown) => this.#refuse(thrown)) : landed;
    } catch (thrown) {
      return this.#refuse(thrown);
    }
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#behind?.done.catch(() => undefined);
    fs.rmSync(this.#part, { force: true });
    this.#release();
  }

  /** All is written: gives the file its names. */
  #land(fd: number, sha256: Buffer | undefined): ArrivalReceipt | Promise<ArrivalReceipt> {
    const raw = this.#header.raw();
    const header = this.#checked(identityOf(raw));
    const { location, incoming, hardLinks, writer, codec, disk } = this.#context;
    const landing = hardLinks()
      ? new LinkLanding(incoming, this.#part, fd, disk)
      : new RenameLanding(incoming, this.#part, fd, location, disk);
    const dataSetBytes = this.#dataSetBytes;
    const readFrom = (from: number, length: number) => readBack(fd, this.#metaBytes + from, length);
    const candidate: Candidate = {
      location,
      entry: {
        writer,
        number: this.#number,
        origin: this.#origin.kind,
        uidHash: this.#uidHash,
        ...(sha256 === undefined ? { dataSetBytes, ...(location.durable ? { crc32: this.#crc32 } : {}) } : { sha256 }),
        sourceAETitle: this.#origin.kind === 'import' ? '' : this.#origin.sourceAETitle,
      },
      final: this.#final,
      dataSetBytes,
      transferSyntaxUID: header.transferSyntaxUID,
      replaces: this.#origin.kind === 'retrieve' || (this.#origin.kind === 'store' && this.#origin.replaces === true),
      hash: () => digestOf('sha256', readFrom(0, dataSetBytes), 'buffer'),
      read: async () => readFrom(0, dataSetBytes),
      codec,
    };
    const stood = ({ result, entryName }: Placed): ArrivalReceipt => {
      const told = entryName === undefined || result === 'known' ? undefined : this.#entry(raw, candidate.entry, result, entryName);
      this.#release(told);
      return { result, header, dataSetBytes };
    };
    const discard = (thrown: unknown): never => {
      landing.discard();
      throw thrown;
    };
    try {
      const placed = placeAtOnce(candidate, landing);
      return placed instanceof Promise ? placed.then(stood, discard) : stood(placed);
    } catch (thrown) {
      return discard(thrown);
    }
  }

  /** What the index is told, but the file's time: asking for that can wait until the peer has its response. */
  #entry(
    header: RawHeader,
    { origin, sourceAETitle, sha256 }: Candidate['entry'],
    action: IncomingAction,
    entryName: string,
  ): Omit<ArrivedEntry, 'sequence' | 'arrivedAt'> {
    const dataSetBytes = this.#dataSetBytes;
    return {
      entryName,
      action,
      origin,
      sourceAETitle,
      ...(this.#origin.kind === 'import' ? { sourcePath: dirname(this.#origin.path) } : {}),
      header,
      ...(sha256 === undefined ? {} : { sha256: sha256.toString('hex') }),
      dataSetBytes,
      fileBytes: this.#metaBytes + dataSetBytes,
    };
  }

  #refuse(thrown: unknown): Promise<never> {
    fs.rmSync(this.#part, { force: true });
    this.#release();
    return Promise.reject(storageError(thrown, 'an arriving instance cannot be stored'));
  }

  /** What the peer announced is what it must have sent: the file's name and meta are already made of it (PS3.7 §9.3.1). */
  #checked(header: InstanceIdentity): InstanceIdentity {
    if (header.sopInstanceUID !== this.#announced.sopInstanceUID || header.sopClassUID !== this.#announced.sopClassUID) {
      throw new PhosphorError('damaged', 'the data set is another instance than the one announced');
    }
    return header;
  }

  #append(chunk: Uint8Array): void {
    if (chunk.length < DIRECT && this.#filled + chunk.length <= this.#buffer.length) {
      this.#buffer.set(chunk, this.#filled);
      this.#filled += chunk.length;
      return;
    }
    if (this.#fd === undefined) return;
    const hash = this.#hashed(this.#fd);
    if (this.#filled > 0) {
      const gathered = this.#buffer.subarray(0, this.#filled);
      writePieces(this.#fd, [gathered, chunk]);
      hash?.update(gathered.subarray(this.#hashFrom));
    } else writeAll(this.#fd, chunk, chunk.length);
    hash?.update(chunk);
    this.#filled = 0;
    this.#hashFrom = 0;
  }

  /** The hash so far, of all that has been written before; undefined while it is left to others. */
  #hashed(fd: number): Hash | undefined {
    if (this.#hash !== undefined) return this.#hash;
    const isLate = this.#context.hashesLater();
    if (isLate && this.#dataSetBytes < HASHED_LATER) return undefined;
    this.#hash = createHash('sha256');
    const before = isLate ? this.#dataSetBytes - (this.#filled - this.#hashFrom) : 0;
    if (before > 0) this.#hash.update(readBack(fd, this.#metaBytes, before));
    return this.#hash;
  }

  /** Writes the rest; the SHA-256 of the whole data set, unless it is left to others. */
  #flush(fd: number): Buffer | undefined {
    if (this.#filled > 0) writeAll(fd, this.#buffer, this.#filled);
    const rest = this.#buffer.subarray(this.#hashFrom, this.#filled);
    if (this.#hash !== undefined) return this.#hash.update(rest).digest();
    return this.#context.hashesLater() ? undefined : digestOf('sha256', rest, 'buffer');
  }

  /** Starts writing a long instance to the disk while the rest arrives; waits when the disk is a whole portion behind. */
  #writeBehind(): Promise<void> | undefined {
    if (!this.#context.location.durable || this.#fd === undefined || this.#dataSetBytes - this.#behindAt < WRITE_BEHIND) return undefined;
    const before = this.#behind?.done;
    const fd = this.#fd;
    this.#behindAt = this.#dataSetBytes;
    const done = (before ?? Promise.resolve()).then(() => fdatasync(fd));
    done.catch((thrown: unknown) => this.#fail(thrown));
    this.#behind = { done };
    return before;
  }

  #fail(thrown: unknown): PhosphorError {
    this.#failure ??= storageError(thrown, 'an arriving instance cannot be written');
    this.#ended = true;
    fs.rmSync(this.#part, { force: true });
    this.#release();
    return this.#failure;
  }

  /** @param told for the index */
  #release(told?: Omit<ArrivedEntry, 'sequence' | 'arrivedAt'>): void {
    const fd = this.#fd;
    if (fd !== undefined) {
      this.#fd = undefined;
      this.#context.giveBuffer(this.#buffer);
      const { parts, feed } = this.#context;
      const { kind } = this.#origin;
      const tell = told && (() => feed.send({ ...told, arrivedAt: Math.floor(fs.fstatSync(fd).mtimeMs) }));
      if (this.#behind === undefined) parts.ended(fd, kind, tell);
      else {
        tell?.();
        // A descriptor may be closed only when no fdatasync holds it: its number would be given to another file.
        void this.#behind.done.catch(() => undefined).then(() => parts.ended(fd, kind));
      }
    }
    this.#context.ended(this);
  }
}

function writeAll(fd: number, bytes: Uint8Array, length: number): void {
  for (let at = 0; at < length; ) at += fs.writeSync(fd, bytes, at, length - at);
}

/** Bytes of the temp file's data set (bounded by the caller). */
function readBack(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const read = fs.readSync(fd, bytes, at, length - at, offset + at);
    if (read === 0) throw new PhosphorError('storage', 'a file just written cannot be read back');
    at += read;
  }
  return bytes;
}
