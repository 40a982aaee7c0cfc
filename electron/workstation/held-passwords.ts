import { randomUUID } from 'node:crypto';
import { PhosphorError } from '../../shared/contract/index.ts';

const MAX_HELD = 100;
const HELD_MS = 3600 * 1000;

/**
 * Passwords on their way to an action. Actions are written to disk and shown in events, so they bear an ID in the password's place; it is held in memory, for
 * one use, an hour at most.
 */
export class HeldPasswords {
  readonly #held = new Map<string, { readonly password: string; readonly until: number }>();

  /** Throws PhosphorError `limit-exceeded`. */
  hold(password: string, now = Date.now()): string {
    for (const [id, { until }] of this.#held) if (until < now) this.#held.delete(id);
    if (this.#held.size >= MAX_HELD) throw new PhosphorError('limit-exceeded', 'too many passwords are held');
    const passwordId = randomUUID();
    this.#held.set(passwordId, { password, until: now + HELD_MS });
    return passwordId;
  }

  /** The password, once; undefined where it was used or too long ago. */
  take(passwordId: string, now = Date.now()): string | undefined {
    const held = this.#held.get(passwordId);
    this.#held.delete(passwordId);
    return held === undefined || held.until < now ? undefined : held.password;
  }
}
