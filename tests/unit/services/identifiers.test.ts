import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dataset, decodeDataset, encodeDataset, Tag } from '../../../electron/dicom/dataset/index.ts';
import {
  findIdentifier,
  matchRowOf,
  mayBePrivateStorage,
  retrieveIdentifier,
  SOPClass,
  STORAGE_SOP_CLASSES,
  sopClassName,
} from '../../../electron/dicom/services/index.ts';
import { matchRow, type Query } from '../../../shared/contract/index.ts';

const LEVELS = ['patient', 'study', 'series', 'image'] as const;
const IMPLICIT = '1.2.840.10008.1.2';

describe('what a search asks for', () => {
  test('matching keys of its level, and everything a row shows', () => {
    const identifier = findIdentifier({ level: 'study', patientName: 'DOE*', studyDate: '20260101-', modality: 'CT' });
    expect(identifier.string(Tag.QueryRetrieveLevel)).toBe('STUDY');
    expect(identifier.string(Tag.PatientName)).toBe('DOE*');
    expect(identifier.string(Tag.StudyDate)).toBe('20260101-');
    expect(identifier.string(Tag.ModalitiesInStudy)).toBe('CT');
    for (const tag of [Tag.StudyInstanceUID, Tag.PatientBirthDate, Tag.NumberOfStudyRelatedInstances, Tag.AccessionNumber]) {
      expect(identifier.has(tag), tag.toString(16)).toBe(true);
      expect(identifier.string(tag)).toBe('');
    }
  });

  test('below study level no key of a level above but its UIDs (PS3.4 C.4.1.2.1)', () => {
    const query: Query = {
      level: 'series',
      patientName: 'X',
      studyDate: '20260101',
      modality: 'MR',
      studyInstanceUID: '1.2',
      seriesInstanceUID: '1.3',
    };
    const series = findIdentifier(query);
    expect([series.has(Tag.PatientName), series.has(Tag.StudyDate)]).toEqual([false, false]);
    expect([series.string(Tag.StudyInstanceUID), series.string(Tag.Modality)]).toEqual(['1.2', 'MR']);
    const image = findIdentifier({ ...query, level: 'image' });
    expect([image.string(Tag.StudyInstanceUID), image.string(Tag.SeriesInstanceUID)]).toEqual(['1.2', '1.3']);
    expect(image.has(Tag.SOPInstanceUID)).toBe(true);
  });

  test('a character set is named only where a key needs one', () => {
    expect(findIdentifier({ level: 'study', patientName: 'DOE' }).has(Tag.SpecificCharacterSet)).toBe(false);
    const name = findIdentifier({ level: 'study', patientName: '山田*' });
    expect(name.string(Tag.SpecificCharacterSet)).toBe('ISO_IR 192');
    expect(decodeDataset(encodeDataset(name, IMPLICIT), IMPLICIT).string(Tag.PatientName)).toBe('山田*');
  });

  test('every level can be encoded in both common syntaxes', () => {
    for (const level of LEVELS) {
      for (const syntax of [IMPLICIT, '1.2.840.10008.1.2.1']) {
        const identifier = findIdentifier({ level });
        expect(decodeDataset(encodeDataset(identifier, syntax), syntax).size).toBe(identifier.size);
      }
    }
  });
});

test('a retrieve names its level by the deepest UID given', () => {
  const level = (keys: Parameters<typeof retrieveIdentifier>[0]) => retrieveIdentifier(keys).string(Tag.QueryRetrieveLevel);
  expect(level({ studyInstanceUID: '1' })).toBe('STUDY');
  expect(level({ studyInstanceUID: '1', seriesInstanceUID: '2' })).toBe('SERIES');
  const images = retrieveIdentifier({ studyInstanceUID: '1', seriesInstanceUID: '2', sopInstanceUIDs: ['3', '4'] });
  expect(images.string(Tag.QueryRetrieveLevel)).toBe('IMAGE');
  expect(images.strings(Tag.SOPInstanceUID)).toEqual(['3', '4']);
  expect(() => retrieveIdentifier({ studyInstanceUID: '1', sopInstanceUIDs: [] })).toThrow('no instances');
});

