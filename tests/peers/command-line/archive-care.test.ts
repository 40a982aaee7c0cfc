import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { writeSeries } from '../../support/instances.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

// Each step starts a process of its own.
vi.setConfig({ testTimeout: 120_000 });

const STUDY = '1.2.840.55';

test('a study is deleted, listed in the trash, brought back, deleted again and purged from the command line', async () => {
  await using folder = await temporaryFolder('care');
  const profile = join(folder.path, 'profile');
  const run = async (...args: string[]) => await phosphor([...args, '--profile', profile, '--json']);
  await writeSeries(join(folder.path, 'in'), { study: STUDY, count: 8 });
  await run('import', join(folder.path, 'in'));
  const deleted = await run('archive', 'delete', '--study', STUDY);
  expect(deleted.lines.at(-1)).toMatchObject({ outcome: 'success', details: { deleted: 8 } });
  expect((await run('list')).lines.at(-1)).toEqual({ ok: true, matches: 0 });
  const [row] = (await run('archive', 'trash')).lines;
  expect(row).toMatchObject({ reason: 'deleted', studyInstanceUID: STUDY, instances: 8 });
  const batch = String(row?.batch);
  expect((await run('archive', 'restore', batch)).lines.at(-1)).toMatchObject({ outcome: 'success', details: { restored: 8 } });
  expect((await run('list')).lines.at(-1)).toEqual({ ok: true, matches: 1 });
  await run('archive', 'delete', '--study', STUDY);
  expect((await run('archive', 'purge', '--older-than', '0')).lines.at(-1)).toMatchObject({ outcome: 'success', details: { purged: 8 } });
  expect((await run('archive', 'trash')).lines).toEqual([{ ok: true, studies: 0 }]);
  expect((await run('archive', 'clean', '--dry-run')).lines.at(-1)).toMatchObject({ outcome: 'success', details: { wouldGo: 0 } });
  expect((await run('archive', 'compact')).lines.at(-1)).toMatchObject({ outcome: 'success' });
  expect((await run('archive', 'verify', '--restart')).lines.at(-1)).toMatchObject({ outcome: 'success', details: { checked: 0 } });
});

test('of two versions of an instance the other one is chosen', async () => {
  await using folder = await temporaryFolder('conflict');
  const profile = join(folder.path, 'profile');
  const run = async (...args: string[]) => await phosphor([...args, '--profile', profile, '--json']);
  await writeSeries(join(folder.path, 'in'), { study: STUDY, count: 2 });
  await run('import', join(folder.path, 'in'));
  await writeSeries(join(folder.path, 'other'), { study: STUDY, count: 1, patientName: 'Other^Name' });
  await run('import', join(folder.path, 'other'));
  const [conflict] = (await run('archive', 'conflicts')).lines;
  expect(conflict).toMatchObject({ origin: 'import', studyInstanceUID: STUDY });
  const resolved = await run('archive', 'resolve', String(conflict?.conflictId), '--keep', 'other');
  expect(resolved.code, resolved.stderr).toBe(0);
  expect((await run('archive', 'conflicts')).lines).toEqual([{ ok: true, conflicts: 0 }]);
  expect((await run('archive', 'trash')).lines[0]).toMatchObject({ reason: 'replaced', instances: 1 });
});

test('wrong numbers and missing options are explained', async () => {
  await using folder = await temporaryFolder('care-usage');
  const run = async (...args: string[]) => await phosphor([...args, '--profile', join(folder.path, 'profile')]);
  expect((await run('archive', 'purge')).stderr).toMatch(/--batch BATCH, or --older-than DAYS/);
  expect((await run('archive', 'restore', 'yesterday')).stderr).toMatch(/phosphor archive trash/);
  expect((await run('archive', 'resolve', '1', '--keep', 'both')).stderr).toMatch(/"first" or "other"/);
});
