import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { AccessRules } from './types.ts';

/** Who asks for an association. */
export interface Caller {
  readonly calledAETitle: string;
  readonly callingAETitle: string;
  readonly address: string;
}

/** What stands open at the moment of asking. */
export interface Occupancy {
  readonly total: number;
  readonly fromAddress: number;
  readonly maxTotal: number;
  readonly maxPerAddress: number;
  /** Retrieves that are running. */
  readonly expectations: number;
}

/** A-ASSOCIATE-RJ fields, PS3.8 §9.3.4. */
export interface Rejection {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
  readonly error: PhosphorErrorData;
}

export type Admission =
  | { readonly accept: true; readonly provisional: boolean }
  | { readonly accept: false; readonly rejection: Rejection };

const RESULT = { permanent: 1, transient: 2 } as const;
const SOURCE = { user: 1, presentationProvider: 3 } as const;

const REJECTIONS = {
  calledAETitle: rejection(RESULT.permanent, SOURCE.user, 7, 'the called AE title is not ours'),
  callingAETitle: rejection(RESULT.permanent, SOURCE.user, 3, 'the caller is no known node'),
  localLimit: rejection(RESULT.transient, SOURCE.presentationProvider, 2, 'too many associations'),
} as const;

/** There is no room now (PS3.8 §9.3.4). */
export const LOCAL_LIMIT: Rejection = REJECTIONS.localLimit;

/**
 * Who may store (docs/architecture.md): our title called, and a known title or address calling. While a retrieve runs an unknown caller
 * is accepted provisionally. Everything else is refused.
 */
export function admit(caller: Caller, rules: AccessRules, knownAddresses: ReadonlySet<string>, occupancy: Occupancy): Admission {
  if (caller.calledAETitle.trim() !== rules.aeTitle.trim()) return { accept: false, rejection: REJECTIONS.calledAETitle };
  if (occupancy.total >= occupancy.maxTotal || occupancy.fromAddress >= occupancy.maxPerAddress) {
    return { accept: false, rejection: REJECTIONS.localLimit };
  }
  const calling = caller.callingAETitle.trim();
  const known = rules.knownAETitles.some((title) => title.trim() === calling) || knownAddresses.has(plainAddress(caller.address));
  if (known || rules.acceptAnyone) return { accept: true, provisional: false };
  if (occupancy.expectations > 0) return { accept: true, provisional: true };
  return { accept: false, rejection: REJECTIONS.callingAETitle };
}

/** For callers whose identity was not accepted: rejected permanently, by the user, no reason given (PS3.8 §9.3.4 has none that says more). */
export function identityRejection(reason: string): Rejection {
  return rejection(RESULT.permanent, SOURCE.user, 1, reason);
}

/** `::ffff:10.0.0.1` and `fe80::1%eth0` as `10.0.0.1` and `fe80::1`. */
export function plainAddress(address: string): string {
  return address
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '')
    .toLowerCase();
}

/** Names in a node list change their address rarely; a listener that runs for weeks must notice all the same. */
const RESOLVE_AGAIN_MS = 300_000;
/** How long a caller waits for the look-up of names that were just set; a dead name server must not keep it longer. */
const LOOK_UP_LIMIT_MS = 2000;

/** The addresses of known hosts: names are looked up when they are set and again every few minutes while somebody calls. */
export class KnownAddresses {
  #hosts: readonly string[] = [];
  #addresses: ReadonlySet<string> = new Set();
  #resolvedAt = 0;
  #lookUp: Promise<void> | undefined;

  /** Addresses count at once, names as soon as they are looked up. */
  set(hosts: readonly string[]): void {
    this.#hosts = hosts;
    this.#addresses = new Set(hosts.filter((host) => isIP(host) !== 0).map(plainAddress));
    const lookUp = this.#resolve().finally(() => {
      if (this.#lookUp === lookUp) this.#lookUp = undefined;
    });
    this.#lookUp = lookUp;
  }

  /** Resolves when the names that were set last are looked up, or after two seconds; undefined where nothing is pending. */
  pending(): Promise<void> | undefined {
    if (this.#lookUp === undefined) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LOOK_UP_LIMIT_MS);
    void this.#lookUp.then(() => {
      clearTimeout(timer);
      resolve();
    });
    return promise;
  }

  /** What is known now; starts a new look-up in the background when the last is old. */
  current(): ReadonlySet<string> {
    if (performance.now() - this.#resolvedAt > RESOLVE_AGAIN_MS) void this.#resolve();
    return this.#addresses;
  }

  async #resolve(): Promise<void> {
    this.#resolvedAt = performance.now();
    const hosts = this.#hosts;
    const found = await Promise.all(hosts.map(addressesOf));
    // Another set() may have come in between.
    if (hosts === this.#hosts) this.#addresses = new Set(found.flat());
  }
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [plainAddress(host)];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => plainAddress(address));
  } catch {
    // A name that cannot be resolved now admits nobody by address; its AE title still does.
    return [];
  }
}

function rejection(result: number, source: number, reason: number, message: string): Rejection {
  const { data } = new PhosphorError('rejected', message, {
    retryable: result === RESULT.transient,
    upperLayer: { result, source, reason },
  });
  return { result, source, reason, error: data };
}
