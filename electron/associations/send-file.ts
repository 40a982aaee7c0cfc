import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { TranscodeSource } from '../transcoding/index.ts';
import { readAt, unreadable } from './file-source.ts';

/** A stored file whose image is decoded on its way out: its header is read at once, its frames as they are needed. */
export class SendFile implements TranscodeSource {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #size = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get size(): number {
    return this.#size;
  }

  /** Opens it, again where it was closed. Rejects with PhosphorError `unreadable`. */
  async open(): Promise<void> {
    try {
      this.#handle ??= await open(this.#path, 'r');
      this.#size = (await this.#handle.stat()).size;
    } catch (thrown) {
      throw unreadable(thrown);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  read(offset: number, length: number): Uint8Array {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.size - offset)));
    try {
      return buffer.subarray(0, readSync(this.#opened.fd, buffer, 0, buffer.length, offset));
    } catch (thrown) {
      throw unreadable(thrown);
    }
  }

  async fetch(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.size) throw new PhosphorError('damaged', 'the file ends inside an element');
    return await readAt(this.#opened, offset, length);
  }

  get #opened(): FileHandle {
    if (this.#handle === undefined) throw new PhosphorError('internal', 'the file is not open');
    return this.#handle;
  }
}
