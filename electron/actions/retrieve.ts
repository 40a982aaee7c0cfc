import { type ActionRequest, type PacsNode, type PhosphorErrorData, toErrorData } from '../../shared/contract/index.ts';
import type { ActionRun } from './action-run.ts';
import type { DiagnosisInput } from './diagnosis.ts';
import { type Listing, listInstances } from './listing.ts';
import { mainThreadTasks } from './main-thread-tasks.ts';
import { type AttemptEnd, type Evidence, type Final, finalOf, OUTCOMES, VERIFIED_BY, type Verdict, verdictOf } from './outcome.ts';
import { attemptMoves, type MoveTarget, optional } from './retrieve-attempt.ts';
import { RetrieveLedger } from './retrieve-ledger.ts';
import { RetryRule } from './retry.ts';
import { diagnoseRun } from './run-diagnosis.ts';
import type { TextKey } from './texts.ts';
import type { TurnQueue } from './turn-queue.ts';
import type { EngineParts, RunResult } from './types.ts';
import { pause, unlessAborted, within } from './waiting.ts';

type RetrieveRequest = Extract<ActionRequest, { command: 'retrieve' }>;

/** A listing that is not there so long after the move does not hold the completion back any longer. */
const LISTING_LIMIT_MS = 30_000;
/** The index is behind by less than a second; a slow disk must not hold the completion back. */
const INDEXED_LIMIT_MS = 5_000;
/** UIDs in one question to the archive. */
const PRESENT_CHUNK = 5_000;
/** Instances named in a completion. */
const MAX_NAMED = 10_000;

/** What the archive and the peer's listing say after an attempt. */
interface Reconciliation {
  readonly verdict: Verdict;
  readonly expected: number | undefined;
  /** SOP Instance UID → Series Instance UID; empty when there is no listing. */
  readonly missing: ReadonlyMap<string, string>;
  readonly listing: Listing | undefined;
}

/**
 * Retrieves a study or series to ourselves: attempts by the retry rule, reconciliation per instance against the image-level listing (else
 * the peer's counts), further rounds for what is missing, and one honest outcome (docs/architecture.md "Actions").
 */
export function runRetrieve(
  run: ActionRun,
  parts: EngineParts,
  request: RetrieveRequest,
  node: PacsNode,
  queue: TurnQueue,
): Promise<RunResult> {
  return new Retrieve(run, parts, request, node, queue).execute();
}

class Retrieve {
  readonly #run: ActionRun;
  readonly #parts: EngineParts;
  readonly #request: RetrieveRequest;
  readonly #queue: TurnQueue;
  readonly #ledger = new RetrieveLedger();
  readonly #listingAbort = new AbortController();
  #node: PacsNode;
  #listing: Promise<Listing | undefined> | undefined;
  #askedAgain = false;
  #growing = false;

  constructor(run: ActionRun, parts: EngineParts, request: RetrieveRequest, node: PacsNode, queue: TurnQueue) {
    this.#run = run;
    this.#parts = parts;
    this.#request = request;
    this.#node = node;
    this.#queue = queue;
  }

