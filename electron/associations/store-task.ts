import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { type Association, type ProposedContext, statusOf } from '../dicom/network/index.ts';
import { type SendPart, type ServiceOperation, sendPlan, store } from '../dicom/services/index.ts';
import type { RunningTask } from './association-task.ts';
import { Batcher } from './batcher.ts';
import { openAssociation } from './open-association.ts';
import type { Failure, Task, TaskResults } from './pool-protocol.ts';
import { readItem, type Sendable, type SendItem, sendable } from './send-item.ts';
import type { TaskReport } from './task-control.ts';
import type { SentInstance } from './types.ts';

type StoreTask = Task & { readonly kind: 'store' };

/** Sends files one after the other, on as many associations as their presentation contexts need (PS3.4 B.2.2). */
export function runStore(task: StoreTask, report: TaskReport): RunningTask {
  const send = new Send(task, report);
  const result = send.run();
  return {
    result,
    closed: result.then(() => send.closed()),
    cancel: () => send.cancel(),
    acknowledge: () => {},
    progress: () => {},
    abort: () => send.abort(),
  };
}

/** Headers are short, and most of the time of reading one is waiting for the disk. */
const HEADERS_AT_ONCE = 4;

/** A peer that breaks off so many associations over one file after the other is not offered the rest. */
const LOST_IN_A_ROW = 3;
const RELEASED = 'the peer released the association before the file was sent';

class Send {
  readonly #task: StoreTask;
  readonly #results: Batcher<SentInstance>;
  readonly #stop = new AbortController();
  readonly #associations: Association[] = [];
  readonly #counts = { sent: 0, warnings: 0, failed: 0 };
  /** The one on its way, and the one that is queued behind it. */
  readonly #operations = new Set<ServiceOperation<unknown>>();
  #unsent = false;
  /** Why associations were lost since the last file that was answered. */
  readonly #lostInARow: unknown[] = [];

  constructor(task: StoreTask, report: TaskReport) {
    this.#task = task;
    this.#results = new Batcher((instances) => report.sent(instances));
  }

  /** Never rejects. */
  async run(): Promise<TaskResults['store'] | Failure> {
    try {
      const items = await this.#readHeaders();
      for (const [index, part] of sendPlan(items).entries()) {
        const opened = await this.#associate(part.contexts).catch((thrown: unknown) => {
          // Nothing was sent: that is the end of the whole. Later, what was sent counts.
          if (index === 0 || this.#stop.signal.aborted) throw thrown;
          for (const item of part.items) this.#failed(item, thrown);
        });
        if (opened) await this.#sendAll(opened, part);
      }
      this.#results.flush();
      return { ok: true, ...this.#counts };
    } catch (thrown) {
      this.#results.flush();
      return { ok: false, error: toErrorData(thrown) };
    }
  }

