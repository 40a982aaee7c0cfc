import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveLocation } from '../../electron/archive/index.ts';

/** The folder of an archive on a disk of its own that can be unplugged, filled and made read-only. Undefined where this user may not mount. */
export interface Disk extends AsyncDisposable {
  readonly location: ArchiveLocation;
  plug(): void;
  unplug(): void;
  /** Where a file is open for writing, it is tried again until it is not. */
  readOnly(is: boolean): Promise<void>;
  /** As mount(8) takes it, `8m`. */
  resize(size: string): void;
}

export async function disk(folder: string, size: string): Promise<Disk | undefined> {
  const content = join(folder, 'content');
  const at = join(folder, 'disk');
  await Promise.all([mkdir(content, { recursive: true }), mkdir(at, { recursive: true })]);
  const mount = (...args: string[]): boolean => spawnSync('mount', args).status === 0;
  if (!mount('-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', content)) return undefined;
  // What is unplugged is a second place of the same file system: its content stays as it is.
  const plug = (): void => void mount('--bind', content, at);
  const unplug = (): void => void spawnSync('umount', ['-l', at]);
  plug();
  return {
    location: { directory: join(at, 'archive'), databases: join(folder, 'profile'), durable: true },
    plug,
    unplug,
    readOnly: async (is) => {
      while (!mount('-o', `remount,bind,${is ? 'ro' : 'rw'}`, at)) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    resize: (now) => void mount('-o', `remount,size=${now}`, content),
    [Symbol.asyncDispose]: async () => {
      unplug();
      spawnSync('umount', ['-l', content]);
    },
  };
}
