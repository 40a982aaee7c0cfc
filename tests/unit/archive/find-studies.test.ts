import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { Archive } from '../../../electron/archive/index.ts';
import { openForWriting } from '../../../electron/archive/index-database.ts';
import { statements as first } from '../../../electron/archive/migrations/0001-studies-series-instances.ts';
import { foundStudy, type LocalQuery, localQuery } from '../../../shared/contract/index.ts';
import { everything, opened, sample, store, temporaryFolder, temporaryLocation, writerOf } from './fixtures.ts';

const STUDIES = [
  {
    PatientName: 'Müller^Jürgen',
    PatientID: 'A-1',
    PatientBirthDate: '19660106',
    PatientSex: 'M',
    StudyDate: '20260105',
    StudyDescription: 'CT Thorax [low dose]',
    ReferringPhysicianName: 'Weiß^Änne',
    SeriesDescription: 'Thorax 1.0 B60f',
    BodyPartExamined: 'CHEST',
    Modality: 'CT',
  },
  {
    PatientName: 'Smith^John',
    PatientID: 'B-1',
    PatientAge: '045Y',
    PatientSex: 'M',
    StudyDate: '20251231',
    StudyDescription: 'MR Kopf',
    ReferringPhysicianName: 'House^Gregory',
    SeriesDescription: 't2_tse_tra',
    BodyPartExamined: 'BRAIN',
    Modality: 'MR',
  },
  {
    PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
    PatientID: 'B-2',
    PatientBirthDate: '20260101',
    PatientSex: 'O',
    StudyDate: '20260115',
    StudyDescription: '胸部単純撮影',
    SeriesDescription: 'AP',
    BodyPartExamined: 'CHEST',
    Modality: 'DX',
  },
  { PatientName: 'Никитин^Пётр', PatientID: 'C-1', StudyDate: '', StudyDescription: 'Thoraxaufnahme', Modality: 'CR' },
] as const;

async function filled(): Promise<Archive> {
  const archive = await opened();
  const writer = writerOf(archive);
  for (const [i, values] of STUDIES.entries()) {
    const own = { ...values, SpecificCharacterSet: 'ISO_IR 192', StudyInstanceUID: `1.2.${i}`, SeriesInstanceUID: `1.2.${i}.1` };
    await store(writer, sample(`1.2.${i}.1.1`, own));
  }
  const report = { ...STUDIES[0], SpecificCharacterSet: 'ISO_IR 192', StudyInstanceUID: '1.2.0', SeriesInstanceUID: '1.2.0.2' };
  await store(writer, sample('1.2.0.2.1', { ...report, Modality: 'SR', SeriesDescription: 'Befund Kardiologie' }));
  await archive.settled();
  return archive;
}

const found = async (archive: Archive, query: LocalQuery): Promise<string> =>
  (await archive.search({ ...everything, query: localQuery.parse(query) })).studies
    .map((study) => foundStudy.parse(study).studyInstanceUID.slice(4))
    .sort()
    .join('');

