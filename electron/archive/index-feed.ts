import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { ArrivedEntry, ArrivedMessage, CommittedMessage, IndexLine } from './arrival-messages.ts';

/** Arrivals that the index does not hold yet: what a repair after a crash would have to look at. */
const MAX_OPEN = 2_000;
const BATCH = 256;
/** The first after a pause is told within this. */
const SOON_MS = 5;
/** While they follow each other a batch is gathered for so long: a message an instance costs both threads more than what it says. */
const GATHER_MS = 50;

/**
 * The writer's line to the index writer: sends what arrived in batches, keeps it until it is committed, and sends it again when the index
 * thread had to be replaced. Nothing depends on it for safety (incoming/ does that); it only bounds how far the index may lag.
 */
export class IndexFeed {
  readonly #control: MessagePort;
  readonly #writer: string;
  readonly #open = new Map<number, ArrivedEntry>();
  readonly #unsent: ArrivedEntry[] = [];
  readonly #waiting: (() => void)[] = [];
  #line: MessagePort | undefined;
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;
  #full: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(control: MessagePort, writer: string) {
    this.#control = control;
    this.#writer = writer;
    const take = (message: IndexLine) => {
      if (message.type === 'index') this.#connect(message.port);
    };
    // A thread that dies in its first turn has told whose arrivals stand in incoming/.
    for (let first = receiveMessageOnPort(control); first !== undefined; first = receiveMessageOnPort(control)) take(first.message);
    control.on('message', take);
    control.on('close', () => this.#shut());
  }

  send(entry: Omit<ArrivedEntry, 'sequence'>): void {
    if (this.#closed) return;
    this.#sequence += 1;
    const numbered = { ...entry, sequence: this.#sequence };
    this.#open.set(numbered.sequence, numbered);
    this.#unsent.push(numbered);
    this.#timer ??= setTimeout(() => this.#flush(), this.#open.size === 1 ? SOON_MS : GATHER_MS);
    // Not at once: an instance is on its way to being answered.
    if (this.#unsent.length >= BATCH) this.#full ??= setImmediate(() => this.#flush());
  }

  /** Back-pressure: undefined while the index keeps up. */
  room(): Promise<void> | undefined {
    return this.#open.size < MAX_OPEN || this.#closed ? undefined : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when the index holds everything, or when the archive has gone (the next start finds the rest in incoming/). */
  async close(): Promise<void> {
    this.#flush();
    while (this.#open.size > 0 && !this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#shut();
    this.#control.close();
  }

  #connect(line: MessagePort): void {
    this.#line?.close();
    this.#line = line;
    line.on('message', (message: CommittedMessage) => this.#committed(message.upTo));
    this.#post([]);
    this.#unsent.splice(0, this.#unsent.length, ...this.#open.values());
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#full);
    this.#timer = undefined;
    this.#full = undefined;
    while (this.#line !== undefined && this.#unsent.length > 0) this.#post(this.#unsent.splice(0, BATCH));
  }

  #post(entries: readonly ArrivedEntry[]): void {
    const message: ArrivedMessage = { type: 'arrived', writer: this.#writer, entries };
    this.#line?.postMessage(message);
  }

  #committed(upTo: number): void {
    for (const sequence of this.#open.keys()) {
      if (sequence > upTo) break;
      this.#open.delete(sequence);
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #shut(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#line?.close();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
