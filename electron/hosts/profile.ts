import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PhosphorError } from '../../shared/contract/index.ts';

/** The user's own profile where none is named: the place that each system gives to an application's data. */
export function defaultProfile(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return join(environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Phosphor');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Phosphor');
  const data = environment.XDG_DATA_HOME;
  return join(data?.startsWith('/') ? data : join(homedir(), '.local', 'share'), 'phosphor');
}

/** Folder for what lives only while a workstation runs: launch pages and the local socket. */
export function runDirectory(profile: string): string {
  return join(resolve(profile), 'run');
}

/** Creates the run folder (0700) and refuses one that someone else could write to. */
export async function prepareRunDirectory(profile: string): Promise<string> {
  const directory = runDirectory(profile);
  await ownDirectory(directory);
  return directory;
}

/** Longest path of a Unix socket that every supported system takes (sun_path has 104 bytes on macOS, 108 on Linux). */
const LONGEST_SOCKET_PATH = 100;

/**
 * Where a workstation that holds `profile` listens for `phosphor`: a socket in the profile's run folder, in a folder of this user below
 * the temporary folder where that path is too long, a named pipe on Windows.
 */
export function localSocketPath(profile: string, platform: NodeJS.Platform = process.platform): string {
  const directory = runDirectory(profile);
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 24);
  if (platform === 'win32') return `\\\\.\\pipe\\phosphor-${userInfo().username.replace(/[^A-Za-z0-9]/g, '_')}-${hash}`;
  const inside = join(directory, 'phosphor.sock');
  if (Buffer.byteLength(inside) <= LONGEST_SOCKET_PATH) return inside;
  return join(tmpdir(), `phosphor-${process.getuid?.() ?? 0}`, `${hash}.sock`);
}

/** Makes sure that `directory` exists, is ours and is closed to others (PhosphorError `storage` otherwise). */
export async function ownDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return;
  const found = await stat(directory);
  if (found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new PhosphorError('storage', 'the run folder can be opened by other users; it must belong to this user and have mode 0700');
  }
}

/** Folder of the built renderer, seen from the sources as from the bundle. */
export function rendererDirectory(): string {
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(isSource ? '../../dist/renderer/' : '../../../renderer/', import.meta.url));
}