  async closed(): Promise<void> {
    await Promise.all(this.#associations.map((association) => association.closed));
  }

  /** The instance that is on its way has the cancel grace to arrive, the next one does not start. */
  cancel(): void {
    this.#stop.abort(new PhosphorError('cancelled', 'the send was cancelled'));
    for (const operation of this.#operations) operation.cancel();
  }

  abort(): void {
    const reason = new PhosphorError('interrupted', 'the workstation is closing');
    this.#stop.abort(reason);
    for (const association of this.#associations) association.abort(reason);
  }

  /** What cannot be read is told now and not sent. */
  async #readHeaders(): Promise<SendItem[]> {
    const { files } = this.#task;
    const items: (SendItem | undefined)[] = [];
    let next = 0;
    const reader = async (): Promise<void> => {
      for (let index = next++; index < files.length; index = next++) {
        this.#stop.signal.throwIfAborted();
        const path = files[index] ?? '';
        items[index] = await readItem(path).catch((thrown: unknown) => this.#failed({ path }, thrown));
      }
    };
    await Promise.all(Array.from({ length: HEADERS_AT_ONCE }, reader));
    return items.filter((item) => item !== undefined);
  }

  async #associate(contexts: readonly ProposedContext[]): Promise<Association> {
    const { peer, clocks } = this.#task;
    const { signal } = this.#stop;
    signal.throwIfAborted();
    const association = await openAssociation({ peer, clocks, contexts, signal });
    this.#associations.push(association);
    return association;
  }

  /**
   * Reads, or converts, the next file while the one before is on its way; one more may be queued behind that. A file over which the association is lost
   * costs itself only: the others go on a new one.
   */
  async #sendAll(first: Association, { contexts, items }: SendPart<SendItem>): Promise<void> {
    const { signal } = this.#stop;
    let association = first;
    let wasLost: Promise<boolean> = Promise.resolve(false);
    /** The next file where the association ended while it was made ready. */
    let kept: Sendable | undefined;
    let index = 0;
    try {
      for (let item = items[index]; item !== undefined; item = items[index]) {
        signal.throwIfAborted();
        if (!association.established) {
          // Otherwise it has been counted with the file that was on its way.
          if (!(await wasLost)) this.#lostInARow.push((await association.closed) ?? new PhosphorError('connection-lost', RELEASED));
          association = await this.#associateAgain(contexts);
          wasLost = Promise.resolve(false);
        }
        const ready = await this.#ready(association, item, kept);
        kept = undefined;
        signal.throwIfAborted();
        if (ready !== undefined && !association.established) {
          kept = ready;
          continue;
        }
        index += 1;
        if (ready === undefined) continue;
        const sending = this.#sendOne(association, item, ready);
        // What is queued behind a file that was lost has not been sent.
        const isUnsent = (await wasLost) && (await sending) !== undefined;
        if (isUnsent) index -= 1;
        const tell = this.#tell.bind(this, association, item);
        wasLost = isUnsent ? Promise.resolve(true) : sending.then(tell);
        if (ready.transcodedTo !== undefined) await wasLost;
      }
    } catch (thrown) {
      await wasLost;
      signal.throwIfAborted();
      for (const item of items.slice(index)) this.#failed(item, thrown);
    } finally {
      await wasLost;
      if (association.established) association.release().catch(() => {});
    }
    if (this.#unsent) signal.throwIfAborted();
  }

  /** Undefined where the file cannot be sent, which is told. */
  async #ready(association: Association, item: SendItem, kept: Sendable | undefined): Promise<Sendable | undefined> {
    if (kept && association.contextFor(item.sopClassUID, kept.transferSyntaxUID)) return kept;
    const { allowLossyConversion = false } = this.#task;
    const { signal } = this.#stop;
    return await sendable(association, item, { allowLossyConversion, signal }).catch((thrown: unknown) => {
      signal.throwIfAborted();
      return this.#failed(item, thrown);
    });
  }

  async #associateAgain(contexts: readonly ProposedContext[]): Promise<Association> {
    if (this.#lostInARow.length >= LOST_IN_A_ROW) throw this.#lostInARow.at(-1);
    return await this.#associate(contexts);
  }

  /** Never rejects: resolves with what was thrown. */
  async #sendOne(association: Association, item: SendItem, ready: Sendable): Promise<unknown> {
    try {
      await this.#store(association, item, ready);
      this.#lostInARow.length = 0;
      return undefined;
    } catch (thrown) {
      return thrown;
    }
  }

  /** Tells what became of a file that was not answered. True where the association was lost over it. */
  #tell(association: Association, item: SendItem, thrown: unknown): boolean {
    if (thrown === undefined) return false;
    const isUnsent = this.#stop.signal.aborted && thrown instanceof PhosphorError && thrown.kind === 'cancelled';
    if (isUnsent) this.#unsent = true;
    else this.#failed(item, thrown);
    if (association.established) return false;
    if (!isOfTheFile(thrown)) this.#lostInARow.push(thrown);
    return true;
  }

  async #store(association: Association, item: SendItem, { transcodedTo, giveBack, ...what }: Sendable): Promise<void> {
    const { path, sopClassUID, sopInstanceUID } = item;
    const { priority, moveOriginatorAETitle, moveOriginatorMessageID } = this.#task;
    const converted = transcodedTo === undefined ? {} : { transcodedTo };
    const operation = store(association, {
      sopClassUID,
      sopInstanceUID,
      ...what,
      ...(priority === undefined ? {} : { priority }),
      ...(moveOriginatorAETitle === undefined ? {} : { moveOriginatorAETitle }),
      ...(moveOriginatorMessageID === undefined ? {} : { moveOriginatorMessageID }),
    });
    this.#operations.add(operation);
    try {
      const { status, errorComment } = await operation.done;
      const { category } = statusOf('storage', status);
      // Who has stored it has read it to its end; other answers may come before that.
      if (category === 'success') giveBack?.();
      if (category === 'success') this.#counts.sent += 1;
      else if (category === 'warning') this.#counts.warnings += 1;
      else this.#counts.failed += 1;
      this.#results.add({ path, sopInstanceUID, status, ...converted, ...(errorComment === undefined ? {} : { errorComment }) });
    } finally {
      this.#operations.delete(operation);
    }
  }

  #failed(item: { readonly path: string; readonly sopInstanceUID?: string }, thrown: unknown): undefined {
    this.#counts.failed += 1;
    const { path, sopInstanceUID } = item;
    this.#results.add({ path, ...(sopInstanceUID === undefined ? {} : { sopInstanceUID }), error: toErrorData(thrown) });
  }
}

const OF_THE_FILE: ReadonlySet<string> = new Set(['damaged', 'unreadable', 'limit-exceeded']);

function isOfTheFile(thrown: unknown): boolean {
  return thrown instanceof PhosphorError && OF_THE_FILE.has(thrown.kind);
}
