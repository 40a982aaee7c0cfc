import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Archive, ArrivalOrigin } from '../../../electron/archive/index.ts';
import { type CleaningSettings, cleanedItem } from '../../../shared/contract/index.ts';
import { everything, finished, namesIn, opened, RETRIEVE, STORE, sample, store, writerOf } from './fixtures.ts';

const OFF: CleaningSettings = {
  enabled: true,
  maxGigabytes: 0,
  minFreeGigabytes: 0,
  olderThanDays: 0,
  notOpenedForDays: 0,
  evenOnlyCopies: false,
};

const study = (s: number) => `1.2.${s}`;

/** Studies 1.2.0 … of three instances, each a day older than the one before. */
async function withStudies(origins: readonly ArrivalOrigin[]): Promise<Archive> {
  const archive = await opened();
  for (const [s, origin] of origins.entries()) {
    const writer = writerOf(archive);
    for (let i = 0; i < 3; i += 1) {
      await store(writer, sample(`1.2.${s}.${i}`, { StudyInstanceUID: study(s), SeriesInstanceUID: `1.2.${s}.9` }, { rows: 64 }), origin);
    }
  }
  await archive.settled();
  return archive;
}

async function clean(archive: Archive, rules: Partial<CleaningSettings>, dryRun = false, open: string[] = []) {
  const { result, items } = await finished(archive.job('clean', { rules: { ...OFF, ...rules }, dryRun, open }));
  return { ...result, items: items.map((item) => cleanedItem.parse(item)) };
}

const studiesOf = async (archive: Archive) =>
  (await archive.search(everything)).studies.map(({ studyInstanceUID }) => studyInstanceUID).sort();
const aMoment = 1 / 86_400_000;

describe('cleaning', () => {
  it('does nothing while no rule is on', async () => {
    const archive = await withStudies([RETRIEVE]);
    expect(await clean(archive, { evenOnlyCopies: true })).toMatchObject({ studies: 0, kept: 0 });
  });

  it('shows in a dry run what would go, and takes just that to the trash', async () => {
    const archive = await withStudies([RETRIEVE, STORE, RETRIEVE]);
    const dry = await clean(archive, { olderThanDays: aMoment }, true);
    expect(dry).toMatchObject({ studies: 2, instances: 6, kept: 1 });
    expect(dry.items.map(({ studyInstanceUID, because }) => [studyInstanceUID, because])).toEqual([
      [study(0), 'age'],
      [study(2), 'age'],
    ]);
    expect(await studiesOf(archive)).toEqual([study(0), study(1), study(2)]);
    expect((await clean(archive, { olderThanDays: aMoment })).studies).toBe(2);
    expect(await studiesOf(archive)).toEqual([study(1)]);
    expect((await archive.job('trash', { offset: 0, limit: 10 }).done).studies.map(({ reason }) => reason)).toEqual(['cleaned', 'cleaned']);
  });

  it('leaves what is pinned, what is open, and what is younger', async () => {
    const archive = await withStudies([RETRIEVE, RETRIEVE, RETRIEVE]);
    await archive.user('user.pins.set', { studyInstanceUIDs: [study(0)], pinned: true });
    expect(await clean(archive, { olderThanDays: aMoment }, false, [study(1)])).toMatchObject({ studies: 1, kept: 2 });
    expect(await studiesOf(archive)).toEqual([study(0), study(1)]);
    expect(await clean(archive, { olderThanDays: 1, evenOnlyCopies: true })).toMatchObject({ studies: 0, kept: 0 });
  });

  it('counts from the last time that a study was opened', async () => {
    const archive = await withStudies([RETRIEVE, RETRIEVE]);
    await archive.user('user.opened', { studyInstanceUID: study(0) });
    const taken = await clean(archive, { maxGigabytes: 1e-9 }, true);
    expect(taken.items.map(({ studyInstanceUID }) => studyInstanceUID)).toEqual([study(1), study(0)]);
  });

  it('makes room at once, oldest first, and stops as soon as there is enough', async () => {
    const archive = await withStudies([RETRIEVE, STORE, RETRIEVE]);
    const { bytes } = await archive.stats();
    const { studies, kept, items } = await clean(archive, { maxGigabytes: (bytes - 1) / 1e9 });
    expect([studies, kept, items[0]?.studyInstanceUID, items[0]?.because]).toEqual([1, 0, study(0), 'size']);
    expect(namesIn(archive.location, 'trash')).toEqual([]);
    expect(namesIn(archive.location, 'files')).toHaveLength(6);
    const free = fs.statfsSync(archive.location.directory);
    const wanted = (free.bavail * free.bsize + 50_000_000_000) / 1e9;
    expect(await clean(archive, { minFreeGigabytes: wanted }, true)).toMatchObject({ studies: 1, kept: 1 });
    expect(await clean(archive, { minFreeGigabytes: wanted, evenOnlyCopies: true }, true)).toMatchObject({ studies: 2, kept: 0 });
  });
});