describe('searching the archive', () => {
  it('finds studies by everything that it knows of them, and by all of it at once', async () => {
    const archive = await filled();
    const cases: [LocalQuery, string][] = [
      [{ text: 'thorax' }, '03'],
      [{ text: 'THÓRAX low' }, '0'],
      [{ text: 'muller chest' }, '0'],
      [{ text: 'kardio' }, '0'],
      [{ text: 'weiss' }, ''],
      [{ text: 'weiß' }, '0'],
      [{ text: 'anne' }, '0'],
      [{ text: '胸部' }, '2'],
      [{ text: '単純' }, '2'],
      [{ text: '部胸' }, ''],
      [{ text: '山田' }, '2'],
      [{ text: 'никит' }, '3'],
      [{ text: 'петр' }, '3'],
      [{ text: 'A-1' }, '0'],
      [{ text: '"; DROP TABLE studies -- NEAR( * ^' }, ''],
      [{ text: '***' }, '0123'],
      [{ referringPhysicianName: 'weiß*' }, '0'],
      [{ referringPhysicianName: '*greg?ry' }, '1'],
      [{ seriesDescription: 'T2*' }, '1'],
      [{ seriesDescription: '*tse*' }, '1'],
      [{ seriesDescription: '*' }, '0123'],
      [{ bodyPartExamined: 'chest' }, '02'],
      [{ bodyPartExamined: '?hest' }, '02'],
      [{ studyDescription: '*tho*' }, '03'],
      [{ modality: 'SR' }, '0'],
      [{ modality: 'mr\\dx' }, '12'],
      [{ modality: 'R' }, ''],
      [{ patientSex: 'M' }, '01'],
      [{ patientSex: 'M\\O' }, '012'],
      [{ sopInstanceUID: '1.2.0.2.1' }, '0'],
      [{ studyInstanceUID: '1.2.1' }, '1'],
      [{ seriesInstanceUID: '1.2.2.1' }, '2'],
      // The day before a sixtieth birthday.
      [{ patientAge: '059Y' }, '0'],
      [{ patientAge: '060Y-' }, ''],
      [{ patientAge: '040Y-060Y' }, '01'],
      [{ patientAge: '045Y' }, '1'],
      [{ patientAge: '-001M' }, '2'],
      [{ patientAge: '014D-002W' }, '2'],
      [{ patientAge: '015D-' }, '01'],
      [{ arrivedAt: { from: 0 } }, '0123'],
      [{ arrivedAt: { to: 1 } }, ''],
      [{ text: 'thorax', patientSex: 'M', modality: 'CT', studyDate: '20260101-', patientAge: '050Y-' }, '0'],
      [{ text: 'thorax', patientSex: 'F' }, ''],
      [{ incomplete: true }, ''],
      [{ incomplete: false }, '0123'],
    ];
    for (const [query, expected] of cases) expect([query, await found(archive, query)]).toEqual([query, expected]);
  });

  it('knows which studies are incomplete, until the rest comes', async () => {
    const location = temporaryLocation();
    const archive = await opened(location);
    await store(writerOf(archive), sample('1.2.5.1.1', { StudyInstanceUID: '1.2.5' }));
    await archive.settled();
    await archive.markMissing('1.2.5', 17);
    expect(await found(archive, { incomplete: true })).toBe('5');
    expect((await archive.search(everything)).studies).toMatchObject([{ missingInstances: 17 }]);
    await archive.rebuild().done;
    expect(await found(archive, { incomplete: true })).toBe('5');
    await archive.markMissing('1.2.5', 0);
    expect(await found(archive, { incomplete: false })).toBe('5');
  });

  it('sorts by every column, both ways, and pages through to the end', async () => {
    const archive = await filled();
    const columns = [
      'studyDate',
      'patientName',
      'patientID',
      'patientBirthDate',
      'patientAge',
      'patientSex',
      'modality',
      'studyDescription',
      'accessionNumber',
      'referringPhysicianName',
      'numberOfInstances',
      'arrivedAt',
    ] as const;
    for (const by of columns) {
      const page = async (descending: boolean, offset: number, query: LocalQuery = {}) =>
        (await archive.search({ query, sort: { by, descending }, offset, limit: 3 })).studies.map((study) => study.studyInstanceUID);
      const up = [...(await page(false, 0)), ...(await page(false, 3))];
      const down = [...(await page(true, 0)), ...(await page(true, 3))];
      expect([by, new Set(up).size, down]).toEqual([by, 4, up.toReversed()]);
      expect([by, await page(false, 0, { patientSex: 'M\\O' })]).toEqual([by, up.filter((uid) => uid !== '1.2.3')]);
    }
  });

  it('an index of the version before is brought up to date with its studies, and a copy of it is kept', () => {
    const file = path.join(temporaryFolder(), 'index.db');
    const old = new DatabaseSync(file);
    old.exec(`${first} PRAGMA user_version = 1; PRAGMA application_id = ${0x50484f49}`);
    const columns = ['study_uid', 'patient', 'name_alphabetic', 'name_ideographic', 'name_phonetic', 'name_search', 'ideographic_search'];
    const more = [
      'phonetic_search',
      'patient_id',
      'patient_id_search',
      'issuer',
      'birth_date',
      'sex',
      'study_date',
      'study_time',
      'accession',
    ];
    const rest = ['accession_search', 'description', 'description_search', 'study_ref', 'referring_alphabetic', 'referring_ideographic'];
    const all = [...columns, ...more, ...rest, 'referring_phonetic', 'modalities'];
    const value = (column: string) =>
      ({ study_uid: '1.2.3', birth_date: '19660106', study_date: '20260105', description: 'Thorax', referring_alphabetic: 'Weiß^Änne' })[
        column
      ] ?? '';
    old
      .prepare(
        `INSERT INTO studies (${all.join()}, series_count, instance_count, bytes, arrived_at) VALUES (${all.map(() => '?').join()}, 1, 1, 1, 1)`,
      )
      .run(...all.map(value));
    old.exec(`INSERT INTO series (study_id, series_uid, modality, description, body_part, series_date, instance_count, bytes)
      VALUES (1, '1.2.3.4', 'CT', 'Lünge', '', '', 1, 1)`);
    old.close();
    const { database, setAside } = openForWriting(file);
    const words = database.prepare('SELECT rowid FROM studies_words WHERE studies_words MATCH ?');
    expect([setAside, words.get('lunge*')?.rowid, words.get('thorax*')?.rowid]).toEqual([undefined, 1, 1]);
    expect(database.prepare('SELECT age_months, referring_search FROM studies').get()).toMatchObject({
      age_months: 719,
      referring_search: 'weiß^anne==',
    });
    database.close();
    expect(fs.readdirSync(path.dirname(file)).filter((name) => name.includes('.before-'))).toHaveLength(1);
  });
});