  async execute(): Promise<RunResult> {
    const { signal } = this.#run;
    const rule = new RetryRule(this.#parts.settings().retry);
    const { studyInstanceUID, seriesInstanceUID } = this.#request;
    let targets: readonly MoveTarget[] = [{ studyInstanceUID, seriesInstanceUID }];
    for (;;) {
      const before = this.#ledger.received.size;
      const end = await this.#attempt(targets);
      const final = finalOf(end);
      const reported = final === 'success' || final === 'warning';
      const found = await this.#reconcile(final, end);
      const wait = signal.aborted
        ? undefined
        : reported
          ? rule.forMissing(found.verdict, found.expected)
          : rule.afterFailure(end, this.#ledger.received.size > before);
      if (wait === undefined) return await this.#result(end, final, found);
      if (reported) targets = narrow(this.#request, found);
      const diagnosis = await this.#diagnose(end, final, found);
      this.#run.update({
        state: 'retrying',
        ...(diagnosis === undefined ? {} : { retry: { diagnosis, at: Date.now() + Math.round(wait * 1000) } }),
      });
      if (!(await pause(wait * 1000, signal))) return await this.#result(end, final, found);
      this.#run.update({ state: 'waiting', retry: undefined });
    }
  }

  /** One attempt, when its turn has come. */
  async #attempt(targets: readonly MoveTarget[]): Promise<AttemptEnd> {
    const { nodeId } = this.#node;
    let leave = () => {};
    try {
      leave = await this.#queue.acquire(nodeId, this.#request.studyInstanceUID, this.#run.signal);
      this.#node = await unlessAborted(this.#parts.nodeReady(this.#node), this.#run.signal);
      this.#run.update({ state: 'running', attempt: this.#run.progress.attempt + 1, retry: undefined });
      this.#ledger.beginAttempt();
      this.#listing ??= this.#list();
      return await attemptMoves(this.#run, this.#parts, this.#node, targets, this.#ledger);
    } catch (thrown) {
      return { error: toErrorData(thrown) };
    } finally {
      leave();
    }
  }

  /** Asks for the listing, beside the move. */
  async #list(): Promise<Listing | undefined> {
    const signal = AbortSignal.any([this.#run.signal, this.#listingAbort.signal]);
    const listing = await listInstances(this.#parts, this.#node, this.#request, signal);
    if (listing !== undefined && listing.size > 0) {
      this.#ledger.expect(listing.size);
      this.#run.update({ counts: this.#ledger.counts() });
    }
    return listing;
  }

  async #reconcile(final: Final, end: AttemptEnd): Promise<Reconciliation> {
    const { received, peer } = this.#ledger;
    const reported = final === 'success' || final === 'warning';
    const evidence: Evidence = {
      final,
      received: received.size,
      completed: peer.completed,
      warning: peer.warning,
      failed: peer.failed ?? ('response' in end ? end.response.failedSOPInstanceUIDs.length || undefined : undefined),
    };
    // Nothing came and the peer says why: no listing could tell more.
    if (!reported && received.size === 0) return { verdict: 'nothing', expected: undefined, missing: new Map(), listing: undefined };
    this.#run.update({ state: 'reconciling' });
    let listing = await this.#within(this.#listing ?? Promise.resolve(undefined));
    let missing = listing && (await this.#missing(listing));
    const complete = listing !== undefined && missing?.size === 0 && isSubset(received, listing);
    if (!complete && !this.#askedAgain && !this.#run.signal.aborted && (reported || listing !== undefined)) {
      this.#askedAgain = true;
      const earlier = listing;
      this.#listing = this.#list();
      const again = await this.#within(this.#listing);
      if (again !== undefined) {
        this.#growing = earlier !== undefined && [...again.keys()].some((uid) => !earlier.has(uid));
        listing = again;
        missing = await this.#missing(again);
      } else this.#listing = Promise.resolve(earlier);
    }
    const compared = listing && missing ? { expected: listing.size, missing: missing.size } : undefined;
    const verdict = verdictOf({ ...evidence, listing: compared });
    return { verdict, expected: listing?.size ?? this.#ledger.expected, missing: missing ?? new Map(), listing };
  }

  #within<T>(promise: Promise<T>): Promise<T | undefined> {
    return within(promise, LISTING_LIMIT_MS, this.#run.signal);
  }

  async #missing(listing: Listing): Promise<ReadonlyMap<string, string> | undefined> {
    const present = await this.#present([...listing.keys()]);
    return present && mainThreadTasks.run('reconcile', () => new Map([...listing].filter(([uid]) => !present.has(uid))));
  }

  /** Which of these are on disk; undefined when the archive cannot say. */
  async #present(uids: readonly string[]): Promise<ReadonlySet<string> | undefined> {
    const present = new Set<string>();
    try {
      for (let i = 0; i < uids.length; i += PRESENT_CHUNK) {
        for (const uid of await this.#parts.archive.present(uids.slice(i, i + PRESENT_CHUNK))) present.add(uid);
      }
    } catch (thrown) {
      this.#parts.log.error({ actionId: this.#run.actionId, error: toErrorData(thrown).kind }, 'the archive could not be asked');
      return undefined;
    }
    return present;
  }

  async #result(end: AttemptEnd, final: Final, found: Reconciliation): Promise<RunResult> {
    this.#listingAbort.abort();
    const { received, peer } = this.#ledger;
    const response = 'response' in end ? end.response : undefined;
    const failed = await this.#failed(response?.failedSOPInstanceUIDs ?? [], found);
    const honest = OUTCOMES[final][found.verdict];
    const outcome = this.#run.stopReason === undefined || honest === 'success' ? honest : 'cancelled';
    // Whoever hears of the end finds the study in the list.
    if (received.size > 0) await within(this.#parts.archive.settled(), INDEXED_LIMIT_MS);
    const error = 'error' in end ? end.error : undefined;
    const diagnosis = await this.#diagnose(end, final, found);
    const counts = {
      ...this.#ledger.counts(),
      failed: found.listing === undefined ? (peer.failed ?? failed.length) : found.missing.size,
      ...optional('expected', found.expected),
      ...(found.listing === undefined ? {} : { remaining: found.missing.size }),
      received: received.size,
    };
    await this.#noteMissing(outcome === 'success', counts.failed);
    return {
      outcome,
      verifiedBy: VERIFIED_BY[found.verdict],
      counts,
      failedSOPInstanceUIDs: failed.slice(0, MAX_NAMED),
      offendingElements: response?.offendingElements ?? [],
      ...optional('status', response?.status ?? error?.status),
      ...optional('errorComment', response?.errorComment ?? error?.errorComment),
      ...optional('diagnosis', diagnosis),
    };
  }

  /** A study of which something is here and something is not is marked in the archive, until a retrieve brings all of it. */
  async #noteMissing(isComplete: boolean, failed: number): Promise<void> {
    const { studyInstanceUID, seriesInstanceUID } = this.#request;
    // A whole series says nothing of the others.
    if (isComplete ? seriesInstanceUID !== undefined : this.#ledger.received.size === 0) return;
    const mark = async () => await this.#parts.archive.markMissing(studyInstanceUID, isComplete ? 0 : Math.max(1, failed));
    await within(
      mark().catch(() => undefined),
      INDEXED_LIMIT_MS,
    );
  }

  /** What is missing by the listing, and what the peer names as failed and we do not hold. */
  async #failed(named: readonly string[], { missing }: Reconciliation): Promise<string[]> {
    const doubtful = named.filter((uid) => !this.#ledger.received.has(uid) && !missing.has(uid)).slice(0, MAX_NAMED);
    const present = (doubtful.length > 0 && (await this.#present(doubtful))) || new Set<string>();
    return [...missing.keys(), ...new Set(doubtful.filter((uid) => !present.has(uid)))];
  }

  async #diagnose(end: AttemptEnd, final: Final, found: Reconciliation) {
    const cause = this.#cause(end, final, found);
    const growing = this.#growing ? await this.#sentence({ text: 'growing' }, found) : undefined;
    if (cause === undefined) return growing;
    const made = await this.#sentence(cause, found);
    return growing === undefined ? made : { ...made, sentence: `${made.sentence} ${growing.sentence}` };
  }

  #sentence(cause: DiagnosisInput['end'], { expected, missing, listing }: Reconciliation) {
    const held = listing === undefined ? this.#ledger.received.size : listing.size - missing.size;
    return diagnoseRun({ node: this.#node }, this.#parts, cause, {
      received: held,
      expected,
      failed: listing === undefined ? (this.#ledger.peer.failed ?? 0) : missing.size,
    });
  }

  /** The one thing to tell a person; undefined when all is well. */
  #cause(end: AttemptEnd, final: Final, { verdict }: Reconciliation): DiagnosisInput['end'] | undefined {
    const comment = 'response' in end ? end.response.errorComment : end.error.errorComment;
    if (OUTCOMES[final][verdict] === 'success') return undefined;
    const { refusal } = this.#ledger;
    if (refusal !== undefined && isOurs(refusal) && final !== 'cancelled') return { error: refusal };
    if (this.#run.stopReason !== undefined) return { text: 'cancelled' };
    if ('error' in end) return { error: end.error };
    if (final === 'failure' || final === 'cancelled') return { status: end.response.status, errorComment: comment };
    return { text: LEDGER_TEXTS[final === 'warning' ? 'warning' : 'success'][verdict], errorComment: comment };
  }
}

const SUCCESS_TEXTS: Readonly<Record<Verdict, TextKey>> = {
  complete: 'growing',
  missing: 'somethingMissing',
  agree: 'someFailed',
  disagree: 'somethingMissing',
  failures: 'someFailed',
  silent: 'someFailed',
  nothing: 'nothingCame',
  'unknown-study': 'unknownStudy',
};
const LEDGER_TEXTS: Readonly<Record<'success' | 'warning', Readonly<Record<Verdict, TextKey>>>> = {
  success: SUCCESS_TEXTS,
  warning: { ...SUCCESS_TEXTS, missing: 'someFailed', disagree: 'someFailed', nothing: 'someFailed' },
};

/** A refusal whose cause is this workstation, not the instance. */
const isOurs = ({ kind }: PhosphorErrorData) => kind === 'storage-full' || kind === 'storage';

/** Only the series in which something is missing, where the listing names them and they are fewer than all. */
function narrow({ studyInstanceUID, seriesInstanceUID }: RetrieveRequest, { listing, missing }: Reconciliation): MoveTarget[] {
  const wanted = new Set(missing.values());
  const all = new Set(listing?.values());
  if (seriesInstanceUID !== undefined || wanted.size === 0 || wanted.size === all.size) return [{ studyInstanceUID, seriesInstanceUID }];
  return [...wanted].map((series) => ({ studyInstanceUID, seriesInstanceUID: series }));
}

const isSubset = (received: ReadonlySet<string>, listing: Listing) =>
  mainThreadTasks.run('reconcile', () => [...received].every((uid) => listing.has(uid)));
