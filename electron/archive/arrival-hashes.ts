import { Worker } from 'node:worker_threads';
import type { ArrivedEntry } from './arrival-messages.ts';
import { hashOfArrived, type WrittenFile } from './arrived-file.ts';
import type { ArchiveLocation } from './types.ts';

export interface HashThreadData {
  readonly location: ArchiveLocation;
}

/** Index writer → hash thread. */
export interface HashQuestion {
  readonly files: readonly WrittenFile[];
}

/** Hash thread → index writer: one answer to each question, in order. Undefined: the file has left incoming/, or cannot be read now. */
export interface HashAnswer {
  readonly hashes: readonly (string | undefined)[];
}

interface Waiting {
  readonly entries: readonly ArrivedEntry[];
  readonly deliver: (entries: readonly ArrivedEntry[]) => void;
}

/** Small objects only: the bytes of the files are read into one buffer. */
const LIMITS = { maxYoungGenerationSizeMb: 4 };

/**
 * SHA-256 for the arrivals that left it to the index: in a thread of its own that takes what the others leave of the machine, so that a peer
 * that sends does not wait for it. Entries come out in the order in which they went in. Should the thread end, what it owed is hashed here.
 */
export class ArrivalHashes {
  readonly #location: ArchiveLocation;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | undefined;
  #isLost = false;

  constructor(location: ArchiveLocation) {
    this.#location = location;
  }

  /** Hands the entries on, with a hash each; those whose file has left incoming/ stay without. */
  complete(entries: readonly ArrivedEntry[], deliver: Waiting['deliver']): void {
    const files = entries.filter(({ sha256 }) => sha256 === undefined);
    if (files.length === 0 && this.#waiting.length === 0) {
      deliver(entries);
      return;
    }
    this.#waiting.push({ entries, deliver });
    if (this.#isLost) {
      this.#hashHere();
      return;
    }
    this.#worker ??= this.#start();
    const question: HashQuestion = {
      files: files.map(({ entryName, dataSetBytes, fileBytes }) => ({ entryName, dataSetBytes, fileBytes })),
    };
    this.#worker.postMessage(question);
  }

  /** What is not hashed yet is left in incoming/, for the next start. */
  close(): void {
    this.#waiting.length = 0;
    void this.#worker?.terminate();
  }

  #start(): Worker {
    const data: HashThreadData = { location: this.#location };
    const worker = new Worker(new URL('./hash-thread.ts', import.meta.url), {
      name: 'phosphor-hash',
      workerData: data,
      resourceLimits: LIMITS,
    });
    worker.unref();
    worker.on('message', ({ hashes }: HashAnswer) => this.#answered(hashes));
    // Without a listener the error would end the index's thread; the exit that follows is what counts.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      this.#isLost = true;
      this.#hashHere();
    });
    return worker;
  }

  #answered(hashes: readonly (string | undefined)[]): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    let at = 0;
    next.deliver(
      next.entries.map((entry) => {
        if (entry.sha256 !== undefined) return entry;
        const sha256 = hashes[at++];
        return sha256 === undefined ? entry : { ...entry, sha256 };
      }),
    );
  }

  #hashHere(): void {
    while (this.#waiting[0] !== undefined) {
      const files = this.#waiting[0].entries.filter(({ sha256 }) => sha256 === undefined);
      this.#answered(files.map((file) => hashOfArrived(this.#location, file)));
    }
  }
}
