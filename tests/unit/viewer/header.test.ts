import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Dataset } from '../../../electron/dicom/dataset/index.ts';
import { itemOf, objectOfFile, part10Of } from '../../support/objects.ts';
import { temporaryFolder } from '../archive/fixtures.ts';

describe('the elements of an instance in the window', () => {
  it('are read by tag, in the form that is asked for', () => {
    const item = itemOf(
      Dataset.of({
        SpecificCharacterSet: 'ISO_IR 192',
        PatientName: 'Müller^Jörg=山田^太郎',
        PixelSpacing: ['0.5', '0.75'],
        Rows: 512,
        StudyDate: '20260102',
        ImageComments: '',
        ReferencedImageSequence: [Dataset.of({ ReferencedSOPInstanceUID: '1.2.3' }), Dataset.of({})],
      }),
    );
    expect(item.string('00100010')).toBe('Müller, Jörg');
    expect(item.nameGroups('00100010')?.Ideographic).toBe('山田^太郎');
    expect(item.numbers('00280030')).toEqual([0.5, 0.75]);
    expect(item.number('00280010')).toBe(512);
    expect(item.string('00280010')).toBe('512');
    expect(item.string('00080020')).toBe('20260102');
    expect(item.number('00080020')).toBe(20260102);
    expect(item.string('00204000')).toBe('');
    expect(item.sequence('00081140').map((one) => one.string('00081155'))).toEqual(['1.2.3', '']);
    expect([item.sequence('00100010'), item.numbers('00100010'), item.string('00081140'), item.first('0040A730')]).toEqual([
      [],
      [],
      '',
      undefined,
    ]);
  });

  it.each([
    ['explicit', '1.2.840.10008.1.2.1'],
    ['big endian', '1.2.840.10008.1.2.2'],
    ['deflated', '1.2.840.10008.1.2.1.99'],
  ])('have long values in the file, whose bytes are little endian whatever it is (%s)', async (_, syntax) => {
    const words = Uint8Array.from({ length: 4000 }, (_unused, i) => i % 251);
    const dataset = Dataset.of({
      PatientID: 'P1',
      WaveformSequence: [Dataset.of({ WaveformBitsAllocated: 16 }).set('WaveformData', words, 'OW')],
    });
    const path = join(temporaryFolder(), 'file.dcm');
    writeFileSync(path, part10Of(dataset, syntax));
    const object = objectOfFile(path);
    const [group] = object.root.sequence('54000100');
    expect(group?.inlineBytes('54001010')).toBeUndefined();
    const bytes = group === undefined ? undefined : await object.bytes(group, '54001010');
    expect(bytes).toEqual(words);
  });
});
