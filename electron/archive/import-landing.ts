import { createHash, hash as digestOf } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { Part10Meta } from '../dicom/dataset/index.ts';
import type { FileReader } from './import-file.ts';
import { partName } from './incoming-name.ts';
import { type Landing, LinkLanding, RenameLanding } from './landing.ts';
import type { ArchiveLocation } from './types.ts';
import { writePieces } from './write-pieces.ts';

/** A data set that was read and wants its place in the archive. */
export interface Content {
  readonly sha256: Buffer;
  readonly dataSetBytes: number;
  /** The data set, for a comparison. */
  read(): Uint8Array;
  landing(): Landing;
  /** When its file was written, in milliseconds since the epoch. */
  writtenAt(): number;
  /** Closes and removes what is left of it. */
  end(): void;
}

export interface ContentNames {
  readonly incoming: string;
  readonly writer: string;
  readonly number: number;
  readonly hardLinks: boolean;
  /** Durable where its landing syncs. */
  readonly location: ArchiveLocation;
}

/** A data set in memory: its hash is known before its file is made, so that the file is made under the name that it has in incoming/. */
export class WholeContent implements Content {
  readonly sha256: Buffer;
  readonly dataSetBytes: number;
  readonly #names: ContentNames;
  readonly #meta: Uint8Array;
  readonly #dataSet: Uint8Array;
  #writtenAt = Date.now();
  #open: number | undefined;

  constructor(names: ContentNames, meta: Uint8Array, dataSet: Uint8Array) {
    this.#names = names;
    this.#meta = meta;
    this.#dataSet = dataSet;
    this.sha256 = digestOf('sha256', dataSet, 'buffer');
    this.dataSetBytes = dataSet.length;
  }

  read(): Uint8Array {
    return this.#dataSet;
  }

  landing(): Landing {
    const { incoming, writer, number, hardLinks, location } = this.#names;
    const write = (file: string): number => {
      const fd = fs.openSync(file, 'wx+', 0o600);
      try {
        writePieces(fd, [this.#meta, this.#dataSet]);
        this.#writtenAt = Math.floor(fs.fstatSync(fd).mtimeMs);
        return fd;
      } catch (thrown) {
        fs.closeSync(fd);
        fs.rmSync(file, { force: true });
        throw thrown;
      }
    };
    if (hardLinks) return new WholeLanding(incoming, write);
    const part = path.join(incoming, partName(writer, number));
    const fd = write(part);
    this.#open = fd;
    return new RenameLanding(incoming, part, fd, location);
  }

  writtenAt(): number {
    return this.#writtenAt;
  }

  end(): void {
    if (this.#open !== undefined) fs.closeSync(this.#open);
    this.#open = undefined;
  }
}

/** The entry in incoming/ is the file itself, and is written when its name is known. */
class WholeLanding implements Landing {
  readonly #incoming: string;
  readonly #write: (file: string) => number;
  #current: string | undefined;

  constructor(incoming: string, write: (file: string) => number) {
    this.#incoming = incoming;
    this.#write = write;
  }

  async announce(name: string): Promise<void> {
    const target = path.join(this.#incoming, name);
    if (this.#current === undefined) fs.closeSync(this.#write(target));
    else if (this.#current !== target) fs.renameSync(this.#current, target);
    this.#current = target;
  }

  async put(target: string): Promise<boolean> {
    try {
      fs.linkSync(this.#current ?? '', target);
      return true;
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
      throw thrown;
    }
  }

  async sync(): Promise<void> {
    const fd = fs.openSync(this.#current ?? '', 'r+');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  takeBack(target: string): void {
    fs.rmSync(target, { force: true });
  }

  discard(): void {
    if (this.#current !== undefined) fs.rmSync(this.#current, { force: true });
  }
}

/** A long data set: written to a temp file in pieces while it is hashed. */
export class LongContent implements Content {
  readonly sha256: Buffer;
  readonly dataSetBytes: number;
  readonly #names: ContentNames;
  readonly #part: string;
  readonly #fd: number;
  readonly #metaBytes: number;

  static write(names: ContentNames, meta: Uint8Array, reader: FileReader, at: Part10Meta, isCancelled: () => boolean): LongContent {
    const part = path.join(names.incoming, partName(names.writer, names.number));
    const fd = fs.openSync(part, 'wx+', 0o600);
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      writePieces(fd, [meta]);
      for (const piece of reader.pieces(at)) {
        if (isCancelled()) throw new PhosphorError('cancelled', 'cancelled');
        hash.update(piece);
        writePieces(fd, [piece]);
        bytes += piece.length;
      }
      return new LongContent({ names, part, fd, metaBytes: meta.length, dataSetBytes: bytes, sha256: hash.digest() });
    } catch (thrown) {
      fs.closeSync(fd);
      fs.rmSync(part, { force: true });
      throw thrown;
    }
  }

  private constructor(made: { names: ContentNames; part: string; fd: number; metaBytes: number; dataSetBytes: number; sha256: Buffer }) {
    this.#names = made.names;
    this.#part = made.part;
    this.#fd = made.fd;
    this.#metaBytes = made.metaBytes;
    this.dataSetBytes = made.dataSetBytes;
    this.sha256 = made.sha256;
  }

  /** Asked for only up to the length that is compared (same-instance.ts). */
  read(): Uint8Array {
    const bytes = new Uint8Array(this.dataSetBytes);
    for (let at = 0; at < bytes.length; ) {
      const read = fs.readSync(this.#fd, bytes, at, bytes.length - at, this.#metaBytes + at);
      if (read === 0) throw new PhosphorError('storage', 'a file just written cannot be read back');
      at += read;
    }
    return bytes;
  }

  landing(): Landing {
    const { incoming, hardLinks, location } = this.#names;
    return hardLinks ? new LinkLanding(incoming, this.#part, this.#fd) : new RenameLanding(incoming, this.#part, this.#fd, location);
  }

  writtenAt(): number {
    return Math.floor(fs.fstatSync(this.#fd).mtimeMs);
  }

  /** A file that took its place has no temp name any more. */
  end(): void {
    fs.closeSync(this.#fd);
    fs.rmSync(this.#part, { force: true });
  }
}
