import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { locateInstance } from '../../../electron/archive/index.ts';
import { Dataset } from '../../../electron/dicom/dataset/index.ts';
import { bulkRangesOf, instanceHeader, readDicomJson } from '../../../shared/contract/index.ts';
import { opened, sample, store, writerOf } from './fixtures.ts';

describe('the header of an instance', () => {
  it('is its elements as JSON, text decoded, with its pixels as a range of the file', async () => {
    const archive = await opened();
    await store(
      writerOf(archive),
      sample('1.2.3.4', { SpecificCharacterSet: 'ISO_IR 192', PatientName: 'Müller^Jörg' }, { rows: 32, fill: 0x0abc }),
    );
    const header = instanceHeader.parse(await archive.header({ sopInstanceUID: '1.2.3.4' }));
    const json = readDicomJson(header.json);
    expect(header.truncated).toBe(false);
    expect(json['00100010']?.Value).toEqual([{ Alphabetic: 'Müller^Jörg' }]);
    expect(json['00020010']?.Value).toEqual([header.transferSyntaxUID]);
    expect(header.names).toMatchObject({ '00100010': 'PatientName', '00020010': 'TransferSyntaxUID' });
    const [pixels] = bulkRangesOf(json['7FE00010']?.BulkDataURI ?? '');
    const file = fs.readFileSync(locateInstance(archive.location, '1.2.3.4'));
    expect(header.fileBytes).toBe(file.length);
    expect(pixels?.length).toBe(2048);
    expect(file.readUInt16LE(pixels?.offset)).toBe(0x0abc);
  });

  it('is refused for an instance that the archive does not hold', async () => {
    const archive = await opened();
    await expect(archive.header({ sopInstanceUID: '1.2.3.999' })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('is cut, and says so, where it would be too long for a window', async () => {
    const archive = await opened();
    const item = Dataset.of({ TextValue: 'a'.repeat(900 * 1024) });
    await store(
      writerOf(archive),
      sample('1.2.3.5', { ReferencedImageSequence: Array.from({ length: 12 }, () => item), ImageComments: 'kept' }),
    );
    const header = instanceHeader.parse(await archive.header({ sopInstanceUID: '1.2.3.5' }));
    expect(header.truncated).toBe(true);
    expect(readDicomJson(header.json)['0020000D']?.Value).toEqual(['1.2.3']);
    expect(header.json.length).toBeGreaterThan(7_000_000);
  });
});

describe('the JSON model of a header', () => {
  it('is taken in as it is, and refused where it is something else', () => {
    const whole =
      '{"00400275":{"vr":"SQ","Value":[{"00080018":{"vr":"UI","Value":["1.2",null]}}]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"A"}]}}';
    expect(readDicomJson(whole)).toEqual(JSON.parse(whole));
    for (const broken of [
      '',
      '[]',
      '{"0040":{"vr":"SQ"}}',
      '{"00400275":{"vr":"SQ","Value":[1]}}',
      '{"00080018":{"Value":["1"]}}',
      '{"00080018":{"vr":"UI","Value":[{}]}}',
      '{"00080018":{"vr":"UI","more":1}}',
      '{"7FE00010":{"vr":"OW","BulkDataURI":"file:///etc"}}',
    ]) {
      expect(() => readDicomJson(broken), broken).toThrow('JSON model');
    }
  });

  it('names ranges of the file', () => {
    expect(bulkRangesOf('bytes:10,20')).toEqual([{ offset: 10, length: 20 }]);
    expect(bulkRangesOf('fragments:1,2;3,4')).toEqual([
      { offset: 1, length: 2 },
      { offset: 3, length: 4 },
    ]);
  });
});
