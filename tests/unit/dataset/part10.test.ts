import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dcmjs from 'dcmjs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  BulkReference,
  encodeDataset,
  memorySource,
  readFrameFragments,
  readPart10,
  readPart10Meta,
  Tag,
  TransferSyntaxUID,
  toDicomJson,
} from '../../../electron/dicom/dataset/index.ts';
import { kindOf, SYNTAXES, sampleDataset, sampleFile } from './support.ts';

const EXPLICIT = TransferSyntaxUID.ExplicitVRLittleEndian;

describe('files', () => {
  it.each(SYNTAXES)('give header and pixel range back (%s)', (syntax) => {
    const file = readPart10(memorySource(sampleFile(syntax)));
    expect(file.meta.transferSyntaxUID).toBe(syntax);
    expect(file.meta.metaElements.string(Tag.SourceApplicationEntityTitle)).toBe('TESTS');
    expect(file.truncated).toBe(false);
    const { offset = 0, length = 0 } = file.pixelData ?? {};
    const little =
      syntax === TransferSyntaxUID.ExplicitVRBigEndian ? [2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11] : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    expect([...file.source.read(offset, length)]).toEqual(little);
    const json = toDicomJson(file.dataset);
    expect(json['00081140']).toEqual(toDicomJson(sampleDataset())['00081140']);
  });

  it('without preamble, or without any meta, are read all the same', () => {
    const bytes = sampleFile(EXPLICIT);
    expect(readPart10Meta(bytes.subarray(128))).toMatchObject({ transferSyntaxUID: EXPLICIT });
    for (const syntax of [EXPLICIT, TransferSyntaxUID.ImplicitVRLittleEndian, TransferSyntaxUID.ExplicitVRBigEndian]) {
      const bare = encodeDataset(sampleDataset(), syntax);
      expect(readPart10Meta(bare)).toMatchObject({ transferSyntaxUID: syntax, dataSetOffset: 0 });
    }
  });

  it('that are none are refused as such', () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.alloc(500),
      Buffer.from('%PDF-1.7 and so on, long enough to look'),
      Buffer.alloc(200, 0xff),
    ]) {
      expect(kindOf(() => readPart10(memorySource(bytes)))).toBe('not-dicom');
    }
  });

  it('cut short are read as far as they go and marked', () => {
    const bytes = sampleFile(EXPLICIT);
    const pixels = readPart10(memorySource(bytes)).pixelData?.offset ?? 0;
    const half = readPart10(memorySource(bytes.subarray(0, pixels + 5)));
    expect(half).toMatchObject({ truncated: true, pixelData: { length: 5 } });
    const header = readPart10(memorySource(bytes.subarray(0, 600)));
    expect(header.truncated).toBe(true);
    expect(header.dataset.uid(Tag.SOPInstanceUID)).toBe('1.2.3.4.5.6');
  });

  it('keep long values where they are, palettes excepted', () => {
    const dataset = sampleDataset()
      .set('RedPaletteColorLookupTableData', new Uint8Array(131_072).fill(7))
      .set('EncapsulatedDocument', new Uint8Array(100_000).fill(9));
    const bytes = sampleFile(EXPLICIT, dataset);
    const file = readPart10(memorySource(bytes));
    const bulk = file.dataset.bulk(0x00420011);
    expect(bulk).toBeInstanceOf(BulkReference);
    expect(file.source.read(bulk?.offset ?? 0, bulk?.length ?? 0).every((byte) => byte === 9)).toBe(true);
    expect(file.dataset.bytes(Tag.RedPaletteColorLookupTableData)?.length).toBe(131_072);
  });

  it('are read through a source that gives a few bytes at a time from disk', () => {
    const bytes = sampleFile(EXPLICIT);
    const reads: number[] = [];
    const source = {
      size: bytes.length,
      read: (offset: number, length: number) => {
        reads.push(length);
        return bytes.slice(offset, offset + length);
      },
    };
    expect(readPart10(source).dataset.number(Tag.InstanceNumber)).toBe(17);
    expect(reads.length).toBeLessThan(6);
  });
});

