import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startActionStore } from '../../../electron/actions/store.ts';
import type { CompleteDraft } from '../../../electron/actions/types.ts';
import { temporaryFolder } from '../../support/temporary.ts';

async function openActionStore(file: string) {
  const store = startActionStore(file);
  try {
    return { store, loaded: await store.load() };
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

const record = (n: number) => ({
  actionId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  action: { command: 'verify' } as const,
  tag: { n },
  requestedAt: 1000 + n,
});
const complete = (n: number, outcome: CompleteDraft['outcome'] = 'success'): CompleteDraft => ({
  type: 'ActionComplete',
  actionId: record(n).actionId,
  action: record(n).action,
  tag: record(n).tag,
  outcome,
  counts: { received: 0, completed: 0, failed: 0, warning: 0 },
  bytes: 0,
  failedSOPInstanceUIDs: [],
  offendingElements: [],
  verifiedBy: 'local',
  attempts: 1,
  startedAt: 1000 + n,
  finishedAt: 2000 + n,
});

test('requests and completions survive a restart; what has no completion is found unfinished', async () => {
  await using folder = await temporaryFolder('actions');
  const file = join(folder.path, 'actions.db');
  const first = await openActionStore(file);
  expect(first.loaded).toEqual({ unfinished: [], finished: [] });
  for (const n of [1, 2, 3]) await first.store.insert(record(n));
  await first.store.complete(complete(1));
  await first.store.complete(complete(2));
  await first.store.close();
  const second = await openActionStore(file);
  expect(second.loaded.unfinished).toEqual([{ ...record(3), resumed: 0 }]);
  expect(second.loaded.finished).toEqual([complete(2), complete(1)]);
  await second.store.close();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('an action has one completion: a second one changes nothing', async () => {
  await using folder = await temporaryFolder('actions');
  const file = join(folder.path, 'actions.db');
  const { store } = await openActionStore(file);
  await store.insert(record(1));
  await store.complete(complete(1, 'aborted'));
  await store.complete(complete(1, 'success'));
  await store.close();
  const { store: again, loaded } = await openActionStore(file);
  expect(loaded.finished.map(({ outcome }) => outcome)).toEqual(['aborted']);
  await again.close();
});

test('a dismissed action stays off the list', async () => {
  await using folder = await temporaryFolder('actions');
  const file = join(folder.path, 'actions.db');
  const { store } = await openActionStore(file);
  await store.complete(complete(1));
  await store.dismiss(record(1).actionId);
  await store.close();
  const { store: again, loaded } = await openActionStore(file);
  expect(loaded).toEqual({ unfinished: [], finished: [] });
  await again.close();
});

test('a damaged actions.db is kept aside and a new one begun', async () => {
  await using folder = await temporaryFolder('actions');
  const file = join(folder.path, 'actions.db');
  await writeFile(file, 'this is no database, it only has its name. '.repeat(200));
  const { store, loaded } = await openActionStore(file);
  expect(loaded.keptAside).toMatch(/^actions\.db\.damaged-/);
  await store.insert(record(1));
  await store.close();
  expect(await readdir(folder.path)).toContain(loaded.keptAside);
});

test('a folder that cannot be written gives one typed error', async () => {
  await using folder = await temporaryFolder('actions');
  await expect(openActionStore(join(folder.path, 'missing', 'actions.db'))).rejects.toMatchObject({ data: { kind: 'storage' } });
});
