import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isUsable } from '../../../build/bin/node-guard.mjs';
import { missingPackages } from '../../../build/scripts/needed-programs.ts';
import { ROOT } from '../../../build/scripts/root.ts';
import { sourceHash } from '../../../build/scripts/source-hash.ts';

test.each([
  ['24.9.0', true],
  ['24.21.0', true],
  ['26.0.0', true],
  ['24.8.1', false],
  ['25.3.0', false],
  ['22.12.0', false],
  ['20.20.2', false],
])('Node %s is usable: %s', (version, usable) => {
  expect(isUsable(version)).toBe(usable);
});

test('a wrong Node without the project’s own says in one line what is needed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'phosphor-guard-'));
  try {
    await mkdir(join(folder, 'build', 'bin'), { recursive: true });
    await cp(join(ROOT, 'build', 'bin', 'node-guard.mjs'), join(folder, 'build', 'bin', 'node-guard.mjs'));
    const script = join(folder, 'build', 'bin', 'wrong.mjs');
    await writeFile(
      script,
      `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });
const { ensureNode } = await import('./node-guard.mjs');
await ensureNode(import.meta.url);
console.log('went on');`,
    );
    const run = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    expect(run.status).toBe(1);
    expect(run.stdout).toBe('');
    expect(run.stderr.trim().split('\n').length).toBe(1);
    expect(run.stderr).toContain('needs Node 24');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a package of which one program is missing is named', () => {
  expect(missingPackages((program) => program !== 'Xvfb' && program !== 'dcmdump')).toEqual(['dcmtk', 'xvfb']);
  expect(missingPackages(() => true)).toEqual([]);
});

test('the hash of the sources changes with content and with names, and with nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'phosphor-hash-'));
  try {
    await mkdir(join(folder, 'a'));
    await writeFile(join(folder, 'a', 'one.ts'), '1');
    const first = await sourceHash(folder, ['a', 'missing.ts']);
    await writeFile(join(folder, 'a', '.hidden'), 'x');
    expect(await sourceHash(folder, ['a', 'missing.ts'])).toBe(first);
    await writeFile(join(folder, 'a', 'one.ts'), '2');
    const second = await sourceHash(folder, ['a', 'missing.ts']);
    await writeFile(join(folder, 'a', 'two.ts'), '');
    expect(new Set([first, second, await sourceHash(folder, ['a', 'missing.ts'])]).size).toBe(3);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
