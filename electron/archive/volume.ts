import { access, constants, readFile, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { archiveIdIn } from './layout.ts';
import type { ArchiveLocation } from './types.ts';

/** `away`: the disk with the archive is not connected, or another one is in its place. */
export type VolumeState = 'there' | 'read-only' | 'away';

/** A disk that answers no more (a network folder) counts as away after so long. */
const ANSWER_MS = 10_000;
const LOOK_MS = 2_000;

/** Whether the archive with this ID stands in its folder now. Never rejects. */
export async function volumeState(location: ArchiveLocation, archiveId: string): Promise<VolumeState> {
  const patience = new AbortController();
  const look = async (): Promise<VolumeState> => {
    const text = await readFile(path.join(location.directory, 'archive.json'), 'utf8').catch(() => '');
    if (archiveIdIn(text) !== archiveId) return 'away';
    return access(location.directory, constants.W_OK).then(
      () => 'there' as const,
      () => 'read-only' as const,
    );
  };
  const late = delay(ANSWER_MS, 'away' as const, { signal: patience.signal, ref: false }).catch(() => 'away' as const);
  try {
    return await Promise.race([look(), late]);
  } finally {
    patience.abort();
  }
}

/** Looks after the archive's folder while it is open, and tells when it goes and when it is back. */
export class VolumeWatch {
  readonly #location: ArchiveLocation;
  readonly #archiveId: string;
  readonly #onChange: (state: VolumeState) => void;
  readonly #timer: NodeJS.Timeout;
  #state: VolumeState;
  #looking: Promise<void> | undefined;

  constructor(location: ArchiveLocation, archiveId: string, state: VolumeState, onChange: (state: VolumeState) => void) {
    this.#location = location;
    this.#archiveId = archiveId;
    this.#state = state;
    this.#onChange = onChange;
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  get state(): VolumeState {
    return this.#state;
  }

  /** At once, instead of within two seconds. */
  look(): Promise<void> {
    this.#looking ??= volumeState(this.#location, this.#archiveId).then((state) => {
      this.#looking = undefined;
      if (state === this.#state) return;
      this.#state = state;
      this.#onChange(state);
    });
    return this.#looking;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** Of statfs(2): NFS, SMB, CIFS, SMB2, FUSE (sshfs and the like), 9P, Ceph, AFS. */
const NETWORK = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400, 0x5346414f]);
const SYNCHRONISED =
  /^(onedrive\b.*|dropbox\b.*|google ?drive\b.*|my drive|icloud ?drive|mobile documents|nextcloud|owncloud|pcloud.*|box sync)$/i;

/** What is known of the kind of folder that the archive stands in, where that is a reason to warn of it. Never rejects. */
export async function doubtfulFolder(directory: string): Promise<'network' | 'synchronised' | undefined> {
  if (directory.split(/[\\/]/).some((part) => SYNCHRONISED.test(part))) return 'synchronised';
  if (process.platform === 'win32') return /^[\\/]{2}[^?.]/.test(directory) ? 'network' : undefined;
  if (process.platform !== 'linux') return undefined;
  const { type } = await statfs(directory).catch(() => ({ type: 0 }));
  return NETWORK.has(type) ? 'network' : undefined;
}
