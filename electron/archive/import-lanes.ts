import { execFile } from 'node:child_process';
import { type MessagePort, Worker } from 'node:worker_threads';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { FromLane, LaneData, LaneFile, LaneOutcome, ToLane } from './import-lane-messages.ts';
import { folderOf } from './layout.ts';
import type { ArchiveLocation } from './types.ts';

/** Hears how a file ended; the lane gets more when this resolves. */
export type Heard = (outcome: LaneOutcome) => Promise<void>;

/** Files that are handed over together, and bytes of those that are in memory already. */
const GROUP_FILES = 16;
const GROUP_BYTES = 8 * 1024 * 1024;
/** Groups that a lane has at once: it works on one while the next is on its way. */
const GROUPS_PER_LANE = 2;
/** A group that does not fill up leaves all the same. */
const GATHER_MS = 20;
/** What was written since the last sync of the file system: the next begins from here on, and nothing more is written from there on. */
const FEW_FILES = 32;
const SYNC_FILES = 1_000;
const SYNC_BYTES = 256 * 1024 * 1024;
const MOST_FILES = 4_000;
const MOST_BYTES = 768 * 1024 * 1024;

/** Nothing lives long in a lane: a larger young generation would only be filled before it is looked at. */
const YOUNG_MB = 6;

interface Group {
  readonly number: number;
  readonly files: LaneFile[];
  readonly heard: Heard[];
  bytes: number;
}

interface Lane {
  readonly worker: Worker;
  readonly groups: Map<number, Group>;
  /** Last group whose files are placed, and last of those that are durable. */
  placed: number;
  synced: number;
}

/**
 * The threads that take an import's files in (import-lane.ts), and the one sync of the file system that makes many of them durable. Dispose
 * of it with `end`.
 */
export class ImportLanes {
  readonly #location: ArchiveLocation;
  readonly #lanes: Lane[] = [];
  /** One thread does for a few files; another is started when it has its hands full. */
  readonly #more: () => void;
  readonly #cancelled = new SharedArrayBuffer(4);
  #gathering: Group = { number: 1, files: [], heard: [], bytes: 0 };
  #number = 1;
  #timer: NodeJS.Timeout | undefined;
  #volatile = { files: 0, bytes: 0 };
  #syncing: Promise<void> | undefined;
  #failure: { readonly thrown: unknown } | undefined;
  #waiting: (() => void)[] = [];
  #closed = 0;

  /** `arrivals` makes a line to the index for one lane. */
  constructor(location: ArchiveLocation, arrivals: () => MessagePort, width: number, signal: AbortSignal) {
    this.#location = location;
    this.#more = () => {
      if (this.#lanes.length < width) this.#lanes.push(this.#start(arrivals()));
    };
    this.#more();
    signal.addEventListener('abort', () => this.cancel(), { once: true });
  }

  /** Hands a file over. Resolves when there is room for another; throws what a `heard` threw or a lane died of. */
  async take(file: LaneFile, heard: Heard): Promise<void> {
    this.#check();
    const group = this.#gathering;
    group.files.push(file);
    group.heard.push(heard);
    if (file.source instanceof Uint8Array) group.bytes += file.source.length;
    if (group.files.length >= GROUP_FILES || group.bytes >= GROUP_BYTES) await this.#hand();
    else this.#timer ??= setTimeout(() => void this.#hand().catch(() => undefined), GATHER_MS);
  }

