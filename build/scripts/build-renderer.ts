import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { productionBuild } from './production-build.ts';
import { ROOT } from './root.ts';
import { sourceHash } from './source-hash.ts';

const SOURCES = ['renderer', 'shared', 'vite.config.ts', 'build/scripts/production-build.ts', 'package-lock.json'];
const OUTPUT = join(ROOT, 'dist', 'renderer');
const STAMP = join(OUTPUT, '.sources');

/** Builds dist/renderer unless it already is what the sources say. Resolves with whether it built; rejects with Vite's error. */
export async function buildRenderer({ quiet = true } = {}): Promise<boolean> {
  const hash = await sourceHash(ROOT, SOURCES);
  const built = await readFile(STAMP, 'utf8').catch(() => '');
  if (built === hash) return false;
  await productionBuild({ configFile: join(ROOT, 'vite.config.ts'), logLevel: quiet ? 'error' : 'info' });
  await writeFile(STAMP, hash);
  return true;
}
