import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './temporary.ts';

export interface SmallVolume {
  /** An ordinary folder, outside the volume. */
  readonly folder: string;
  /** The volume: a profile on a file system of its own. */
  readonly profile: string;
  /** False where this user may not mount. */
  readonly mounted: boolean;
  resize(size: string): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A disk that fills up: a tmpfs of 8 MB, or of `size` as mount(8) takes it (needs root on Linux). */
export async function smallVolume(size = '8m'): Promise<SmallVolume> {
  const folder = await temporaryFolder('full');
  const profile = join(folder.path, 'volume');
  await mkdir(profile, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', profile]).status === 0;
  return {
    folder: folder.path,
    profile,
    mounted,
    resize: (size) => {
      spawnSync('mount', ['-o', `remount,size=${size}`, profile]);
    },
    [Symbol.asyncDispose]: async () => {
      if (mounted) spawnSync('umount', ['-l', profile]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Whether this user can mount one; where not, the tests that need it are named among those that did not run. */
export async function canMountSmallVolume(): Promise<boolean> {
  await using volume = await smallVolume();
  return volume.mounted;
}
