import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Dataset, encodeDataset, type InstanceHeader, StreamingHeader, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { kindOf, SYNTAXES, sampleDataset } from './support.ts';

const EXPLICIT = TransferSyntaxUID.ExplicitVRLittleEndian;
const DEFLATED = TransferSyntaxUID.DeflatedExplicitVRLittleEndian;

function readHeader(bytes: Uint8Array, syntax: string, chunk = bytes.length): InstanceHeader {
  const reader = new StreamingHeader(syntax);
  // One buffer for all chunks, as a socket's reader has: what is kept must have been copied.
  const buffer = new Uint8Array(chunk);
  for (let at = 0; at < bytes.length; at += chunk) {
    const piece = bytes.subarray(at, at + chunk);
    buffer.set(piece);
    if (reader.push(buffer.subarray(0, piece.length))) break;
    buffer.fill(0xee);
  }
  return reader.finish();
}

describe('the header of an arriving instance', () => {
  for (const syntax of SYNTAXES) {
    it(`is the same in chunks of any size (${syntax})`, () => {
      const bytes = encodeDataset(sampleDataset(), syntax);
      const whole = readHeader(bytes, syntax);
      expect(whole).toMatchObject({
        sopInstanceUID: '1.2.3.4.5.6',
        transferSyntaxUID: syntax,
        patientName: { alphabetic: 'Yamada^Tarou', ideographic: '山田^太郎', phonetic: 'やまだ^たろう' },
        referringPhysicianName: { alphabetic: 'Müller^Jürgen' },
        studyDescription: 'CT Schädel',
        seriesNumber: 3,
        instanceNumber: 17,
        acquisitionNumber: undefined,
        numberOfFrames: 1,
        rows: 2,
        columns: 3,
        imagePositionPatient: [-119.5, -120, 33.25],
        imageOrientationPatient: [1, 0, 0, 0, 1, 0],
        bodyPartExamined: '',
      });
      for (const chunk of [1, 2, 3, 7, 8, 11, 12, 13, 64, 1000]) expect(readHeader(bytes, syntax, chunk)).toEqual(whole);
    });
  }

  it('needs nothing after its last attribute: the pixels may never come', () => {
    const bytes = encodeDataset(sampleDataset(), EXPLICIT);
    const pixels = Buffer.from(bytes).lastIndexOf('OW') - 4;
    const reader = new StreamingHeader(EXPLICIT);
    expect(reader.push(bytes.subarray(0, pixels))).toBe(true);
    expect(reader.push(bytes.subarray(pixels))).toBe(true);
    expect(reader.finish().rows).toBe(2);
  });

  it('is the same wherever in a chunk its values stand, and however long they are', () => {
    const uids = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.4', SOPInstanceUID: '1.3', StudyInstanceUID: '1.4', SeriesInstanceUID: '1.5' };
    for (const between of [0, 1900, 1960, 2000, 2040, 2046, 2048, 2050, 2100, 5000]) {
      const bytes = encodeDataset(
        Dataset.of({ ...uids, PatientName: 'N'.repeat(between), PatientID: `ID-${between}`, StudyID: 'S1' }),
        EXPLICIT,
      );
      for (const chunk of [bytes.length, 2047]) {
        const { sopClassUID, sopInstanceUID, studyInstanceUID, seriesInstanceUID, ...rest } = readHeader(bytes, EXPLICIT, chunk);
        expect({ sopClassUID, sopInstanceUID, studyInstanceUID, seriesInstanceUID }).toEqual({
          sopClassUID: uids.SOPClassUID,
          sopInstanceUID: '1.3',
          studyInstanceUID: '1.4',
          seriesInstanceUID: '1.5',
        });
        expect(rest).toMatchObject({ patientID: `ID-${between}`, studyID: 'S1' });
        expect(rest.patientName.alphabetic).toBe('N'.repeat(Math.min(between, rest.patientName.alphabetic.length)));
        expect(rest.patientName.alphabetic.length).toBeGreaterThanOrEqual(Math.min(between, 64));
      }
    }
  });

  it('passes by nested sequences of undefined length, ten thousand deep in breadth', () => {
    const open = Buffer.from('08003011ffffffff', 'hex');
    const item = Buffer.from('feff00e0ffffffff0800501102000000310008005511000000 00feff0de000000000'.replaceAll(' ', ''), 'hex');
    const sequence = Buffer.concat([open, ...Array.from({ length: 10_000 }, () => item), Buffer.from('feffdde000000000', 'hex')]);
    const rest = encodeDataset(sampleDataset(), TransferSyntaxUID.ImplicitVRLittleEndian);
    expect(readHeader(Buffer.concat([sequence, rest]), TransferSyntaxUID.ImplicitVRLittleEndian, 4096).instanceNumber).toBe(17);
  });

  it('keeps no more than its share of a value of 100 MB, and skips unwanted ones', () => {
    const before = encodeDataset(Dataset.of({ SOPClassUID: '1.2', SOPInstanceUID: '1.3' }), EXPLICIT);
    const huge = Buffer.from('09000110 4f42 0000 00e1f505'.replaceAll(' ', ''), 'hex');
    const after = encodeDataset(Dataset.of({ PatientID: 'X', StudyInstanceUID: '1.4', SeriesInstanceUID: '1.5', Rows: 9 }), EXPLICIT);
    const reader = new StreamingHeader(EXPLICIT);
    reader.push(before);
    reader.push(huge);
    const megabyte = new Uint8Array(1_000_000);
    const used = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 100; i += 1) expect(reader.push(megabyte)).toBe(false);
    expect(process.memoryUsage().arrayBuffers - used).toBeLessThan(2_000_000);
    reader.push(after);
    expect(reader.finish()).toMatchObject({ patientID: 'X', rows: 9 });
  });

  it('is found in a deflate bomb without inflating it', () => {
    const header = encodeDataset(sampleDataset().set('PixelData', new Uint8Array(200_000_000)), EXPLICIT);
    const bomb = deflateRawSync(header, { level: 1 });
    const started = performance.now();
    expect(readHeader(bomb, DEFLATED).sopInstanceUID).toBe('1.2.3.4.5.6');
    expect(performance.now() - started).toBeLessThan(250);
  });

  it('is refused when a deflate bomb stands before it, instead of holding up every other association', () => {
    const elements = encodeDataset(
      Dataset.of({ RequestAttributesSequence: [] }).set('PatientComments', new Uint8Array(120_000_000), 'UT'),
      EXPLICIT,
    );
    const bomb = deflateRawSync(Buffer.concat([elements, encodeDataset(sampleDataset(), EXPLICIT)]), { level: 1 });
    const header = new StreamingHeader(DEFLATED);
    expect(header.push(bomb.subarray(0, 1000))).toBe(true);
    expect(() => header.finish()).toThrow(expect.objectContaining({ data: expect.objectContaining({ kind: 'limit-exceeded' }) }));
  });

  it('reads stored, fixed and dynamic deflate blocks', () => {
    const bytes = encodeDataset(sampleDataset(), EXPLICIT);
    const whole = { ...readHeader(bytes, EXPLICIT), transferSyntaxUID: DEFLATED };
    for (const options of [{ level: 0 }, { level: 9, strategy: 4 }, { level: 9 }]) {
      expect(readHeader(deflateRawSync(bytes, options), DEFLATED, 5)).toEqual(whole);
    }
  });

  it('finds UIDs that stand in the wrong order', () => {
    const late = encodeDataset(
      Dataset.of({ StudyInstanceUID: '1.4', SeriesInstanceUID: '1.5', SOPClassUID: '1.2', SOPInstanceUID: '1.3' }),
      EXPLICIT,
    );
    const early = encodeDataset(Dataset.of({ Rows: 5, Columns: 6, BitsAllocated: 16 }), EXPLICIT);
    expect(readHeader(Buffer.concat([early, late]), EXPLICIT)).toMatchObject({ rows: 5, studyInstanceUID: '1.4' });
  });

  it('is refused when a UID is missing or unusable, when it ends too early, and when it is no DICOM', () => {
    const without = sampleDataset();
    without.delete(0x0020000d);
    expect(kindOf(() => readHeader(encodeDataset(without, EXPLICIT), EXPLICIT))).toBe('damaged');
    expect(
      kindOf(() => readHeader(encodeDataset(sampleDataset().set('SOPInstanceUID', '../../etc'.padEnd(200, 'x')), EXPLICIT), EXPLICIT)),
    ).toBe('damaged');
    expect(kindOf(() => readHeader(encodeDataset(sampleDataset().set('SOPInstanceUID', '1.2 3'), EXPLICIT), EXPLICIT))).toBe('damaged');
    expect(kindOf(() => readHeader(encodeDataset(sampleDataset(), EXPLICIT).subarray(0, 300), EXPLICIT))).toBe('damaged');
    expect(kindOf(() => readHeader(Buffer.from('hello, I am a text file and no image'), EXPLICIT))).toBe('not-dicom');
    expect(kindOf(() => readHeader(new Uint8Array(0), EXPLICIT))).toBe('not-dicom');
    expect(kindOf(() => readHeader(Buffer.from('ffffffffff', 'hex'), DEFLATED))).toBe('damaged');
  });
});
