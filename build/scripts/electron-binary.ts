import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';

const PACKAGE = join(ROOT, 'node_modules', 'electron');
const EXECUTABLES: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};
const REACHABLE_MS = 3000;
const DOWNLOAD_MS = 10 * 60_000;

/** The Electron program that is already here: in ELECTRON_OVERRIDE_DIST_PATH, else where the package keeps its own. */
export function installedElectron(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const name = EXECUTABLES[process.platform] ?? 'electron';
  const override = environment.ELECTRON_OVERRIDE_DIST_PATH;
  const path = override !== undefined && override !== '' ? join(override, name) : join(PACKAGE, 'dist', name);
  return existsSync(path) ? path : undefined;
}

/**
 * Installs the package's Electron program where its source answers within three seconds; a machine without a way out is not kept waiting.
 * Resolves with its path or with the reason why there is none.
 */
export async function downloadElectron(say: (line: string) => void): Promise<{ path: string } | { reason: string }> {
  if (!existsSync(join(PACKAGE, 'install.js'))) return { reason: 'the package electron is not installed' };
  if ((process.env.ELECTRON_OVERRIDE_DIST_PATH ?? '') !== '') return { reason: 'ELECTRON_OVERRIDE_DIST_PATH holds no Electron' };
  const source = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com/';
  try {
    await fetch(source, { method: 'HEAD', signal: AbortSignal.timeout(REACHABLE_MS) });
  } catch {
    return { reason: `Electron is not installed and ${new URL(source).host} cannot be reached` };
  }
  say(`Downloading Electron ${version()} (once) …`);
  const code = await new Promise<number | null>((resolve) => {
    const install = spawn(process.execPath, [join(PACKAGE, 'install.js')], { stdio: 'ignore', timeout: DOWNLOAD_MS });
    install.once('error', () => resolve(null));
    install.once('exit', resolve);
  });
  const path = installedElectron();
  return code === 0 && path !== undefined ? { path } : { reason: 'Electron could not be downloaded' };
}

function version(): string {
  const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version?: string };
  return manifest.version ?? '';
}
