import { type CommitmentReport, type CommittedReference, type FailedReference, FailureReason } from '../dicom/services/index.ts';
import type { ReceivedCommitment, TakeCommitment } from './commitment-types.ts';

// A storage commitment report on its way from the thread that heard it to the main thread, where those are who wait for it. The archive has its answer when it
// has been taken there, so that none is acknowledged and then lost with its thread.

/** So many instances cross in one message: a tenth of a millisecond of the main thread. */
const PART_INSTANCES = 500;
/** Whoever takes a report in has this long; then the archive is told to come again. Peers wait half a minute and more. */
const ANSWER_MS = 20_000;

const STATUS = { success: 0x0000, processingFailure: FailureReason.processingFailure, noSuchSOPInstance: 0x0112 } as const;

/** One message's worth of a report. */
export interface CommitmentPart {
  /** Of this report, in this thread. */
  readonly ticket: number;
  readonly report: Omit<ReceivedCommitment, 'via'>;
  readonly last: boolean;
}

/** The thread's side: hands reports over in parts, and waits for what to answer. */
export class CommitmentRelay {
  readonly #post: (part: CommitmentPart) => void;
  readonly #open = new Map<number, (status: number) => void>();
  #lastTicket = 0;

  constructor(post: (part: CommitmentPart) => void) {
    this.#post = post;
  }

  /** Status of the N-EVENT-REPORT-RSP. */
  async deliver(report: CommitmentReport, reportedBy: string): Promise<number> {
    this.#lastTicket += 1;
    const ticket = this.#lastTicket;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#open.set(ticket, resolve);
    for (const part of partsOf(report)) this.#post({ ticket, last: part.last, report: { ...part.report, reportedBy } });
    const timer = setTimeout(() => resolve(STATUS.processingFailure), ANSWER_MS);
    const status = await promise;
    clearTimeout(timer);
    this.#open.delete(ticket);
    return status;
  }

  taken(ticket: number, status: number): void {
    this.#open.get(ticket)?.(status);
  }
}

function* partsOf(report: CommitmentReport): Generator<{ report: CommitmentReport; last: boolean }> {
  const { committed, failed } = report;
  const all = committed.length + failed.length;
  let at = 0;
  do {
    const end = at + PART_INSTANCES;
    const part = {
      ...report,
      committed: committed.slice(at, end),
      failed: failed.slice(Math.max(0, at - committed.length), Math.max(0, end - committed.length)),
    };
    at = end;
    yield { report: part, last: at >= all };
  } while (at < all);
}

/** The main thread's side of one thread: puts reports together, finds who takes them, answers. */
export class CommitmentInbox {
  readonly #via: ReceivedCommitment['via'];
  readonly #takerOf: (transactionUID: string) => TakeCommitment | undefined;
  readonly #answer: (ticket: number, status: number) => void;
  #open = new Map<number, { committed: CommittedReference[]; failed: FailedReference[] }>();

  /** @param takerOf who waits for this transaction; undefined = nobody, and nobody wants what nobody waits for */
  constructor(
    via: ReceivedCommitment['via'],
    takerOf: (transactionUID: string) => TakeCommitment | undefined,
    answer: (ticket: number, status: number) => void,
  ) {
    this.#via = via;
    this.#takerOf = takerOf;
    this.#answer = answer;
  }

  receive({ ticket, report, last }: CommitmentPart): void {
    const lists = this.#open.get(ticket) ?? { committed: [], failed: [] };
    lists.committed.push(...report.committed);
    lists.failed.push(...report.failed);
    if (!last) {
      this.#open.set(ticket, lists);
      return;
    }
    this.#open.delete(ticket);
    const take = this.#takerOf(report.transactionUID);
    if (!take) this.#answer(ticket, STATUS.noSuchSOPInstance);
    else void this.#hand(take, ticket, { ...report, ...lists, via: this.#via });
  }

  /** The thread is gone, with what it had not handed over and with those who wait for an answer. The next one begins its tickets anew. */
  clear(): void {
    this.#open = new Map();
  }

  async #hand(take: TakeCommitment, ticket: number, report: ReceivedCommitment): Promise<void> {
    const thread = this.#open;
    const status = await taken(take, report);
    if (thread === this.#open) this.#answer(ticket, status);
  }
}

async function taken(take: TakeCommitment, report: ReceivedCommitment): Promise<number> {
  try {
    await take(report);
    return STATUS.success;
  } catch {
    return STATUS.processingFailure;
  }
}
