import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { startListening, startPhosphor } from '../../support/long-running.ts';
import { copyOf } from '../../support/profiles.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

vi.setConfig({ testTimeout: 120_000 });

/** A profile in use: a node, a study, a finished action. */
async function usedProfile(name: string) {
  const folder = await temporaryFolder(name);
  const profile = join(folder.path, 'profile');
  await copyOf('used', profile, async (made) => {
    await using source = await temporaryFolder('source');
    await writeSeries(source.path, { study: '1.2.840.61', count: 3 });
    for (const node of ['GOOD', 'BAD']) {
      await phosphor(['node', 'add', node, '--host', '127.0.0.1', '--port', '1', '--ae', node, '--profile', made]);
    }
    expect((await phosphor(['import', source.path, '--profile', made])).code).toBe(0);
  });
  return { folder: folder.path, profile, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const aside = async (folder: string) => (await readdir(folder)).filter((name) => name.includes('.damaged-'));

test('actions.db, nodes.json and archive.json destroyed: each is kept aside and named in a sentence; every image is still there', async () => {
  await using it = await usedProfile('destroyed');
  const archive = join(it.profile, 'archive');
  for (const file of [join(it.profile, 'actions.db'), join(it.profile, 'nodes.json'), join(archive, 'archive.json')]) {
    await writeFile(file, 'KEEP ME, damaged as I am. '.repeat(400));
  }
  const run = await phosphor(['list', '--profile', it.profile, '--json']);
  expect(run.code, run.stderr).toBe(0);
  expect(run.lines[0]).toMatchObject({ studyInstanceUID: '1.2.840.61', numberOfInstances: 3 });
  const kept = [
    ...(await aside(it.profile)).map((name) => join(it.profile, name)),
    ...(await aside(archive)).map((name) => join(archive, name)),
  ];
  expect(kept.map((path) => path.replace(/.*\/(.*)\.damaged-.*/, '$1')).sort()).toEqual(['actions.db', 'archive.json', 'nodes.json']);
  for (const path of kept) expect(await readFile(path, 'utf8')).toContain('KEEP ME');
  for (const name of await aside(it.profile)) expect(run.stderr).toContain(name);
  expect(run.stderr).not.toMatch(/\n\s+at |\.ts:\d+|undefined/);
  expect((await phosphor(['archive', 'verify', '--profile', it.profile, '--json'])).lines.at(-1)).toMatchObject({ outcome: 'success' });
  // Said once; the next start is an ordinary one.
  expect((await phosphor(['list', '--profile', it.profile])).stderr).toBe('');
});

test('one bad node and one bad setting: the good ones hold, the files as they were are kept', async () => {
  await using it = await usedProfile('one-bad');
  const nodesFile = join(it.profile, 'nodes.json');
  const text = await readFile(nodesFile, 'utf8');
  await writeFile(nodesFile, text.replace('"aeTitle": "BAD"', '"aeTitle": ""').replace('"aeTitle":"BAD"', '"aeTitle":""'));
  expect(await readFile(nodesFile, 'utf8')).not.toBe(text);
  await writeFile(join(it.profile, 'settings.jsonc'), '{ "aeTitle": "READING9", "port": "eleven", "clocks": { "idle": -1 } }');
  const run = await phosphor(['node', 'list', '--profile', it.profile, '--json']);
  expect(run.lines).toMatchObject([{ name: 'GOOD' }, { ok: true, nodes: 1 }]);
  expect(run.stderr).toMatch(/port, clocks\.idle/);
  expect((await aside(it.profile)).map((name) => name.split('.damaged')[0]).sort()).toEqual(['nodes.json', 'settings.jsonc']);
  const port = await freePort();
  await using listening = await startListening(it.profile, port);
  expect(listening.lines()[0]).toMatchObject({ aeTitle: 'READING9' });
});

const canDrop = process.getuid?.() === 0 && spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'true']).status === 0;

test.runIf(canDrop)('as a user who may not write the profile: one sentence, nothing changed', async () => {
  await using it = await usedProfile('read-only');
  await chmod(it.folder, 0o755);
  await chmod(it.profile, 0o555);
  const before = await readdir(it.profile);
  const wrapper = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  await using run = startPhosphor(['list', '--profile', it.profile], { wrapper, env: { ...process.env, HOME: '/nonexistent' } });
  expect(await run.ended).toBe(1);
  expect(run.stderr()).toMatch(/profile/i);
  expect(run.stderr().trim().split('\n').length).toBeLessThanOrEqual(2);
  expect(run.stderr()).not.toMatch(/\n\s+at |\.ts:\d+/);
  expect(await readdir(it.profile)).toEqual(before);
});

test.runIf(canDrop)('as a user who may read some files of the import only: those go in, the others are refused by name', async () => {
  await using folder = await temporaryFolder('unreadable');
  await chmod(folder.path, 0o755);
  const input = join(folder.path, 'in');
  const [hidden] = await writeSeries(input, { study: '1.2.840.62', count: 3 });
  await chmod(hidden?.path ?? '', 0o000);
  const profile = join(folder.path, 'profile');
  await mkdir(profile);
  await chown(profile, 65534, 65534);
  const wrapper = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  await using run = startPhosphor(['import', input, '--profile', profile], { wrapper, env: { ...process.env, HOME: '/nonexistent' } });
  expect(await run.ended, run.printed()).toBe(2);
  const items = run.lines().filter((line) => line.kind === 'file');
  expect(items.filter((item) => item.result === 'imported')).toHaveLength(2);
  expect(items.find((item) => item.result === 'refused')).toMatchObject({ path: hidden?.path, error: { kind: 'unreadable' } });
});

test('two commands on one profile: the second speaks to the first; when the first is killed, the next one takes over', async () => {
  await using it = await usedProfile('two');
  const first = await startListening(it.profile, await freePort());
  const second = await phosphor(['list', '--profile', it.profile, '--json']);
  expect(second.lines.at(-1)).toEqual({ ok: true, matches: 1 });
  const refused = await phosphor(['list', '--profile', it.profile, '--ae-title', 'OTHER']);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/already holds this profile/)]);
  await first.kill('SIGKILL');
  const third = await phosphor(['list', '--profile', it.profile, '--json']);
  expect(third.lines.at(-1)).toEqual({ ok: true, matches: 1 });
});
