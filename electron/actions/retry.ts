import type { Settings } from '../../shared/contract/index.ts';
import { type AttemptEnd, finalOf, type Verdict } from './outcome.ts';

/** DIMSE statuses after which the same request may succeed a little later. */
const TEMPORARY: ReadonlySet<number> = new Set([0x0110, 0x0210, 0x0213, 0xa700, 0xa701, 0xa702]);

/** Whether an attempt that ended so may be followed by another. Rejected for good, cancelled, and what asking again cannot mend: none. */
export function isRetryable(end: AttemptEnd, progressed: boolean): boolean {
  if ('error' in end) {
    const { kind, upperLayer, retryable, clock } = end.error;
    if (kind === 'rejected') return upperLayer?.result === 2 || retryable;
    if (kind === 'timed-out' && clock === 'retrieve-total') return false;
    return retryable;
  }
  const { status } = end.response;
  if (finalOf(end) !== 'failure') return false;
  // "Unable to process" is what many peers answer to what will never work; only one that was at work deserves another try.
  return TEMPORARY.has(status) || ((status & 0xf000) === 0xc000 && progressed);
}

/** Counts attempts and rounds of one action by the rule in the settings. */
export class RetryRule {
  readonly #rule: Settings['retry'];
  #failures = 0;
  #rounds = 0;

  constructor(rule: Settings['retry']) {
    this.#rule = rule;
  }

  /** Seconds to wait before the next attempt, or undefined when none follows. The count starts anew when the attempt made progress. */
  afterFailure(end: AttemptEnd, progressed: boolean): number | undefined {
    if (progressed) this.#failures = 0;
    this.#failures += 1;
    if (this.#failures >= this.#rule.attempts || !isRetryable(end, progressed)) return undefined;
    return this.#delay(this.#failures);
  }

  /** Seconds to wait before what is missing is fetched again, or undefined when no round follows. */
  forMissing(verdict: Verdict, expected: number | undefined): number | undefined {
    const worthwhile =
      verdict === 'missing' || verdict === 'disagree' || verdict === 'failures' || (verdict === 'nothing' && (expected ?? 0) > 0);
    if (!worthwhile || this.#rounds >= this.#rule.missingRounds) return undefined;
    this.#rounds += 1;
    return this.#delay(this.#rounds);
  }

  #delay(nth: number): number {
    const { delaysSeconds } = this.#rule;
    return delaysSeconds[Math.min(nth, delaysSeconds.length) - 1] ?? 0;
  }
}
