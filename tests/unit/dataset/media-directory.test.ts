import { describe, expect, it } from 'vitest';
import { Dataset, decodeDataset, MediaDirectory, readPart10Meta, type ValueInput } from '../../../electron/dicom/dataset/index.ts';
import { STORAGE_SOP_CLASSES } from '../../../electron/dicom/services/storage-sop-classes.ts';

const NOW = () => ({ date: '20260102', time: '030405' });
const EXPLICIT = '1.2.840.10008.1.2.1';
const TYPE = 0x00041430;
const CHARACTER_SET = 0x00080005;
const CONTENT_SEQUENCE = 0x0040a730;

function file(order: number, values: Readonly<Record<string, ValueInput>>) {
  const dataset = Dataset.of({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: `1.2.3.${order}`,
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.1',
    PatientID: 'P',
    ...values,
  });
  return { dataset, transferSyntaxUID: EXPLICIT, fileID: ['DICOM', `IM${order}`], order };
}

function recordsOf(files: readonly ReturnType<typeof file>[]): readonly Dataset[] {
  const directory = new MediaDirectory('extended', NOW);
  for (const one of files) directory.add(one);
  const bytes = directory.encode('1.2.3.4');
  return decodeDataset(bytes.subarray(readPart10Meta(bytes).dataSetOffset), EXPLICIT).items(0x00041220);
}

const types = (records: readonly Dataset[]): string[] => records.map((record) => record.string(TYPE));

describe('a media directory', () => {
  it('is the same whatever the order its files come in, sorted by number', () => {
    const files = [3, 1, 2].map((number, order) => file(order, { InstanceNumber: number, PatientName: `Name ${order}` }));
    const [a, b] = [recordsOf(files), recordsOf(files.toReversed())];
    expect(a.map((record) => [...record].map(({ value }) => value))).toEqual(b.map((record) => [...record].map(({ value }) => value)));
    expect(types(a)).toEqual(['PATIENT', 'STUDY', 'SERIES', 'IMAGE', 'IMAGE', 'IMAGE']);
    expect(a.slice(3).map((record) => record.number(0x00200013))).toEqual([1, 2, 3]);
    expect(a[0]?.string(0x00100010)).toBe('Name 0');
  });

  it('makes up what must have a value, and leaves the file alone', () => {
    const one = file(0, { PatientID: '' });
    const [patient, study, series, image] = recordsOf([one]);
    expect([patient?.string(0x00100020), study?.string(0x00200010)]).toEqual(['PATIENT00000001', 'STUDY00000001']);
    expect([study?.string(0x00080020), study?.string(0x00080030)]).toEqual(['20260102', '030405']);
    expect([series?.number(0x00200011), image?.number(0x00200013)]).toEqual([1, 1]);
    expect(one.dataset.string(0x00100020)).toBe('');
  });

  it('does not call two studies of nobody one patient', () => {
    const records = recordsOf([file(0, { PatientID: '' }), file(1, { PatientID: '', StudyInstanceUID: '1.2.4' })]);
    expect(types(records).filter((type) => type === 'PATIENT')).toHaveLength(2);
  });

  it('keeps the character set of a file that can say its text, and takes UTF-8 for one that cannot', () => {
    const latin = recordsOf([file(0, { SpecificCharacterSet: 'ISO_IR 100', PatientName: 'Müller' })]);
    const wrong = recordsOf([file(0, { SpecificCharacterSet: 'ISO_IR 100', PatientName: 'Łódź' })]);
    expect([latin[0]?.string(CHARACTER_SET), latin[0]?.string(0x00100010)]).toEqual(['ISO_IR 100', 'Müller']);
    expect([wrong[0]?.string(CHARACTER_SET), wrong[0]?.string(0x00100010)]).toEqual(['ISO_IR 192', 'Łódź']);
    expect(latin[3]?.has(CHARACTER_SET), 'an image record has no text').toBe(false);
  });

  it('has a report with what modifies its title only, and when it was last verified', () => {
    const item = (relationship: string): Dataset => Dataset.of({ RelationshipType: relationship });
    const report = file(0, {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11',
      VerificationFlag: 'VERIFIED',
      VerifyingObserverSequence: [Dataset.of({ VerificationDateTime: '20250101' }), Dataset.of({ VerificationDateTime: '20260101' })],
      ContentSequence: [item('CONTAINS'), item('HAS CONCEPT MOD')],
    });
    const record = recordsOf([report]).at(-1);
    expect([record?.string(TYPE), record?.string(0x0040a030)]).toEqual(['SR DOCUMENT', '20260101']);
    expect(record?.items(CONTENT_SEQUENCE).map((one) => one.string(0x0040a010))).toEqual(['HAS CONCEPT MOD']);
  });

  it('puts what belongs to no patient below the root', () => {
    const records = recordsOf([file(0, { SOPClassUID: '1.2.840.10008.5.1.4.38.1', HangingProtocolName: 'CT' })]);
    expect(types(records)).toEqual(['HANGING PROTOCOL']);
  });

  it('has a record type for every storage class that is no image', () => {
    const images = [...STORAGE_SOP_CLASSES].filter(([uid]) => types(recordsOf([file(0, { SOPClassUID: uid })])).at(-1) === 'IMAGE');
    const others = images.filter(
      ([, name]) =>
        !/Image|Segmentation|Photo|Video|Parametric|Volume|Reconstruction|Map|Hardcopy|Mammography|Tomography|Microscopy/i.test(name),
    );
    // Annex F has no record for procedure protocols and for luggage.
    expect(others.map(([, name]) => name).filter((name) => !/^DICOS|Protocol/.test(name))).toEqual([]);
  });
});
