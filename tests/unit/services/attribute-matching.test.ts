import { describe, expect, test } from 'vitest';
import { Dataset } from '../../../electron/dicom/dataset/index.ts';
import { matches } from '../../../electron/dicom/services/attribute-matching.ts';

const ENTRY = Dataset.of({
  PatientName: 'Doe^Jane=山田^花子',
  PatientID: 'P-1(a)',
  StudyInstanceUID: '1.2.3',
  StudyDate: '20261121',
  StudyTime: '081530.5',
  ModalitiesInStudy: ['CT', 'MR'],
  ScheduledProcedureStepSequence: [Dataset.of({ Modality: 'CT' }), Dataset.of({ Modality: 'US' })],
});

describe('a key', () => {
  test.each([
    ['PatientName', 'DOE^*', true],
    ['PatientName', 'doe^jane', true],
    ['PatientName', '山田*', true],
    ['PatientName', '=山田*', true],
    ['PatientName', '山田*=', false],
    ['PatientName', '=*子', true],
    ['PatientName', 'Doe', false],
    ['PatientID', 'P-1(a)', true],
    ['PatientID', 'p-1(a)', false],
    ['PatientID', 'P?1*', true],
    ['PatientID', '*(a', false],
    ['PatientID', '', true],
    ['PatientID', '**', true],
    ['StudyInstanceUID', ['1.2', '1.2.3'], true],
    ['StudyInstanceUID', '1.2.*', false],
    ['StudyDate', '20261121', true],
    ['StudyDate', '20261122-', false],
    ['StudyDate', '-20261121', true],
    ['StudyDate', '20261101-20261130', true],
    ['StudyTime', '08:00-0815', true],
    ['StudyTime', '0816-', false],
    ['StudyTime', '-08', true],
    ['StudyTime', '081530', true],
    ['StudyTime', '0815', false],
    ['ModalitiesInStudy', 'MR', true],
    ['AccessionNumber', 'A', false],
    ['AccessionNumber', '', true],
  ] as const)('%s = %j: %j', (keyword, value, expected) => {
    expect(matches(ENTRY, Dataset.of({ [keyword]: value }))).toBe(expected);
  });

  test('of a sequence matches one item as a whole', () => {
    const asked = (keys: Parameters<typeof Dataset.of>[0]) =>
      matches(ENTRY, Dataset.of({ ScheduledProcedureStepSequence: Dataset.of(keys) }));
    expect(asked({ Modality: 'US' })).toBe(true);
    expect(asked({ Modality: 'MR' })).toBe(false);
    expect(asked({})).toBe(true);
  });

  test('with thousands of stars costs no more than its length', () => {
    const entry = Dataset.of({ PatientID: 'a'.repeat(64) });
    expect(matches(entry, Dataset.of({ PatientID: `${'*a'.repeat(20_000)}*b` }))).toBe(false);
  });
});