describe('matches become rows', () => {
  const full = Dataset.of({
    SpecificCharacterSet: 'ISO_IR 192',
    PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
    PatientID: ' 0815 ',
    PatientBirthDate: '19700101',
    PatientSex: 'M',
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.4',
    SOPInstanceUID: '1.2.3.4.5',
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    StudyDate: '20260203',
    ModalitiesInStudy: ['CT', 'CT', 'SR', ''],
    NumberOfStudyRelatedSeries: 3,
    NumberOfStudyRelatedInstances: 512,
    NumberOfPatientRelatedStudies: 2,
    SeriesNumber: 4,
    InstanceNumber: -1,
    Modality: 'CT',
  });

  test('with names in all their groups, counts and lists', () => {
    expect(matchRowOf('study', full)).toMatchObject({
      patientName: { alphabetic: 'Yamada^Tarou', ideographic: '山田^太郎', phonetic: 'やまだ^たろう' },
      patientID: '0815',
      modalities: ['CT', 'SR'],
      numberOfSeries: 3,
      numberOfInstances: 512,
    });
    expect(matchRowOf('patient', full)).toMatchObject({ level: 'patient', numberOfStudies: 2 });
    expect(matchRowOf('series', full)).toMatchObject({ seriesInstanceUID: '1.2.3.4', seriesNumber: 4, modality: 'CT' });
    expect(matchRowOf('image', full)).toMatchObject({ sopInstanceUID: '1.2.3.4.5', instanceNumber: -1 });
  });

  test('UIDs that the archive left out come from the query', () => {
    const bare = Dataset.of({ SOPInstanceUID: '1.9' });
    expect(matchRowOf('image', bare)).toBeUndefined();
    const query: Query = { level: 'image', studyInstanceUID: '1.2', seriesInstanceUID: '1.3' };
    expect(matchRowOf('image', bare, query)).toMatchObject({ studyInstanceUID: '1.2', seriesInstanceUID: '1.3', sopInstanceUID: '1.9' });
  });

  test('a match without the UID of its level is none', () => {
    for (const level of ['study', 'series', 'image'] as const) expect(matchRowOf(level, new Dataset())).toBeUndefined();
    expect(matchRowOf('study', Dataset.of({ StudyInstanceUID: 'not a uid' }))).toBeUndefined();
    expect(matchRowOf('patient', new Dataset())).toMatchObject({ patientID: '', patientName: { alphabetic: '' } });
  });

  test('whatever an archive answers, a row fits the contract', () => {
    const odd = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constant('x'.repeat(5000)),
      fc.constant('1.2.3'),
      fc.constant('-7'),
      fc.constant('9e99'),
    );
    const keywords = [
      'PatientName',
      'PatientID',
      'StudyDate',
      'StudyDescription',
      'SeriesNumber',
      'InstanceNumber',
      'NumberOfStudyRelatedInstances',
    ];
    const dataset = fc
      .tuple(fc.dictionary(fc.constantFrom(...keywords), odd), odd, fc.array(odd, { maxLength: 100 }))
      .map(([values, uid, modalities]) => {
        const made = Dataset.of({
          StudyInstanceUID: uid,
          SeriesInstanceUID: uid,
          SOPInstanceUID: uid,
          SOPClassUID: uid,
          ModalitiesInStudy: modalities,
        });
        for (const [keyword, value] of Object.entries(values)) made.set(keyword, value);
        return made;
      });
    fc.assert(
      fc.property(dataset, fc.constantFrom(...LEVELS), (identifier, level) => {
        const row = matchRowOf(level, identifier);
        if (row !== undefined) expect(matchRow.safeParse(row).error).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

test('SOP classes have their names, and no UID stands twice', () => {
  expect(sopClassName(SOPClass.StudyRootFind)).toContain('Study Root');
  expect(sopClassName('1.2.840.10008.5.1.4.1.1.2')).toBe('CT Image Storage');
  expect(sopClassName('1.2.3')).toBeUndefined();
  expect(STORAGE_SOP_CLASSES.size).toBe(211);
  // The newest of PS3.6 2026.
  for (const suffix of ['481.23', '481.24', '481.25', '88.77', '9.100.1', '601.4']) {
    expect(STORAGE_SOP_CLASSES.has(`1.2.840.10008.5.1.4.1.1.${suffix}`)).toBe(true);
  }
  for (const uid of STORAGE_SOP_CLASSES.keys()) expect(uid).toMatch(/^1\.2\.840\.10008\.5\.1\.[0-9.]+$/);
});

describe('a SOP class that a caller proposes', () => {
  test.each(['1.2.840.113619.4.27', '1.3.12.2.1107.5.9.1', '1.2.840.10008.5.1.4.1.1.9999'])(
    '%s may be a storage class that the standard does not know',
    (uid) => {
      expect(mayBePrivateStorage(uid)).toBe(true);
    },
  );

  test.each([
    ['a known one', '1.2.840.10008.5.1.4.1.1.2'],
    ['Verification', '1.2.840.10008.1.1'],
    ['a query', SOPClass.StudyRootFind],
    ['a query among the storage classes', '1.2.840.10008.5.1.4.1.1.200.4'],
    ['a print service', '1.2.840.10008.5.1.1.9'],
    ['no UID', 'abc'],
  ])('may not where it is %s', (_, uid) => {
    expect(mayBePrivateStorage(uid)).toBe(false);
  });
});
