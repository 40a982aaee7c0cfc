import { describe, expect, it } from 'vitest';
import { openForWriting } from '../../../electron/archive/index-database.ts';
import { IndexStore } from '../../../electron/archive/index-store.ts';
import { indexFile } from '../../../electron/archive/layout.ts';
import type { CommandArgs } from '../../../shared/contract/index.ts';
import { generatedEntry } from '../../bench/generated-entries.ts';
import { opened, temporaryLocation } from './fixtures.ts';

type Query = CommandArgs<'archive.search'>['query'];

/** Together they are met in ways that none of them takes alone: words, lists of series, ranges of dates, walks along an index. */
const COMBINED: readonly Query[] = [
  { text: 'knee', modality: 'MR' },
  { text: 'knee', modality: 'mr\\CT', patientSex: 'F', patientAge: '020Y-080Y' },
  { text: 'knee routine', bodyPartExamined: 'KNEE', modality: 'MR' },
  { seriesDescription: '*tra', bodyPartExamined: 'KNEE' },
  { seriesDescription: '*tra', bodyPartExamined: 'KNEE', modality: 'MR' },
  { seriesDescription: 't*', bodyPartExamined: 'H*', text: 'sch' },
  { studyDate: '20140101-20181231', modality: 'CT', patientName: 's*' },
  { studyDate: '20140101-20181231', text: 'staging', modality: 'CT' },
  { text: 'knee', modality: 'X"Y' },
];

describe('several conditions at once', () => {
  it('find what each of them finds, in the same order however the list is sorted', async () => {
    const location = temporaryLocation(false);
    await (await opened(location)).close();
    const { database } = openForWriting(indexFile(location));
    new IndexStore(database, () => false).apply(Array.from({ length: 4_500 }, (_, n) => generatedEntry(n)));
    database.close();
    const archive = await opened(location);
    const found = async (query: Query, by: 'studyDate' | 'patientName' = 'studyDate'): Promise<string[]> => {
      const { studies } = await archive.search({ query, sort: { by, descending: true }, offset: 0, limit: 1000 });
      return studies.map(({ studyInstanceUID }) => studyInstanceUID);
    };
    const everyStudy = { studyDate: await found({}, 'studyDate'), patientName: await found({}, 'patientName') };
    let matches = 0;
    for (const query of COMBINED) {
      const each = await Promise.all(Object.entries(query).map(async ([key, value]) => new Set(await found({ [key]: value }))));
      for (const by of ['studyDate', 'patientName'] as const) {
        const expected = everyStudy[by].filter((uid) => each.every((one) => one.has(uid)));
        expect([query, by, await found(query, by)]).toEqual([query, by, expected]);
        matches += expected.length;
      }
    }
    expect(matches).toBeGreaterThan(50);
  });
});
