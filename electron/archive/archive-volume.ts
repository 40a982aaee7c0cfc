import fs from 'node:fs';
import type { Notice } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { archiveIdOf, createLayout } from './layout.ts';
import { type Lock, takeLock } from './lock.ts';
import { newGuard, notOurs, type SharedGuard, sinceSeen } from './shared-guard.ts';
import type { ArchiveLocation } from './types.ts';
import { doubtfulFolder, type VolumeState, VolumeWatch, volumeState } from './volume.ts';

const TOUCH_MS = 60_000;
/** Timers stand still while a computer sleeps: whether the lock is due is asked of the clock, this often. */
const DUE_MS = 2_000;
const AGAIN_MS = 5_000;
/** What a folder that may not be written answers to the one who wants to lock it. */
const NOT_WRITABLE = new Set(['EROFS', 'EACCES', 'EPERM']);

export interface VolumeEvents {
  notice(severity: Notice['severity'], sentence: string): void;
  /** The disk is back (or may be written again), and locked by us: what it holds is looked at again. */
  returned(): Promise<void>;
  /** Touches the lock. */
  keepLock(): Promise<'ours' | 'lost' | 'unknown'>;
}

/**
 * The disk that the archive stands on: its lock, and what becomes of it while the archive is open. An archive whose disk is away answers
 * searches from its index and refuses the rest; one on a disk that cannot be written is read, without a lock.
 */
export class ArchiveVolume {
  readonly archiveId: string;
  /** With what the archive's threads share. */
  readonly location: ArchiveLocation;
  readonly #guard: SharedGuard;
  readonly #watch: VolumeWatch;
  #lock: Lock | undefined;
  #events: VolumeEvents | undefined;
  #touching: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  /** Back, but not ours: another workstation has locked it meanwhile. */
  #isLockedOut = false;
  #hasComplained = false;
  #isKeeping = false;
  #coming: Promise<void> | undefined;
  #closed = false;

  private constructor(location: ArchiveLocation, guard: SharedGuard, archiveId: string, state: VolumeState, lock: Lock | undefined) {
    this.location = { ...location, guard };
    this.#guard = guard;
    this.archiveId = archiveId;
    this.#lock = lock;
    this.#watch = new VolumeWatch(location, archiveId, state, (now) => this.#changed(now));
  }

  /**
   * Creates what is missing and takes the lock. `expected`: the ID of the archive that is known to belong there; where it is not, its disk is
   * away, and no new archive is begun in its place. @throws PhosphorError `busy`, `storage`, `storage-full`
   */
  static async open(location: ArchiveLocation, expected: string | undefined): Promise<ArchiveVolume> {
    fs.mkdirSync(location.databases, { recursive: true, mode: 0o700 });
    const guard = newGuard();
    if (expected !== undefined && (await volumeState(location, expected)) === 'away') {
      return new ArchiveVolume(location, guard, expected, 'away', undefined);
    }
    createLayout(location);
    const lock = lockOf(location, guard);
    try {
      return new ArchiveVolume(location, guard, archiveIdOf(location), lock === undefined ? 'read-only' : 'there', lock);
    } catch (thrown) {
      lock?.release();
      throw thrown;
    }
  }

  get state(): VolumeState {
    return this.#isLockedOut ? 'away' : this.#watch.state;
  }

  /** Says how the disk was found, and from now on what becomes of it. */
  tell(events: VolumeEvents): void {
    this.#events = events;
    this.#touching = setInterval(() => sinceSeen(this.#guard) >= TOUCH_MS && void this.keepLock(), DUE_MS).unref();
    if (this.state === 'away') events.notice('error', AWAY);
    if (this.state === 'read-only') events.notice('warning', READ_ONLY);
    if (this.state === 'there') {
      void doubtfulFolder(this.location.directory).then(
        (kind) => kind !== undefined && !this.#closed && events.notice('warning', DOUBTFUL[kind]),
      );
    }
  }

