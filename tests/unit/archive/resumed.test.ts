import fs from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Archive, locateInstance, openArchive } from '../../../electron/archive/index.ts';
import { ITEM_CREDITS } from '../../../shared/contract/limits.ts';
import { everything, finished, opened, sample, store, temporaryLocation, writerOf } from './fixtures.ts';

const COUNT = 5_000;

async function filled(): Promise<Archive> {
  const archive = await opened(temporaryLocation(false));
  const writer = writerOf(archive);
  for (let i = 0; i < COUNT; i += 1) await store(writer, sample(`1.2.3.${i}`, {}, { rows: 2 }), undefined, 4096);
  await writer.close();
  await archive.settled();
  return archive;
}

/** Cancels a job as soon as it has done so many. */
async function interrupted(job: ReturnType<Archive['verify']>, after: number): Promise<void> {
  job.onItems(() => job.acknowledge(1));
  job.onProgress(({ done }) => done >= after && job.cancel());
  await expect(job.done).rejects.toMatchObject({ kind: 'cancelled' });
}

it('a verify that was interrupted goes on after a restart, names again what it had found, and begins anew when told to', async () => {
  const first = await filled();
  const { location } = first;
  // Most of what it finds comes late: without credit it waits there until it is cancelled.
  const altered = ['1.2.3.7', ...Array.from({ length: 2_000 }, (_, i) => `1.2.3.${COUNT - 1 - i}`)];
  for (const uid of altered) fs.appendFileSync(locateInstance(location, uid), 'x');
  const stopped = async (archive: Archive) => {
    const job = archive.verify();
    let batches = 0;
    job.onItems(() => {
      batches += 1;
      if (batches === ITEM_CREDITS) job.cancel();
    });
    await expect(job.done).rejects.toMatchObject({ kind: 'cancelled' });
  };
  await stopped(first);
  await first.close();
  const archive = await openArchive(location);
  onTestFinished(() => archive.close());
  const { result, items } = await finished(archive.verify());
  expect(result).toMatchObject({ checked: COUNT, problems: altered.length, resumedAt: expect.any(Number) });
  expect(result.resumedAt).toBeGreaterThan(0);
  expect(new Set(items.map(({ sopInstanceUID }) => sopInstanceUID))).toEqual(new Set(altered));
  expect((await finished(archive.verify())).result.resumedAt).toBeUndefined();
  await stopped(archive);
  expect((await finished(archive.verify({ restart: true }))).result).toEqual({
    checked: COUNT,
    bytes: result.bytes,
    problems: altered.length,
  });
}, 120_000);

it('a rebuild that was interrupted goes on after a restart, and knows what came, changed and went meanwhile', async () => {
  const first = await filled();
  const { location } = first;
  await interrupted(first.rebuild(), 2_500);
  await first.close();
  const archive = await openArchive(location);
  onTestFinished(() => archive.close());
  await archive.job('delete', { targets: [{ studyInstanceUID: '1.2.3', seriesInstanceUID: '1.2.3.1', sopInstanceUID: '1.2.3.11' }] }).done;
  const writer = writerOf(archive);
  for (let i = COUNT; i < COUNT + 50; i += 1) await store(writer, sample(`1.2.3.${i}`, {}, { rows: 2 }));
  await archive.settled();
  const { result } = await finished(archive.rebuild());
  expect(result.resumedAt).toBeGreaterThan(0);
  expect((await archive.search(everything)).studies).toMatchObject([{ numberOfInstances: COUNT + 49 }]);
  expect((await finished(archive.verify({ restart: true }))).result).toMatchObject({ checked: COUNT + 49, problems: 0 });
  expect(fs.existsSync(path.join(location.databases, 'index-rebuild.db'))).toBe(false);
}, 120_000);

it('compact takes in files that the index does not know, and gives room back', async () => {
  const archive = await filled();
  const { location } = archive;
  const { batch } = await archive.job('delete', { targets: [{ studyInstanceUID: '1.2.3' }] }).done;
  const file = path.join(location.directory, 'trash', `${batch}-deleted`);
  const [study = ''] = fs.readdirSync(file);
  for (const name of fs.readdirSync(path.join(file, study)).slice(0, 10)) {
    fs.renameSync(path.join(file, study, name), path.join(location.directory, 'files', name.slice(0, 2), name));
  }
  expect(await archive.job('compact', {}).done).toMatchObject({ indexed: 10, bytes: expect.any(Number) });
  await archive.settled();
  expect((await archive.stats()).instances).toBe(10);
  await archive.job('compact', {}).done;
  await archive.close();
  expect(fs.statSync(path.join(location.databases, 'index.db')).size).toBeLessThan(1_000_000);
}, 120_000);
