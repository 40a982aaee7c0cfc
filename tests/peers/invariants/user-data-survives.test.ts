import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openedWorkstation } from '../../move-models/scripted-pacs.ts';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

const COUNT = 12;

test('index.db is lost, with and without its WAL, or only the WAL is: lists come back from the files, nodes, settings and actions were never gone', {
  timeout: 120_000,
}, async () => {
  await using folder = await temporaryFolder('lost-index');
  const profile = join(folder.path, 'profile');
  const port = await freePort();
  for (const series of [1, 2]) await writeSeries(join(folder.path, 'in'), { study: '1.2.840.21', series, count: COUNT / 2 });
  await phosphor(['node', 'add', 'KEPT', '--host', '127.0.0.1', '--port', '1', '--ae', 'KEPT', '--profile', profile]);
  expect((await phosphor(['import', join(folder.path, 'in'), '--profile', profile])).code).toBe(0);
  const state = async () => {
    await using it = await openedWorkstation({ profile, port });
    const { settings, nodes, finished } = await it.workstation.invoke('session.snapshot', {});
    const { studies } = await it.workstation.invoke('archive.search', {
      query: {},
      sort: { by: 'studyDate', descending: true },
      offset: 0,
      limit: 10,
    });
    const { series } = await it.workstation.invoke('archive.series', { studyInstanceUID: '1.2.840.21' });
    const { instances } = await it.workstation.invoke('archive.instances', { studyInstanceUID: '1.2.840.21' });
    return { settings, nodes, finished, studies, series, instances };
  };
  {
    await using it = await openedWorkstation({ profile });
    await it.workstation.invoke('settings.update', { changes: { aeTitle: 'READING7', durable: false } });
  }
  const before = await state();
  expect(before.instances).toHaveLength(COUNT);
  expect(before.finished.length).toBeGreaterThan(0);
  expect(before.settings).toMatchObject({ aeTitle: 'READING7', durable: false });

  for (const lost of [['index.db', 'index.db-wal', 'index.db-shm'], ['index.db'], ['index.db-wal', 'index.db-shm']]) {
    for (const name of lost) await rm(join(profile, name), { force: true });
    if (lost.length === 1) await writeFile(join(profile, 'index.db-wal'), 'what an older index left behind'.repeat(200));
    // The very next command, short as it is, shows the whole archive and says what happened.
    const listed = await phosphor(['list', '--level', 'image', '--profile', profile, '--json']);
    expect(listed.lines.at(-1), lost.join()).toEqual({ ok: true, matches: COUNT });
    expect(listed.stderr).toMatch(lost[0] === 'index.db' ? /being read from the files/ : /^$/);
    expect(await state(), lost.join()).toEqual(before);
  }
  const verified = await phosphor(['archive', 'verify', '--profile', profile, '--json']);
  expect(verified.lines.at(-1)).toMatchObject({ outcome: 'success', details: { checked: COUNT, problems: 0 } });
  expect((await readdir(profile)).filter((name) => /^(nodes|settings|actions).*damaged/.test(name))).toEqual([]);
});

test.each(['verify', 'rebuild'])('`archive %s` right after the index was lost finds nothing wrong with the files', async (command) => {
  await using folder = await temporaryFolder('lost-and-checked');
  const profile = join(folder.path, 'profile');
  await writeSeries(join(folder.path, 'in'), { study: '1.2.840.23', count: 60 });
  expect((await phosphor(['import', join(folder.path, 'in'), '--profile', profile])).code).toBe(0);
  for (const name of await readdir(profile)) if (name.startsWith('index.db')) await rm(join(profile, name));
  const run = await phosphor(['archive', command, '--profile', profile, '--json']);
  expect(run.lines.filter((line) => line.kind === 'problem')).toEqual([]);
  expect(run.lines.at(-1)).toMatchObject({ outcome: 'success', details: { checked: 60, problems: 0 } });
});

test('actions.db is lost: everything else is as it was, and actions work again', async () => {
  await using folder = await temporaryFolder('lost-actions');
  const profile = join(folder.path, 'profile');
  await writeSeries(join(folder.path, 'in'), { study: '1.2.840.22', count: 2 });
  expect((await phosphor(['import', join(folder.path, 'in'), '--profile', profile])).code).toBe(0);
  for (const name of ['actions.db', 'actions.db-wal', 'actions.db-shm']) await rm(join(profile, name), { force: true });
  const listed = await phosphor(['list', '--profile', profile, '--json']);
  expect(listed.lines[0]).toMatchObject({ studyInstanceUID: '1.2.840.22', numberOfInstances: 2 });
  const verified = await phosphor(['archive', 'verify', '--profile', profile, '--json']);
  expect(verified.lines.at(-1)).toMatchObject({ outcome: 'success', details: { problems: 0 } });
});
