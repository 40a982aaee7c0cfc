import {
  type ActionCounts,
  type ActionItem,
  type ActionState,
  type ActionUpdate,
  ITEM_BATCH,
  ITEM_CREDITS,
  type PacsNode,
} from '../../shared/contract/index.ts';
import { mainThreadTasks } from './main-thread-tasks.ts';
import type { ActionEventDraft, ActionRecord } from './types.ts';

/** At most ten ActionUpdates a second for each action. */
const UPDATE_INTERVAL_MS = 100;
/** A client that takes no rows for so long is gone; the search must not wait for it for ever. */
const ROWS_NOT_TAKEN_MS = 120_000;

/** Why an action is to stop. */
export type StopReason = 'cancelled' | 'closing' | 'rows-not-taken';

export interface RunOptions {
  readonly record: ActionRecord;
  readonly node: PacsNode | undefined;
  publish(draft: ActionEventDraft): number | undefined;
  hasAudience(): boolean;
}

interface Progress {
  state: ActionState;
  attempt: number;
  counts: ActionCounts;
  bytes: number;
  source: ActionUpdate['source'];
  retry: ActionUpdate['retry'];
}

/** One running action: its newest progress, its open batches of items, and the way to stop it. */
export class ActionRun {
  readonly record: ActionRecord;
  readonly node: PacsNode | undefined;
  readonly startedAt: number;
  readonly #options: RunOptions;
  readonly #abort = new AbortController();
  readonly #acknowledgements: (() => void)[] = [];
  #progress: Progress = {
    state: 'waiting',
    attempt: 0,
    counts: { received: 0, completed: 0, failed: 0, warning: 0 },
    bytes: 0,
    source: undefined,
    retry: undefined,
  };
  #stopReason: StopReason | undefined;
  #lastSent = Number.NEGATIVE_INFINITY;
  #lastSeq = 0;
  #updateTimer: NodeJS.Timeout | undefined;
  #rowsTimer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.record = options.record;
    this.startedAt = (options.record.resumed ?? 0) === 0 ? Date.now() : options.record.requestedAt;
    this.node = options.node;
  }

  get actionId(): string {
    return this.record.actionId;
  }

  /** Aborted when the action is to stop, by whomever. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get stopReason(): StopReason | undefined {
    return this.#stopReason;
  }

  get progress(): Readonly<Progress> {
    return this.#progress;
  }

  /** Asks the action to stop; its runner ends it properly. Idempotent, the first reason stays. */
  stop(reason: StopReason): void {
    if (this.#stopReason !== undefined || this.#ended) return;
    this.#stopReason = reason;
    this.update({ state: 'cancelling', retry: undefined });
    this.#abort.abort();
  }

  /** Takes over newer values; the event follows at once or with the next tenth of a second. */
  update(changes: Partial<Progress>): void {
    if (this.#ended) return;
    const state = this.#stopReason === undefined ? (changes.state ?? this.#progress.state) : 'cancelling';
    this.#progress = { ...this.#progress, ...changes, state };
    const wait = this.#lastSent + UPDATE_INTERVAL_MS - performance.now();
    if (wait <= 0) this.#send();
    else this.#updateTimer ??= setTimeout(() => mainThreadTasks.run('action update', () => this.#send()), wait);
  }

  /** One batch of at most ITEM_BATCH.items; `acknowledge` is called when a client has taken it in (or nobody listens). */
  push(items: readonly ActionItem[], acknowledge: () => void): void {
    if (this.#ended || items.length === 0) {
      acknowledge();
      return;
    }
    for (let i = 0; i < items.length; i += ITEM_BATCH.items) {
      const last = i + ITEM_BATCH.items >= items.length;
      this.#options.publish({
        type: 'ActionItems',
        actionId: this.actionId,
        tag: this.record.tag,
        items: items.slice(i, i + ITEM_BATCH.items),
      });
      this.#acknowledgements.push(last ? acknowledge : () => {});
    }
    if (!this.#options.hasAudience()) this.credit(this.#acknowledgements.length);
    else if (this.#acknowledgements.length >= ITEM_CREDITS) this.#watchRows();
  }

  /** A client has taken in this many batches. More than are open are ignored. */
  credit(batches: number): void {
    for (const acknowledge of this.#acknowledgements.splice(0, batches)) acknowledge();
    clearTimeout(this.#rowsTimer);
    this.#rowsTimer = undefined;
    if (this.#acknowledgements.length >= ITEM_CREDITS) this.#watchRows();
  }

  /** The newest update as a snapshot shows it. */
  snapshot(): ActionUpdate {
    return { ...this.#draft(), seq: this.#lastSeq };
  }

  /** No event of this action follows but its completion. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#updateTimer);
    clearTimeout(this.#rowsTimer);
    for (const acknowledge of this.#acknowledgements.splice(0)) acknowledge();
  }

  /** Whoever asked has gone. A search without a reader ends; an import or a check of the archive is work to be done all the same. */
  #watchRows(): void {
    this.#rowsTimer ??= setTimeout(() => {
      if (this.record.action.command === 'find') this.stop('rows-not-taken');
      else this.credit(this.#acknowledgements.length);
    }, ROWS_NOT_TAKEN_MS);
  }

  #send(): void {
    clearTimeout(this.#updateTimer);
    this.#updateTimer = undefined;
    this.#lastSent = performance.now();
    this.#lastSeq = this.#options.publish(this.#draft()) ?? this.#lastSeq;
  }

  #draft(): Omit<ActionUpdate, 'seq'> {
    const { state, attempt, counts, bytes, source, retry } = this.#progress;
    return {
      type: 'ActionUpdate',
      actionId: this.actionId,
      action: this.record.action,
      tag: this.record.tag,
      state,
      attempt,
      counts,
      bytes,
      startedAt: this.startedAt,
      ...(source === undefined ? {} : { source }),
      ...(retry === undefined ? {} : { retry }),
    };
  }
}
