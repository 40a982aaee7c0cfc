import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { ArchiveLocation } from './types.ts';

/**
 * What the threads of one workstation share about an archive's folder. Goes with its ArchiveLocation into each of them.
 *
 * Another computer takes a lock that was not touched for ten minutes: this one may sleep so long, in the middle of anything. So nobody writes on
 * a lock that was last seen to be ours longer ago than `RELIED_ON_MS`: it is read once more first, by whoever wants to write.
 */
export interface SharedGuard {
  /** What our lock holds. */
  readonly token: string;
  /** One 64-bit integer: when the lock was last ours, in milliseconds since the epoch. */
  readonly seen: SharedArrayBuffer;
  /** 32-bit flags: an instance that is just taking its name, by the first bytes of its hash. */
  readonly claims: SharedArrayBuffer;
}

/** Well below what others wait for (lock.ts). */
export const RELIED_ON_MS = 5 * 60_000;
const CLAIMS = 1_024;
/** Taking a name is two calls of the system. Whoever takes longer has been ended in between. */
const CLAIM_MS = 10_000;

export function newGuard(): SharedGuard {
  return { token: randomUUID(), seen: new SharedArrayBuffer(8), claims: new SharedArrayBuffer(4 * CLAIMS) };
}

export function lockFile(directory: string): string {
  return path.join(directory, 'archive.lock');
}

/** The lock was ours at `at`. */
export function seenOurs({ seen }: SharedGuard, at: number): void {
  Atomics.store(new BigInt64Array(seen), 0, BigInt(Math.trunc(at)));
}

/** Whoever wants to write looks at the lock first. */
export function notOurs(guard: SharedGuard): void {
  seenOurs(guard, 0);
}

/** How long ago the lock was ours, by the clock on the wall: that goes on while a computer sleeps. */
export function sinceSeen({ seen }: SharedGuard, now = Date.now()): number {
  return Math.abs(now - Number(Atomics.load(new BigInt64Array(seen), 0)));
}

/**
 * Before every write to the archive's folder. Costs nothing while the lock is known to be ours. @throws PhosphorError `busy` when another
 * workstation holds it
 */
export function mayWrite({ directory, guard }: ArchiveLocation): void {
  if (guard === undefined || sinceSeen(guard) < RELIED_ON_MS) return;
  if (keepLock(directory, guard) === 'lost') throw new PhosphorError('busy', LOST, { retryable: true });
}

/** Touches the lock if it is ours. `unknown`: there is none now, or it cannot be read. */
export function keepLock(directory: string, guard: SharedGuard): 'ours' | 'lost' | 'unknown' {
  const file = lockFile(directory);
  const now = new Date();
  const before = tokenIn(file);
  if (before === undefined) return 'unknown';
  if (before !== guard.token) {
    notOurs(guard);
    return 'lost';
  }
  try {
    fs.utimesSync(file, now, now);
  } catch {
    return 'unknown';
  }
  // Somebody may have been taking it at this very moment: they look at its time once more, and we at its content.
  const after = tokenIn(file);
  if (after !== guard.token) return after === undefined ? 'unknown' : 'lost';
  seenOurs(guard, now.getTime());
  return 'ours';
}

/**
 * Does `work` (synchronous, short) while no other thread of the workstation does it for an instance with this hash: taking a name that nobody
 * has, where the file system has no call for that.
 */
export function claimed<T>(guard: SharedGuard | undefined, name: string, work: () => T): T {
  const flags = new Int32Array((guard ?? OWN).claims);
  const at = Number.parseInt(path.basename(name).slice(0, 8), 16) % CLAIMS || 0;
  if (Atomics.compareExchange(flags, at, 0, 1) !== 0) {
    const until = performance.now() + CLAIM_MS;
    while (Atomics.compareExchange(flags, at, 0, 1) !== 0) {
      if (performance.now() > until) break;
      Atomics.wait(flags, at, 1, 100);
    }
  }
  try {
    return work();
  } finally {
    Atomics.store(flags, at, 0);
    Atomics.notify(flags, at, 1);
  }
}

/** For a folder that no lock guards: one thread writes there. */
const OWN = newGuard();

function tokenIn(file: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(file, 'utf8').slice(0, 4096));
    if (typeof parsed !== 'object' || parsed === null || !('token' in parsed)) return undefined;
    return typeof parsed.token === 'string' ? parsed.token : undefined;
  } catch {
    return undefined;
  }
}

const LOST = 'another workstation has taken the archive meanwhile';