  /** @throws PhosphorError `storage` when the disk does not allow what is to be done */
  check(writes: boolean): void {
    if (this.#isLockedOut) throw new PhosphorError('busy', LOCKED_OUT, { retryable: true });
    if (this.state === 'away') throw new PhosphorError('storage', AWAY, { code: 'ENOENT', retryable: true });
    if (writes && this.state === 'read-only') throw new PhosphorError('storage', READ_ONLY, { code: 'EROFS' });
  }

  /** Says that we live, and finds out when another workstation has taken the archive from one that seemed to live no more. */
  async keepLock(): Promise<void> {
    const ours = this.#lock;
    if (this.#isKeeping || this.#isLockedOut || ours === undefined) return;
    this.#isKeeping = true;
    const found = await this.#events?.keepLock().catch(() => 'unknown' as const);
    this.#isKeeping = false;
    if (this.#closed || this.#watch.state !== 'there' || found === 'ours' || ours.isHeld()) return;
    this.#isLockedOut = true;
    this.#coming = this.#comesBack();
    await this.#coming;
  }

  /** Resolves when a disk that is back has been looked at. */
  async settled(): Promise<void> {
    await this.#coming;
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
    clearInterval(this.#touching);
    clearTimeout(this.#again);
    try {
      this.#lock?.release();
    } catch (thrown) {
      // The disk is away: whoever finds the lock sees that its process is gone.
      if (systemCode(thrown) === undefined) throw thrown;
    }
  }

  #changed(state: VolumeState): void {
    if (this.#closed) return;
    clearTimeout(this.#again);
    this.#isLockedOut = false;
    this.#hasComplained = false;
    if (state === 'away') this.#events?.notice('error', GONE);
    else if (state === 'read-only') this.#events?.notice('warning', READ_ONLY);
    else this.#coming = this.#comesBack();
  }

  async #comesBack(): Promise<void> {
    try {
      createLayout(this.location);
      if (this.#lock?.isHeld() !== true) this.#lock = takeLock(this.location.directory, this.#guard);
      this.#isLockedOut = false;
      await this.#events?.returned();
      this.#events?.notice('info', BACK);
    } catch (thrown) {
      if (this.#closed || this.#watch.state !== 'there') return;
      this.#isLockedOut = thrown instanceof PhosphorError && thrown.kind === 'busy';
      notOurs(this.#guard);
      if (!this.#hasComplained) this.#events?.notice('error', this.#isLockedOut ? LOCKED_OUT : NOT_USABLE);
      this.#hasComplained = true;
      this.#again = setTimeout(() => {
        this.#coming = this.#comesBack();
      }, AGAIN_MS).unref();
    }
  }
}

/** Undefined where the disk cannot be written. */
function lockOf(location: ArchiveLocation, guard: SharedGuard): Lock | undefined {
  try {
    return takeLock(location.directory, guard);
  } catch (thrown) {
    if (!(thrown instanceof PhosphorError) || !NOT_WRITABLE.has(thrown.data.code ?? '')) throw thrown;
    return undefined;
  }
}

const AWAY =
  'The folder of the archive is not there. Connect its disk; until then lists are shown, and images are neither read nor taken in.';
const GONE =
  'The folder of the archive has gone. Nothing that was acknowledged is lost. Connect its disk again; until then images are neither read nor taken in.';
const BACK = 'The folder of the archive is there again, and images are taken in.';
const READ_ONLY = 'The folder of the archive cannot be written. Images are shown, and none are taken in, until you may write to it.';
const LOCKED_OUT = 'The archive is in use by another workstation. It is opened here when that one is closed.';
const NOT_USABLE = 'The folder of the archive is there again, but cannot be used yet; it is tried again every few seconds.';
const DOUBTFUL = {
  network:
    'The archive stands in a network folder: that is slower than a disk of this computer, and a break of the network ends what is running. Open it from one computer only.',
  synchronised:
    'The archive stands in a folder that is synchronised with a service: patient data leaves this computer, and files may change behind its back. Choose another folder in the settings.',
} as const;
