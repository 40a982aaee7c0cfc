import { describe, expect, it, onTestFinished } from 'vitest';
import { type Archive, type IndexReader, locateInstance, openIndexReader } from '../../../electron/archive/index.ts';
import { localStudy, matchRow, type Query } from '../../../shared/contract/index.ts';
import { everything, opened, sample, store, writerOf } from './fixtures.ts';

const STUDIES = [
  {
    PatientName: 'Müller^Jürgen',
    PatientID: 'A-1',
    StudyDate: '20260105',
    AccessionNumber: 'ACC1',
    StudyDescription: 'CT Thorax [low dose]',
    Modality: 'CT',
  },
  {
    PatientName: 'Muller^Anna',
    PatientID: 'A-2',
    StudyDate: '20260210',
    AccessionNumber: 'ACC2',
    StudyDescription: 'MR Knie',
    Modality: 'MR',
  },
  {
    PatientName: 'Smith^John',
    PatientID: 'B-1',
    StudyDate: '20251231',
    AccessionNumber: 'ACC3',
    StudyDescription: 'MR Kopf',
    Modality: 'MR',
  },
  {
    PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
    PatientID: 'B-2',
    StudyDate: '',
    AccessionNumber: '',
    StudyDescription: 'CR Hand',
    Modality: 'CR',
  },
] as const;

/** Four studies; the first patient has a CT and an SR series. */
async function filled(): Promise<{ archive: Archive; reader: IndexReader }> {
  const archive = await opened();
  const writer = writerOf(archive);
  for (const [i, values] of STUDIES.entries()) {
    const own = { ...values, SpecificCharacterSet: 'ISO_IR 192', StudyInstanceUID: `1.2.${i}`, PatientBirthDate: `19${5 + i}00101` };
    await store(writer, sample(`1.2.${i}.1.1`, { ...own, SeriesInstanceUID: `1.2.${i}.1` }));
    await store(writer, sample(`1.2.${i}.1.2`, { ...own, SeriesInstanceUID: `1.2.${i}.1`, InstanceNumber: 2 }));
  }
  const report = {
    ...STUDIES[0],
    SpecificCharacterSet: 'ISO_IR 192',
    StudyInstanceUID: '1.2.0',
    SeriesInstanceUID: '1.2.0.2',
    SeriesNumber: 2,
  };
  await store(writer, sample('1.2.0.2.1', { ...report, Modality: 'SR' }));
  await archive.settled();
  const reader = openIndexReader(archive.location);
  onTestFinished(() => reader.close());
  return { archive, reader };
}