  /** Resolves when everything handed over has ended; not yet durable. */
  async drain(): Promise<void> {
    await this.#hand();
    while (this.#lanes.some(({ groups }) => groups.size > 0)) await this.#change();
    this.#check();
  }

  cancel(): void {
    Atomics.store(new Int32Array(this.#cancelled), 0, 1);
  }

  /** Makes everything durable, tells the index, and ends the threads. Throws when the disk did not take it. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#failure === undefined && this.#lanes.some(({ groups }) => groups.size > 0)) await this.#change();
    await this.#syncing?.catch(() => undefined);
    if (this.#failure === undefined || !(this.#failure.thrown instanceof PhosphorError && this.#failure.thrown.kind === 'worker-died')) {
      await this.#sync().catch((thrown: unknown) => this.#fail(thrown));
      for (const lane of this.#lanes) this.#tell(lane, { type: 'close' });
      while (this.#closed < this.#lanes.length) await this.#change();
    }
    await Promise.all(this.#lanes.map(({ worker }) => worker.terminate()));
    this.#check();
  }

  #start(arrivals: MessagePort): Lane {
    const workerData: LaneData = { location: this.#location, arrivals, cancelled: this.#cancelled };
    const worker = new Worker(new URL('./import-lane-thread.ts', import.meta.url), {
      workerData,
      transferList: [arrivals],
      name: 'import',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    const lane: Lane = { worker, groups: new Map(), placed: 0, synced: 0 };
    let isClosed = false;
    const closed = (): void => {
      if (!isClosed) this.#closed += 1;
      isClosed = true;
      this.#wake();
    };
    worker.on('message', (message: FromLane) => {
      if (message.type === 'taken') void this.#taken(lane, message.group, message.outcomes);
      else if (message.type === 'closed') closed();
      else {
        lane.synced = message.group;
        if (message.error !== undefined) this.#fail(PhosphorError.from(message.error));
        this.#wake();
      }
    });
    // Without a listener the error would end the process; the exit that follows is what counts.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (!isClosed) this.#fail(new PhosphorError('worker-died', 'an import thread ended'));
      lane.groups.clear();
      closed();
    });
    return lane;
  }

  async #taken(lane: Lane, number: number, outcomes: readonly LaneOutcome[]): Promise<void> {
    const group = lane.groups.get(number);
    lane.placed = number;
    for (const outcome of outcomes) {
      if (!('result' in outcome)) continue;
      this.#volatile.files += 1;
      this.#volatile.bytes += outcome.bytes;
    }
    if (this.#volatile.files >= SYNC_FILES || this.#volatile.bytes >= SYNC_BYTES) this.#syncSoon();
    try {
      for (const [index, outcome] of outcomes.entries()) await group?.heard[index]?.(outcome);
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      lane.groups.delete(number);
      this.#wake();
    }
  }

  async #hand(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#gathering;
    if (group.files.length === 0) return;
    this.#number += 1;
    this.#gathering = { number: this.#number, files: [], heard: [], bytes: 0 };
    for (;;) {
      this.#check();
      const lane = this.#lanes.reduce((least, one) => (one.groups.size < least.groups.size ? one : least));
      const isFull = this.#volatile.files >= MOST_FILES || this.#volatile.bytes >= MOST_BYTES;
      if (lane.groups.size < GROUPS_PER_LANE && !(isFull && this.#location.durable)) {
        lane.groups.set(group.number, group);
        this.#tell(lane, { type: 'take', group: group.number, files: group.files });
        return;
      }
      if (!isFull) this.#more();
      await this.#change();
    }
  }

  #syncSoon(): void {
    if (!this.#location.durable || this.#syncing !== undefined) return;
    this.#syncing = this.#sync()
      .catch((thrown: unknown) => this.#fail(thrown))
      .finally(() => {
        this.#syncing = undefined;
        this.#wake();
      });
  }

  /** Everything that is placed now becomes durable. */
  async #sync(): Promise<void> {
    if (!this.#location.durable) return;
    const upTo = this.#lanes.map(({ placed }) => placed);
    // A few files need not wait for all that others have written.
    const isFew = this.#volatile.files <= FEW_FILES;
    this.#volatile = { files: 0, bytes: 0 };
    const syncEach = isFew || !(await syncFileSystem(folderOf.incoming(this.#location)));
    for (const [index, lane] of this.#lanes.entries()) this.#tell(lane, { type: 'durable', group: upTo[index] ?? 0, syncEach });
    while (this.#failure === undefined && this.#lanes.some(({ synced }, index) => synced < (upTo[index] ?? 0))) await this.#change();
  }

  #tell(lane: Lane, message: ToLane): void {
    lane.worker.postMessage(message);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  #fail(thrown: unknown): void {
    this.#failure ??= { thrown };
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/**
 * syncfs(2) by way of coreutils: Node has no call for it, and one of it takes the disk less than an fsync for each of a thousand files. False
 * where there is none, or where it failed: then each file has to be synced, which also tells which one could not.
 */
function syncFileSystem(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(false);
  return new Promise((resolve) => execFile('sync', ['-f', folder], (error) => resolve(error === null)));
}
