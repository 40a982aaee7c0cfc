import type { ActionCounts, PhosphorErrorData } from '../../shared/contract/index.ts';
import type { RefusedInstance, StoredInstance, SubOperations } from '../associations/types.ts';

/**
 * What a retrieve has brought, per instance, over all its attempts, beside what the peer says. No number that it shows ever goes
 * backwards, whatever the peer counts (a second attempt starts its counts anew).
 */
export class RetrieveLedger {
  readonly #received = new Set<string>();
  #bytes = 0;
  #expected: number | undefined;
  #shown = { completed: 0, failed: 0, warning: 0 };
  #peer: SubOperations = {};
  #refusal: PhosphorErrorData | undefined;

  get received(): ReadonlySet<string> {
    return this.#received;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get expected(): number | undefined {
    return this.#expected;
  }

  /** Newest counts of the peer in this attempt. */
  get peer(): SubOperations {
    return this.#peer;
  }

  /** Why we refused an instance in this attempt, if we did (a full disk). */
  get refusal(): PhosphorErrorData | undefined {
    return this.#refusal;
  }

  beginAttempt(): void {
    this.#peer = {};
    this.#refusal = undefined;
  }

  stored(instances: readonly StoredInstance[]): void {
    for (const { sopInstanceUID, dataSetBytes } of instances) {
      if (this.#received.has(sopInstanceUID)) continue;
      this.#received.add(sopInstanceUID);
      this.#bytes += dataSetBytes;
    }
    this.expect(this.#received.size, 'if-known');
  }

  refused(instances: readonly RefusedInstance[]): void {
    this.#refusal ??= instances[0]?.error;
  }

  pending(counts: SubOperations): void {
    const newest = Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== undefined));
    this.#peer = { ...this.#peer, ...newest };
    const { remaining, completed = 0, failed = 0, warning = 0 } = this.#peer;
    this.#shown = {
      completed: Math.max(this.#shown.completed, completed),
      failed: Math.max(this.#shown.failed, failed),
      warning: Math.max(this.#shown.warning, warning),
    };
    if (remaining !== undefined) this.expect(remaining + completed + failed + warning);
  }

  /** Takes over a larger expectation; with `if-known` only where there is one. */
  expect(instances: number, when: 'always' | 'if-known' = 'always'): void {
    if (when === 'if-known' && this.#expected === undefined) return;
    this.#expected = Math.max(this.#expected ?? 0, instances);
  }

  counts(): ActionCounts {
    const received = this.#received.size;
    const { completed, failed, warning } = this.#shown;
    const through = Math.max(received, completed + failed + warning);
    return {
      received,
      completed,
      failed,
      warning,
      ...(this.#expected === undefined ? {} : { expected: this.#expected, remaining: Math.max(0, this.#expected - through) }),
    };
  }
}
