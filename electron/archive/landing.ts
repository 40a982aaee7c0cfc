import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { systemCode } from '../../shared/contract/phosphor-error.ts';
import { DiskSync } from './disk-sync.ts';
import { claimed } from './shared-guard.ts';
import type { ArchiveLocation } from './types.ts';

/**
 * How one written temp file gets its final name, so that the entry in incoming/ stands before the final name does. Two ways: hard links
 * where the file system has them, else an empty entry of its own beside the renamed file. A promise only where the disk is waited for.
 */
export interface Landing {
  /** Enters the arrival in incoming/ under `name`; an entry made before is replaced by it. */
  announce(name: string): Promise<void> | undefined;
  /** Gives the file its final name. False when that name is taken: nothing has happened then. */
  put(target: string): boolean | Promise<boolean>;
  /** Makes file and names durable (one fsync). */
  sync(): Promise<void> | undefined;
  /** Takes the final name back that `put` gave. */
  takeBack(target: string): void;
  /** Removes the entry and the temp file. */
  discard(): void;
}

/** True when the folder's file system knows hard links. */
export function supportsHardLinks(folder: string): boolean {
  const probe = path.join(folder, `probe-${randomBytes(6).toString('hex')}.part`);
  try {
    fs.writeFileSync(probe, '', { mode: 0o600, flag: 'wx' });
    fs.linkSync(probe, `${probe}.part`);
    fs.unlinkSync(`${probe}.part`);
    return true;
  } catch {
    return false;
  } finally {
    fs.rmSync(probe, { force: true });
  }
}

/** The entry is a second name of the file itself: one fsync makes both durable. */
export class LinkLanding implements Landing {
  readonly #incoming: string;
  readonly #fd: number;
  readonly #disk: DiskSync;
  #current: string;

  constructor(incoming: string, part: string, fd: number, disk = new DiskSync()) {
    this.#incoming = incoming;
    this.#current = part;
    this.#fd = fd;
    this.#disk = disk;
  }

  announce(name: string): undefined {
    const target = this.#incoming + path.sep + name;
    fs.renameSync(this.#current, target);
    this.#current = target;
  }

  put(target: string): boolean {
    return taken(() => fs.linkSync(this.#current, target));
  }

  sync(): Promise<void> | undefined {
    return this.#disk.sync(this.#fd);
  }

  takeBack(target: string): void {
    fs.rmSync(target, { force: true });
  }

  discard(): void {
    fs.rmSync(this.#current, { force: true });
  }
}

/**
 * Where hard links are missing (exFAT, some network shares): the entry is an empty file, made durable before the final name is taken. A name is
 * looked for and then taken under a claim that the workstation's threads share; no other process writes there.
 */
export class RenameLanding implements Landing {
  readonly #incoming: string;
  readonly #part: string;
  readonly #fd: number;
  readonly #location: Pick<ArchiveLocation, 'durable' | 'guard'>;
  readonly #disk: DiskSync;
  #entry: string | undefined;
  #moved = false;

  constructor(incoming: string, part: string, fd: number, location: Pick<ArchiveLocation, 'durable' | 'guard'>, disk = new DiskSync()) {
    this.#incoming = incoming;
    this.#part = part;
    this.#fd = fd;
    this.#location = location;
    this.#disk = disk;
  }

  async announce(name: string): Promise<void> {
    const entry = path.join(this.#incoming, name);
    if (entry === this.#entry) return;
    const fd = fs.openSync(entry, 'wx', 0o600);
    try {
      if (this.#location.durable) await this.#disk.sync(fd);
    } finally {
      fs.closeSync(fd);
    }
    if (this.#entry !== undefined) fs.rmSync(this.#entry, { force: true });
    this.#entry = entry;
  }

  put(target: string): boolean {
    this.#moved = claimed(this.#location.guard, target, () => {
      if (fs.statSync(target, { throwIfNoEntry: false }) !== undefined) return false;
      fs.renameSync(this.#part, target);
      return true;
    });
    return this.#moved;
  }

  sync(): Promise<void> | undefined {
    return this.#disk.sync(this.#fd);
  }

  /** Under its first name again: of what came out of the trash it may be the only copy. */
  takeBack(target: string): void {
    fs.renameSync(target, this.#part);
    this.#moved = false;
  }

  discard(): void {
    if (!this.#moved) fs.rmSync(this.#part, { force: true });
    if (this.#entry !== undefined) fs.rmSync(this.#entry, { force: true });
  }
}

function taken(take: () => void): boolean {
  try {
    take();
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}
