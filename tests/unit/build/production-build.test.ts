import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { productionBuild } from '../../../build/scripts/production-build.ts';
import { temporaryFolder } from '../../support/temporary.ts';

test('the window is built for production even where a test runner has set NODE_ENV', async () => {
  expect(process.env.NODE_ENV).toBe('test');
  await using folder = await temporaryFolder('build');
  await writeFile(join(folder.path, 'entry.js'), 'console.log(process.env.NODE_ENV);\n');
  await writeFile(join(folder.path, 'index.html'), '<script type="module" src="./entry.js"></script>\n');
  await productionBuild({ configFile: false, root: folder.path, logLevel: 'silent' });
  const assets = join(folder.path, 'dist', 'assets');
  const [script = ''] = await readdir(assets);
  expect(await readFile(join(assets, script), 'utf8')).toContain('production');
  expect(process.env.NODE_ENV).toBe('test');
});
