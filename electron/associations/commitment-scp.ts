import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { type Association, type ServiceProvider, Status } from '../dicom/network/index.ts';
import {
  type CommitmentReport,
  type CommitmentRequest,
  commitmentContexts,
  commitmentProvider,
  FailureReason,
  reportCommitment,
  type SOPReference,
} from '../dicom/services/index.ts';
import { type CommitmentVerdicts, verifyStored } from './commitment-archive.ts';
import type { CommitmentDelivery, StorageCommitmentOptions } from './commitment-types.ts';
import { openAssociation } from './open-association.ts';
import type { Clocks } from './types.ts';

const RELEASE_GRACE_SECONDS = 1;
const RETRY_SECONDS: readonly number[] = [10, 60, 300, 1800, 7200];
const MAX_RETRIES = 32;
/** Reports that are owed at once, and instances in all of them; a request beyond is refused with 0213H. */
const MAX_OWED = 256;
const MAX_OWED_REFERENCES = 500_000;

export interface CommitmentSCPOptions extends StorageCommitmentOptions {
  readonly clocks: Clocks;
  /** Called before the requestor has its response. */
  readonly onOwed: (owed: Pick<CommitmentDelivery, 'transactionUID' | 'callingAETitle'>) => void;
  readonly onDelivered: (delivery: CommitmentDelivery) => void;
}

/** A request that was taken on. */
interface Owed {
  readonly request: CommitmentRequest;
  readonly association: Association;
  /** Another one with its Transaction UID is not yet reported. */
  readonly duplicate: boolean;
}

type Delivered = Pick<CommitmentDelivery, 'via' | 'attempts' | 'error'>;

/**
 * Storage commitment as SCP (PS3.4 J.3): a request is answered at once, its instances are looked up, the report goes out on the association of the request
 * where its requestor keeps that open, else on one to the requestor's address, on which we take the SCP role.
 */
export class CommitmentSCP {
  readonly #options: CommitmentSCPOptions;
  readonly #owed = new Set<Owed>();
  readonly #closing = new AbortController();

  constructor(options: CommitmentSCPOptions) {
    this.#options = options;
    // Each report that waits listens.
    setMaxListeners(2 * MAX_OWED, this.#closing.signal);
  }

  service(): ServiceProvider {
    return commitmentProvider({
      take: (request, association) => {
        if (this.#closing.signal.aborted || !this.#hasRoom(request)) return Status.resourceLimitation;
        this.#options.onOwed(subjectOf(request, association));
        return Status.success;
      },
      onTaken: (request, association) => {
        const duplicate = [...this.#owed].some((other) => other.request.transactionUID === request.transactionUID);
        const owed = { request, association, duplicate };
        this.#owed.add(owed);
        void this.#serve(owed).finally(() => this.#owed.delete(owed));
      },
    });
  }

  /** What is owed is given up, and said so. */
  close(): void {
    this.#closing.abort(new PhosphorError('interrupted', 'the workstation is closing'));
    for (const { request, association } of this.#owed) {
      this.#options.onDelivered({
        ...subjectOf(request, association),
        committed: 0,
        failed: 0,
        attempts: 0,
        error: toErrorData(this.#closing.signal.reason),
      });
    }
  }

  #hasRoom({ references }: CommitmentRequest): boolean {
    let total = references.length;
    for (const { request } of this.#owed) total += request.references.length;
    return this.#owed.size < MAX_OWED && total <= MAX_OWED_REFERENCES;
  }

  async #serve(owed: Owed): Promise<void> {
    const { request, association } = owed;
    const report = reportOn(request, await this.#verdicts(owed));
    const delivered = await this.#deliver(report, association);
    if (this.#closing.signal.aborted) return;
    const { committed, failed } = report;
    this.#options.onDelivered({ ...subjectOf(request, association), committed: committed.length, failed: failed.length, ...delivered });
  }

  /** An archive that cannot be asked vouches for nothing. */
  async #verdicts({ request: { references }, duplicate }: Owed): Promise<CommitmentVerdicts> {
    if (duplicate) return references.map(() => FailureReason.duplicateTransactionUID);
    try {
      return await verifyStored(this.#options.location, references);
    } catch {
      return references.map(() => FailureReason.processingFailure);
    }
  }

  async #deliver(report: CommitmentReport, association: Association): Promise<Delivered> {
    const { releaseGraceSeconds = RELEASE_GRACE_SECONDS, retrySeconds = RETRY_SECONDS } = this.#options;
    // A report that crosses the requestor's release is lost, and some requestors with it.
    await Promise.race([this.#wait(releaseGraceSeconds), association.closed]);
    let attempts = 0;
    let error: PhosphorError | undefined;
    if (association.established && !this.#closing.signal.aborted) {
      attempts += 1;
      error = await this.#report(association, report);
      if (!error) return { via: 'association', attempts };
    }
    for (const seconds of [0, ...retrySeconds.slice(0, MAX_RETRIES)]) {
      if (seconds > 0) await this.#wait(seconds);
      if (this.#closing.signal.aborted) break;
      attempts += 1;
      error = await this.#callBack(report, association);
      if (!error) return { via: 'reverse-association', attempts };
      if (error.kind === 'not-found') break;
    }
    return { attempts, error: toErrorData(error) };
  }

  /** Resolves also when we close. */
  async #wait(seconds: number): Promise<void> {
    await delay(seconds * 1000, undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  async #callBack(report: CommitmentReport, { callingAETitle, calledAETitle }: Association): Promise<PhosphorError | undefined> {
    const { peers, clocks } = this.#options;
    const title = callingAETitle.trim();
    const peer = Object.hasOwn(peers, title) ? peers[title] : undefined;
    if (!peer) return new PhosphorError('not-found', 'there is no address for the requestor of a storage commitment');
    try {
      const association = await openAssociation({
        peer: { ...peer, calledAETitle: title, callingAETitle: calledAETitle.trim() },
        clocks,
        contexts: commitmentContexts('scp'),
        signal: this.#closing.signal,
      });
      const error = await this.#report(association, report);
      if (error) association.abort();
      else association.release().catch(() => {});
      return error;
    } catch (thrown) {
      return errorOf(thrown);
    }
  }

  async #report(association: Association, report: CommitmentReport): Promise<PhosphorError | undefined> {
    const onClose = () => association.abort(this.#closing.signal.reason);
    this.#closing.signal.addEventListener('abort', onClose);
    try {
      const { status } = await reportCommitment(association, report).done;
      return status === Status.success ? undefined : new PhosphorError('rejected', 'the requestor did not take the report', { status });
    } catch (thrown) {
      return errorOf(thrown);
    } finally {
      this.#closing.signal.removeEventListener('abort', onClose);
    }
  }
}

function reportOn({ transactionUID, references }: CommitmentRequest, verdicts: CommitmentVerdicts): CommitmentReport {
  const committed: SOPReference[] = [];
  const failed: (SOPReference & { failureReason: number })[] = [];
  for (const [place, reference] of references.entries()) {
    const failureReason = verdicts[place];
    if (failureReason === undefined) committed.push(reference);
    else failed.push({ ...reference, failureReason });
  }
  return { transactionUID, committed, failed };
}

function subjectOf({ transactionUID }: CommitmentRequest, { callingAETitle }: Association) {
  return { transactionUID, callingAETitle: callingAETitle.trim() };
}

function errorOf(thrown: unknown): PhosphorError {
  return thrown instanceof PhosphorError ? thrown : PhosphorError.from(toErrorData(thrown));
}