describe('other readers agree with what we write', () => {
  const directory = mkdtempSync(join(tmpdir(), 'phosphor-dataset-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(SYNTAXES)('dcmdump reads it without a complaint (%s)', (syntax) => {
    const path = join(directory, 'sample.dcm');
    writeFileSync(path, sampleFile(syntax));
    const dump = execFileSync('dcmdump', ['-q', '+U8', '+L', path], { encoding: 'utf8' });
    expect(dump).toContain('[Yamada^Tarou=山田^太郎=やまだ^たろう]');
    expect(dump).toContain('[CT Schädel]');
    expect(dump).toContain('[121311]');
    expect(dump).toContain('[-119.5\\-120\\33.25]');
    expect(execFileSync('dcmftest', [path], { encoding: 'utf8' })).toMatch(/^yes/);
  });

  it('dcmjs reads the same values', () => {
    const dataset = sampleDataset();
    // dcmjs does not know SV and says so on standard error.
    dataset.delete(0x00091002);
    const bytes = sampleFile(EXPLICIT, dataset);
    const read = dcmjs.data.DicomMessage.readFile(new Uint8Array(bytes).buffer);
    expect(read.meta['00020010']?.Value).toEqual([EXPLICIT]);
    expect(read.dict['00200032']?.Value.map(Number)).toEqual([-119.5, -120, 33.25]);
    expect(read.dict['00081140']?.Value[0]?.['0040A170']?.Value[0]?.['00080100']?.Value).toEqual(['121311']);
    expect(read.dict['00081030']?.Value).toEqual(['CT Schädel']);
    expect(read.dict['00280010']?.Value).toEqual([2]);
  });
});

describe('frames of encapsulated pixel data', () => {
  const le32 = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
    return bytes;
  };
  const item = (bytes: Uint8Array) => Buffer.concat([Buffer.from('feff00e0', 'hex'), le32(bytes.length), bytes]);
  const END = Buffer.from('feffdde000000000', 'hex');
  const jpeg = (fill: number) => Buffer.concat([Buffer.from('ffd8', 'hex'), Buffer.alloc(8, fill)]);
  const rest = (fill: number) => Buffer.alloc(6, fill);
  const find = (items: Uint8Array[], frames: number, options = {}) => {
    const bytes = Buffer.concat([...items.map(item), END]);
    const found = readFrameFragments(memorySource(bytes), { offset: 0, length: bytes.length }, frames, options);
    return { ...found, lengths: found.frames.map((frame) => frame.map(([, length]) => length)), bytes };
  };

  it('are told apart by the Basic Offset Table', () => {
    const found = find([le32(0, 18 + 14), jpeg(1), rest(1), jpeg(2)], 2);
    expect(found).toMatchObject({ by: 'basic-offset-table', lengths: [[10, 6], [10]], truncated: false });
    const [offset = 0, length = 0] = found.frames[1]?.[0] ?? [];
    expect(found.bytes.subarray(offset, offset + length)).toEqual(jpeg(2));
  });

  it('by the Extended Offset Table', () => {
    const table = Buffer.alloc(16);
    table.writeBigUInt64LE(32n, 8);
    expect(find([Buffer.alloc(0), jpeg(1), rest(1), jpeg(2)], 2, { extendedOffsetTable: table })).toMatchObject({
      by: 'extended-offset-table',
      lengths: [[10, 6], [10]],
    });
  });

  it('by one fragment each without a table, and one frame takes all fragments', () => {
    expect(find([Buffer.alloc(0), jpeg(1), jpeg(2)], 2)).toMatchObject({ by: 'fragment-per-frame', lengths: [[10], [10]] });
    expect(find([Buffer.alloc(0), jpeg(1), rest(1), rest(1)], 1)).toMatchObject({ by: 'single-frame', lengths: [[10, 6, 6]] });
  });

  it('by where a stream begins when the table is wrong', () => {
    for (const table of [le32(0, 5), le32(0, 0), le32(8, 32), le32(0, 4_000_000_000), le32(0)]) {
      expect(find([table, jpeg(1), rest(1), jpeg(2)], 2)).toMatchObject({ by: 'stream-starts', lengths: [[10, 6], [10]] });
    }
  });

  it('that are missing are empty, and a sequence without its end is marked', () => {
    expect(find([Buffer.alloc(0), jpeg(1)], 3)).toMatchObject({ lengths: [[10], [], []] });
    const bytes = Buffer.concat([item(Buffer.alloc(0)), item(jpeg(1)), item(jpeg(2)).subarray(0, 12)]);
    const found = readFrameFragments(memorySource(bytes), { offset: 0, length: bytes.length }, 2);
    expect(found.truncated).toBe(true);
    expect(found.frames[1]).toEqual([[34, 4]]);
  });

  it('are refused when there are no items, or too many', () => {
    expect(kindOf(() => readFrameFragments(memorySource(Buffer.alloc(40)), { offset: 0, length: 40 }, 1))).toBe('damaged');
    expect(kindOf(() => find([Buffer.alloc(0), jpeg(1), jpeg(2)], 2, { maxFragments: 1 }))).toBe('limit-exceeded');
    // The largest number that Number of Frames can say: a list of so many would end the thread.
    expect(kindOf(() => find([Buffer.alloc(0), jpeg(1)], 2_147_483_647))).toBe('limit-exceeded');
  });
});
