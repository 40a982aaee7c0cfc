import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './root.ts';
import { sourceHash } from './source-hash.ts';

const SOURCES = [
  'renderer',
  'shared',
  'vite.config.ts',
  'build/scripts/production-build.ts',
  'build/scripts/pdf-data.ts',
  'package-lock.json',
];
const STAMP = join(ROOT, 'dist', 'renderer', '.sources');

/**
 * Builds dist/renderer unless it already is what the sources say; in a process of its own, so that a workstation that starts afterwards keeps
 * none of Vite's memory. Resolves with whether it built; rejects when the build fails (it has said why on standard error).
 */
export async function buildRenderer({ quiet = true } = {}): Promise<boolean> {
  const hash = await sourceHash(ROOT, SOURCES);
  const built = await readFile(STAMP, 'utf8').catch(() => '');
  if (built === hash) return false;
  const script = join(ROOT, 'build', 'scripts', 'vite-build-process.ts');
  const child = spawn(process.execPath, [script, ...(quiet ? ['--quiet'] : [])], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error('the window could not be built');
  await writeFile(STAMP, hash);
  return true;
}