describe('searching', () => {
  it('matches as C-FIND does', async () => {
    const { archive, reader } = await filled();
    const cases: [Omit<Query, 'level'>, string[]][] = [
      [{}, ['0', '1', '2', '3']],
      [{ patientName: 'muller*' }, ['0', '1']],
      [{ patientName: 'MÜLLER^J?RGEN' }, ['0']],
      [{ patientName: '*ith*' }, ['2']],
      [{ patientName: 'Smith' }, []],
      [{ patientName: 'smith^john^' }, ['2']],
      [{ patientName: '山田*' }, ['3']],
      [{ patientName: '*太*' }, ['3']],
      [{ patientName: 'yam*=山田*' }, ['3']],
      [{ patientName: 'smith*=山田*' }, []],
      [{ patientID: 'A-*' }, ['0', '1']],
      [{ patientID: 'a-1' }, ['0']],
      [{ patientID: '*-?', studyDate: '-20251231' }, ['2']],
      [{ studyDescription: '*[low*' }, ['0']],
      [{ studyDescription: '*mr*' }, ['1', '2']],
      [{ studyDescription: 'M%' }, []],
      [{ studyDate: '20260105' }, ['0']],
      [{ studyDate: '20260101-' }, ['0', '1']],
      [{ studyDate: '20251231-20260105' }, ['0', '2']],
      [{ patientBirthDate: '19600101-19791231' }, ['1', '2']],
      [{ modality: 'SR' }, ['0']],
      [{ modality: 'MR\\CR' }, ['1', '2', '3']],
      [{ accessionNumber: 'acc?' }, ['0', '1', '2']],
      [{ studyInstanceUID: '1.2.1\\1.2.3' }, ['1', '3']],
      [{ patientName: '*' }, ['0', '1', '2', '3']],
      [{ patientName: '*"; DROP TABLE studies' }, []],
    ];
    for (const [query, expected] of cases) {
      const local = await archive.search({ ...everything, query });
      const found = local.studies.map((study) => study.studyInstanceUID.slice(4)).sort();
      expect([query, found, local.total]).toEqual([query, expected, expected.length]);
      const rows = [...reader.findRows({ level: 'study', ...query })];
      expect([query, rows.map((row) => row.level === 'study' && row.studyInstanceUID.slice(4)).sort()]).toEqual([query, expected]);
    }
  });

  it('answers at every level, with rows as the contract wants them', async () => {
    const { reader } = await filled();
    const rows = (query: Query) => [...reader.findRows(query)].map((row) => matchRow.parse(row));
    expect(rows({ level: 'patient' })).toHaveLength(4);
    expect(rows({ level: 'patient', patientID: 'A-1' })).toMatchObject([
      { patientName: { alphabetic: 'Müller^Jürgen' }, numberOfStudies: 1 },
    ]);
    expect(rows({ level: 'study', modality: 'SR' })).toMatchObject([{ modalities: ['CT', 'SR'], numberOfSeries: 2, numberOfInstances: 3 }]);
    expect(rows({ level: 'series', studyInstanceUID: '1.2.0' })).toMatchObject([
      { modality: 'CT', numberOfInstances: 2 },
      { modality: 'SR' },
    ]);
    expect(rows({ level: 'series', studyInstanceUID: '1.2.0', modality: 'SR' })).toMatchObject([{ seriesInstanceUID: '1.2.0.2' }]);
    expect(rows({ level: 'image', studyInstanceUID: '1.2.0', seriesInstanceUID: '1.2.0.1' })).toMatchObject([
      { instanceNumber: 1 },
      { instanceNumber: 2 },
    ]);
    expect(rows({ level: 'study', patientID: 'B-2' })).toMatchObject([
      { patientName: { alphabetic: 'Yamada^Tarou', ideographic: '山田^太郎', phonetic: 'やまだ^たろう' } },
    ]);
  });

  it('hands out the files of a study, of some series, of one instance', async () => {
    const { archive, reader } = await filled();
    expect(reader.instancesOf({ studyInstanceUID: '1.2.0' })).toHaveLength(3);
    expect(reader.instancesOf({ studyInstanceUID: '1.2.0\\1.2.1' })).toHaveLength(5);
    expect(reader.instancesOf({ studyInstanceUID: '1.2.0', seriesInstanceUID: '1.2.0.2' })).toEqual([
      {
        sopInstanceUID: '1.2.0.2.1',
        sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
        transferSyntaxUID: '1.2.840.10008.1.2.1',
        path: locateInstance(archive.location, '1.2.0.2.1'),
      },
    ]);
    expect(reader.instancesOf({ studyInstanceUID: '1.2.0', sopInstanceUID: '1.2.0.1.2' })).toHaveLength(1);
  });

  it('sorts and pages', async () => {
    const { archive } = await filled();
    const page = async (by: 'studyDate' | 'patientName' | 'arrivedAt', descending: boolean, offset: number) =>
      (await archive.search({ query: {}, sort: { by, descending }, offset, limit: 2 })).studies.map(
        (study) => localStudy.parse(study).studyInstanceUID,
      );
    expect([await page('studyDate', true, 0), await page('studyDate', true, 2)]).toEqual([
      ['1.2.1', '1.2.0'],
      ['1.2.2', '1.2.3'],
    ]);
    expect(await page('patientName', false, 0)).toEqual(['1.2.1', '1.2.0']);
    expect((await archive.search({ ...everything, limit: 1 })).total).toBe(4);
  });
});
