import fs from 'node:fs';
import path from 'node:path';
import { partName } from './incoming-name.ts';
import type { ArrivalOrigin } from './types.ts';

/** The temp file of one arriving instance, open and empty. */
export interface Part {
  readonly number: number;
  readonly path: string;
  readonly fd: number;
}

/** Made ahead at most: with more associations at once the others make theirs when they need it. */
const SPARES = 4;
/** Nothing arrived for so long: what was made ahead goes. */
const IDLE_MS = 100;

/**
 * The temp files of one writer. Most peers wait for the response to one instance before they send the next, so what is done before the
 * response is what a transfer waits for. Making a file takes the file system longer than all else it does for a small instance, and closing
 * one is not free: while instances follow each other both are done after the response, when the peer is at work.
 */
export class ArrivalParts {
  readonly #incoming: string;
  readonly #writer: string;
  readonly #spares: Part[] = [];
  readonly #finished: { readonly fd: number; readonly afterwards: (() => void) | undefined }[] = [];
  #count = 0;
  /** Arrivals that ended since the writer was idle. A single one is no stream. */
  #streak = 0;
  #due: NodeJS.Immediate | undefined;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(incoming: string, writer: string) {
    this.#incoming = incoming;
    this.#writer = writer;
  }

  /** Throws the system's error. */
  take(): Part {
    return this.#spares.pop() ?? this.#make();
  }

  /**
   * An arrival has ended: its file is closed, and one for the next is made, when this turn of the event loop is over.
   *
   * @param afterwards what else can wait so long; it is called before the file is closed
   */
  ended(fd: number, origin: ArrivalOrigin['kind'], afterwards?: () => void): void {
    this.#finished.push({ fd, afterwards });
    // Nobody waits between two files of an import.
    if (origin !== 'import') this.#streak += 1;
    if (this.#closed) this.#afterwards();
    else this.#due ??= setImmediate(() => this.#afterwards());
  }

  close(): void {
    this.#closed = true;
    clearImmediate(this.#due);
    this.#afterwards();
    this.#clear();
  }

  #afterwards(): void {
    this.#due = undefined;
    const finished = this.#finished.splice(0);
    for (const { fd, afterwards } of finished) {
      afterwards?.();
      fs.closeSync(fd);
    }
    if (this.#closed || this.#streak < 2) return;
    try {
      for (let made = 0; made < finished.length && this.#spares.length < SPARES; made += 1) this.#spares.push(this.#make());
    } catch {
      // Whoever needs one next is told.
    }
    if (this.#idle === undefined) this.#idle = setTimeout(() => this.#clear(), IDLE_MS);
    else this.#idle.refresh();
  }

  #make(): Part {
    this.#count += 1;
    const number = this.#count;
    const file = path.join(this.#incoming, partName(this.#writer, number));
    return { number, path: file, fd: fs.openSync(file, 'wx+', 0o600) };
  }

  #clear(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
    this.#streak = 0;
    for (const { path: file, fd } of this.#spares.splice(0)) {
      fs.closeSync(fd);
      fs.rmSync(file, { force: true });
    }
  }
}
