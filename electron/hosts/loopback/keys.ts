import { createHash, randomBytes } from 'node:crypto';

/** How long a launch page can be used. */
export const TOKEN_LIFETIME_MS = 30_000;
const MAX_TOKENS = 64;
const MAX_KEYS = 64;

/** A secret of 256 bits in characters that fit a URL. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is kept of a secret: looking a digest up in a table tells nothing about the secret by its time. */
export function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Launch tokens (single use, 30 s) and the session keys they are exchanged for. Holds digests only. */
export class Keyring {
  readonly #tokens = new Map<string, number>();
  readonly #keys: Set<string>;
  readonly #now: () => number;

  constructor(keys: Iterable<string> = [], now: () => number = Date.now) {
    this.#keys = new Set(keys);
    this.#now = now;
  }

  /** Makes a token usable until `expiresAt` (ms since the epoch). */
  admit(tokenDigest: string, expiresAt: number): void {
    this.#tokens.set(tokenDigest, expiresAt);
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= MAX_TOKENS) break;
      this.#tokens.delete(oldest);
    }
  }

  /** The new session key, or undefined for a token that is unknown, used or expired. */
  exchange(token: string): string | undefined {
    const name = digest(token);
    const expiresAt = this.#tokens.get(name);
    this.#tokens.delete(name);
    if (expiresAt === undefined || this.#now() >= expiresAt) return undefined;
    const key = newSecret();
    this.#keys.add(digest(key));
    for (const oldest of this.#keys) {
      if (this.#keys.size <= MAX_KEYS) break;
      this.#keys.delete(oldest);
    }
    return key;
  }

  knows(key: string): boolean {
    return this.#keys.has(digest(key));
  }

  /** Digests of the live keys, for a server thread that takes over. */
  keys(): string[] {
    return [...this.#keys];
  }
}
