import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { storageError } from './layout.ts';
import { lockFile, newGuard, type SharedGuard, seenOurs } from './shared-guard.ts';

export interface Lock {
  /** True when the last holder did not give it up. */
  readonly wasStale: boolean;
  /** False once the lock is another's: the disk was away, and used elsewhere. */
  isHeld(): boolean;
  release(): void;
}

interface Holder {
  readonly pid: number;
  /** Start time of the process as the system tells it: a process ID alone may have been given to another by now. */
  readonly started: string;
  readonly token: string;
  /** Name of the computer: process IDs mean nothing on another. */
  readonly host: string;
}

/** A lock of another computer that was not touched for so long is given up. */
const FOREIGN_STALE_MS = 10 * 60_000;

/**
 * Takes `<directory>/archive.lock`. A lock whose process is gone is taken over.
 * Throws PhosphorError `busy` when a live process (this one included) holds it. `guard` knows it as ours from then on.
 */
export function takeLock(directory: string, guard: SharedGuard = newGuard()): Lock {
  const file = lockFile(directory);
  const holder: Holder = { pid: process.pid, started: startOf(process.pid), token: guard.token, host: hostname() };
  let wasStale = false;
  for (let round = 0; round < 8; round += 1) {
    if (create(file, holder)) {
      seenOurs(guard, Date.now());
      return {
        wasStale,
        isHeld: () => read(file)?.token === holder.token,
        release: () => release(file, holder),
      };
    }
    const other = read(file);
    if (other !== undefined && other.host !== holder.host && isTouched(file)) {
      throw new PhosphorError('busy', 'the archive is in use on another computer', { retryable: false });
    }
    if (other !== undefined && other.host === holder.host && isAlive(other)) {
      throw new PhosphorError('busy', `the archive is in use by the process with ID ${other.pid}`, { retryable: false });
    }
    wasStale = true;
    takeAway(file, other);
  }
  throw new PhosphorError('busy', 'the archive lock cannot be taken: other processes keep taking it');
}

/** Written aside, then linked: whoever reads the lock sees it whole. */
function create(file: string, holder: Holder): boolean {
  const aside = `${file}.${holder.token}`;
  try {
    fs.writeFileSync(aside, JSON.stringify(holder), { mode: 0o600, flag: 'w' });
    try {
      fs.linkSync(aside, file);
      return true;
    } catch (thrown) {
      if (systemCode(thrown) === 'EEXIST') return false;
      // No hard links here: an exclusive create is as atomic, only its content follows a moment later.
      return createExclusively(file, holder);
    } finally {
      fs.unlinkSync(aside);
    }
  } catch (thrown) {
    throw storageError(thrown, 'the archive folder cannot be locked');
  }
}

function createExclusively(file: string, holder: Holder): boolean {
  try {
    fs.writeFileSync(file, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** Renaming lets one of several finders win; a lock that turns out to be fresh is put back. */
function takeAway(file: string, stale: Holder | undefined): void {
  const aside = `${file}.stale-${randomUUID()}`;
  try {
    fs.renameSync(file, aside);
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return;
    throw storageError(thrown, 'a stale archive lock cannot be removed');
  }
  const taken = read(aside);
  // A holder that slept may have come back to it since it was found stale.
  const isAwake = taken !== undefined && taken.host !== hostname() && isTouched(aside);
  if (taken !== undefined && (taken.token !== stale?.token || isAwake)) {
    try {
      fs.linkSync(aside, file);
    } catch (thrown) {
      if (systemCode(thrown) !== 'EEXIST') fs.renameSync(aside, file);
    }
  }
  fs.rmSync(aside, { force: true });
}

function release(file: string, holder: Holder): void {
  if (read(file)?.token === holder.token) fs.rmSync(file, { force: true });
}

function read(file: string): Holder | undefined {
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(file, 'utf8').slice(0, 4096));
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const { pid, started, token, host = hostname() } = parsed as Partial<Record<keyof Holder, unknown>>;
    if (typeof pid !== 'number' || typeof started !== 'string' || typeof token !== 'string' || typeof host !== 'string') return undefined;
    return { pid, started, token, host };
  } catch {
    return undefined;
  }
}

function isTouched(file: string): boolean {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) < FOREIGN_STALE_MS;
}

function isAlive(holder: Holder): boolean {
  if (!Number.isInteger(holder.pid) || holder.pid <= 0) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (thrown) {
    if (systemCode(thrown) === 'ESRCH') return false;
  }
  const started = startOf(holder.pid);
  return started === '' || holder.started === '' || started === holder.started;
}

/** Opaque; equal for as long as the process lives. Empty where the system does not say. */
function startOf(pid: number): string {
  try {
    if (process.platform === 'linux') {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
      // Field 22, counted behind the command's closing parenthesis; with the boot's ID, since it counts from the boot.
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
      return `${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}-${ticks}`;
    }
    if (process.platform === 'win32') return '';
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 }).trim();
  } catch {
    return '';
  }
}
