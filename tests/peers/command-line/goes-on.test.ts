import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionRequest } from '../../../shared/contract/index.ts';
import { openedWorkstation } from '../../move-models/scripted-pacs.ts';
import { freePort } from '../../support/free-port.ts';
import { writeSeries } from '../../support/instances.ts';
import { startListening, startPhosphor } from '../../support/long-running.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

const STUDY = '1.2.3.4';
const COUNT = 1500;

test('an import killed in the middle, twice, goes on at the next start that lasts: the same action, one completion, nothing left out', {
  timeout: 120_000,
}, async () => {
  await using folder = await temporaryFolder('goes-on');
  const profile = join(folder.path, 'profile');
  const source = join(folder.path, 'source');
  await writeSeries(source, { study: STUDY, count: COUNT });
  const importing = startPhosphor(['import', source, '--profile', profile]);
  await importing.line((line) => line.kind === 'file' || line.type === 'ActionItems');
  await importing.kill('SIGKILL');
  expect(importing.lines().filter((line) => line.type === 'ActionComplete')).toEqual([]);
  // A short command neither ends it nor begins it again.
  expect((await phosphor(['list', '--profile', profile])).code).toBe(0);
  const port = await freePort();
  const listening = await startListening(profile, port);
  await listening.kill('SIGKILL');

  await using it = await openedWorkstation({ profile, port });
  const { running, finished } = await it.workstation.invoke('session.snapshot', {});
  const [action] = [...running, ...finished];
  expect([...running, ...finished]).toMatchObject([
    { action: { command: 'import', paths: [source] }, tag: expect.stringMatching(/^phosphor:/) },
  ]);
  const actionId = action?.actionId ?? '';
  const complete = finished[0] ?? (await it.completed(actionId));
  expect(complete).toMatchObject({ actionId, tag: action?.tag, outcome: 'success', counts: { received: COUNT, completed: COUNT } });
  const { instances } = await it.workstation.invoke('archive.instances', { studyInstanceUID: STUDY });
  expect(instances).toHaveLength(COUNT);
  await it.workstation.close();
  expect(it.events.filter(({ type }) => type === 'ActionComplete').length).toBeLessThanOrEqual(1);

  await using later = await openedWorkstation({ profile, port });
  const snapshot = await later.workstation.invoke('session.snapshot', {});
  expect(snapshot.running).toEqual([]);
  expect(snapshot.finished.map((one) => [one.actionId, one.outcome])).toEqual([[actionId, 'success']]);
});

test.each(['files', 'media'] as const)(
  'an export cut off when the workstation is closed goes on at the next start: each file once (%s)',
  {
    timeout: 120_000,
  },
  async (form) => {
    await using folder = await temporaryFolder('export-goes-on');
    const [profile, source, to] = ['profile', 'source', 'out'].map((name) => join(folder.path, name)) as [string, string, string];
    const count = 400;
    await writeSeries(source, { study: STUDY, count });
    expect((await phosphor(['import', source, '--profile', profile])).code).toBe(0);
    const first = await openedWorkstation({ profile });
    const action: ActionRequest = { command: 'export', selection: { studyInstanceUIDs: [STUDY] }, to, form, container: 'folder' };
    const { actionId } = await first.workstation.invoke('actions.request', { action, tag: { mine: 7 } });
    await first.until((seen) =>
      seen.some((event) => event.type === 'ActionUpdate' && event.actionId === actionId && event.counts.completed > 0),
    );
    await first.workstation.close();
    expect(first.events.filter((event) => event.type === 'ActionComplete' && event.actionId === actionId)).toEqual([]);
    const before = await files(to);
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(count);

    await using second = await openedWorkstation({ profile, port: first.port });
    const { running, finished } = await second.workstation.invoke('session.snapshot', {});
    expect([...running, ...finished].some((one) => one.actionId === actionId)).toBe(true);
    const complete = finished.find((one) => one.actionId === actionId) ?? (await second.completed(actionId));
    expect(complete).toMatchObject({ outcome: 'success', tag: { mine: 7 }, attempts: 2, counts: { completed: count } });
    expect((await files(to)).filter((name) => !/README|DICOMDIR/.test(name))).toHaveLength(count);
  },
);

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
