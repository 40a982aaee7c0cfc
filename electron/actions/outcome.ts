import type { ActionComplete, Outcome, PhosphorErrorData } from '../../shared/contract/index.ts';
import type { MoveResult } from '../associations/types.ts';
import type { RunResult } from './types.ts';

/** How the last attempt ended: a final C-MOVE response, or an error instead of one. */
export type AttemptEnd = { readonly response: MoveResult } | { readonly error: PhosphorErrorData };

/** What the peer (or the lack of it) says. */
export type Final = 'success' | 'warning' | 'failure' | 'cancelled' | 'rejected' | 'timed-out' | 'aborted' | 'error';

/**
 * What the ledger of received instances says about it:
 * `complete`: everything on the image-level listing is on disk. `missing`: some of the listing is not.
 * `agree`: no listing, and as many arrived as the peer counts. `disagree`: fewer. `failures`: the peer itself counts failures.
 * `silent`: no listing and no counts, but something arrived. `nothing`: nothing arrived. `unknown-study`: the listing is empty too.
 */
export type Verdict = 'complete' | 'missing' | 'agree' | 'disagree' | 'failures' | 'silent' | 'nothing' | 'unknown-study';

type Row = Readonly<Record<Verdict, Outcome>>;

const same = (outcome: Outcome, complete: Outcome = 'success'): Row => ({
  complete,
  missing: outcome,
  agree: outcome,
  disagree: outcome,
  failures: outcome,
  silent: outcome,
  nothing: outcome,
  'unknown-study': outcome,
});

/** The one honest outcome of a retrieve. */
export const OUTCOMES: Readonly<Record<Final, Row>> = {
  success: {
    complete: 'success',
    missing: 'unconfirmed',
    agree: 'success',
    disagree: 'unconfirmed',
    failures: 'partial',
    silent: 'success',
    nothing: 'unconfirmed',
    'unknown-study': 'failed',
  },
  warning: {
    complete: 'success',
    missing: 'partial',
    agree: 'success',
    disagree: 'partial',
    failures: 'partial',
    silent: 'partial',
    nothing: 'failed',
    'unknown-study': 'failed',
  },
  failure: { ...same('partial'), nothing: 'failed', 'unknown-study': 'failed' },
  cancelled: same('cancelled'),
  rejected: same('rejected'),
  'timed-out': same('timed-out'),
  aborted: same('aborted'),
  error: { ...same('partial'), nothing: 'failed', 'unknown-study': 'failed' },
};

const ERROR_FINALS: Partial<Record<PhosphorErrorData['kind'], Final>> = {
  cancelled: 'cancelled',
  rejected: 'rejected',
  'timed-out': 'timed-out',
  'aborted-by-peer': 'aborted',
  'connection-lost': 'aborted',
  'worker-died': 'aborted',
  interrupted: 'aborted',
};

export function finalOf(end: AttemptEnd): Final {
  if ('error' in end) return ERROR_FINALS[end.error.kind] ?? 'error';
  const { status } = end.response;
  if (status === 0x0000) return 'success';
  if (status === 0xfe00) return 'cancelled';
  // PS3.4 table C.4-2: B000 is the only warning of C-MOVE; peers use its neighbours too. 0001, 0107, 0116: PS3.7 annex C.
  if ((status & 0xf000) === 0xb000 || status === 0x0001 || status === 0x0107 || status === 0x0116) return 'warning';
  return 'failure';
}

/** Outcome of an action that is one DIMSE operation without a ledger (echo, find). */
export function plainOutcome(end: { readonly status: number } | { readonly error: PhosphorErrorData }): Outcome {
  if ('error' in end) {
    const final = ERROR_FINALS[end.error.kind];
    return final === 'cancelled' || final === 'rejected' || final === 'timed-out' || final === 'aborted' ? final : 'failed';
  }
  if (end.status === 0x0000) return 'success';
  return end.status === 0xfe00 ? 'cancelled' : 'failed';
}

export interface Evidence {
  readonly final: Final;
  /** Unique instances that this action brought. */
  readonly received: number;
  /** Newest counts of the peer, where it gave any. */
  readonly completed: number | undefined;
  readonly warning: number | undefined;
  readonly failed: number | undefined;
  /** Image-level listing against the archive; absent when the peer has no listing for us. */
  readonly listing?: { readonly expected: number; readonly missing: number } | undefined;
}

export function verdictOf({ final, received, completed, warning, failed, listing }: Evidence): Verdict {
  const reportsSuccess = final === 'success' || final === 'warning';
  if (listing !== undefined) {
    if (listing.expected === 0 && received === 0) return 'unknown-study';
    // What was here before proves nothing about an attempt that failed: its cause must be shown.
    if (listing.missing === 0 && (received > 0 || reportsSuccess)) return 'complete';
    return received === 0 ? 'nothing' : 'missing';
  }
  if (received === 0) return 'nothing';
  if (failed !== undefined && failed > 0) return 'failures';
  if (completed === undefined && warning === undefined) return 'silent';
  return received >= (completed ?? 0) + (warning ?? 0) ? 'agree' : 'disagree';
}

export const VERIFIED_BY: Readonly<Record<Verdict, ActionComplete['verifiedBy']>> = {
  complete: 'listing',
  missing: 'listing',
  agree: 'counts',
  disagree: 'counts',
  failures: 'counts',
  silent: 'none',
  nothing: 'none',
  'unknown-study': 'listing',
};

/** How a job among our own files ended: it knows of each instance whether it was done. */
export function localVerdict(
  completed: number,
  failed: number,
): Pick<RunResult, 'outcome' | 'verifiedBy'> & Required<Pick<RunResult, 'counts'>> {
  const total = completed + failed;
  return {
    outcome: failed === 0 ? 'success' : completed > 0 ? 'partial' : 'failed',
    verifiedBy: 'local',
    counts: { expected: total, received: total, completed, failed, warning: 0, remaining: 0 },
  };
}
