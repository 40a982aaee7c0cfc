import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  BulkReference,
  Dataset,
  decodeDataset,
  encodeDataset,
  entryOf,
  TRANSFER_SYNTAXES,
  TransferSyntaxUID,
  tagOf,
  toDicomJson,
  transferSyntaxOf,
  vrOf,
} from '../../../electron/dicom/dataset/index.ts';
import { kindOf, SYNTAXES, sampleDataset } from './support.ts';

const IMPLICIT = TransferSyntaxUID.ImplicitVRLittleEndian;
const EXPLICIT = TransferSyntaxUID.ExplicitVRLittleEndian;

describe('data sets', () => {
  it.each(SYNTAXES)('comes back from %s as it was written', (syntax) => {
    const read = decodeDataset(encodeDataset(sampleDataset(), syntax), syntax);
    const json = toDicomJson(read);
    const expected = toDicomJson(sampleDataset());
    if (syntax === IMPLICIT) {
      // Private elements have no VR in an implicit data set.
      expect(json['00091002']?.vr).toBe('UN');
      const { '00091001': _a, '00091002': _b, ...rest } = expected;
      expect(json).toMatchObject(rest);
    } else {
      expect({ ...json, '00091001': undefined }).toEqual({ ...expected, '00091001': undefined });
      expect(json['00091001']?.InlineBinary).toBe(Buffer.from([1, 2, 3, 0]).toString('base64'));
    }
  });

  it('writes elements in ascending order whatever order they were set in', () => {
    const dataset = new Dataset().set('Rows', 1).set('PatientID', 'X').set('Modality', 'CT');
    expect(dataset.elements().map(({ tag }) => tag)).toEqual([0x00080060, 0x00100020, 0x00280010]);
  });

  it('pads text with a space, UIDs with NUL, bytes with NUL', () => {
    const bytes = encodeDataset(Dataset.of({ PatientID: 'ABC', StudyInstanceUID: '1.2', EncryptedContent: Uint8Array.of(7) }), EXPLICIT);
    const text = Buffer.from(bytes).toString('latin1');
    expect(text).toContain('ABC ');
    expect(text).toContain('1.2\0');
    expect(bytes.length % 2).toBe(0);
  });

  it('computes the group length of a command set', () => {
    const command = Dataset.of({ AffectedSOPClassUID: '1.2.840.10008.1.1', CommandField: 0x30, MessageID: 1, CommandDataSetType: 0x101 });
    const bytes = encodeDataset(command, IMPLICIT);
    expect(decodeDataset(bytes, IMPLICIT).number(0)).toBe(bytes.length - 12);
  });

  it('reads sequences and items of undefined length, nested, and forgives a missing item delimiter', () => {
    const nested = hex('08003011 ffffffff feff00e0 ffffffff 08003011 ffffffff feff00e0 0a000000 08005011 02000000 3100 feffdde0 00000000');
    const closed = Buffer.concat([nested, hex('feff0de0 00000000 feffdde0 00000000 10002000 04000000 50617431')]);
    const open = Buffer.concat([nested, hex('feffdde0 00000000 10002000 04000000 50617431')]);
    for (const bytes of [closed, open]) {
      const read = decodeDataset(bytes, IMPLICIT);
      expect(read.items(0x00081130)[0]?.items(0x00081130)[0]?.strings(0x00081150)).toEqual(['1']);
      expect(read.string(0x00100020)).toBe('Pat1');
    }
  });

  it('reads UN of undefined length as an implicit sequence, and a standard element sent as UN by the dictionary', () => {
    const bytes = hex(
      '09001010 554e 0000 ffffffff feff00e0 0c000000 10002000 04000000 50617431 feffdde0 00000000 10002000 554e 0000 02000000 4142',
    );
    const read = decodeDataset(bytes, EXPLICIT);
    expect(read.items(0x00091010)[0]?.string(0x00100020)).toBe('Pat1');
    expect(read.string(0x00100020)).toBe('AB');
  });

  it('tolerates odd lengths', () => {
    expect(decodeDataset(hex('10002000 4c4f 0300 414243 10003000 4441 0000'), EXPLICIT).string(0x00100020)).toBe('ABC');
  });

  it('refuses with damaged what ends too early, and with limit-exceeded what is too deep or too much', () => {
    expect(kindOf(() => decodeDataset(hex('10002000 4c4f 0800 4142'), EXPLICIT))).toBe('damaged');
    expect(kindOf(() => decodeDataset(hex('10002000 4c4f'), EXPLICIT))).toBe('damaged');
    const deep = Buffer.concat(Array.from({ length: 100_000 }, () => hex('08003011 ffffffff feff00e0 ffffffff')));
    expect(kindOf(() => decodeDataset(deep, IMPLICIT))).toBe('limit-exceeded');
    const many = encodeDataset(sampleDataset(), EXPLICIT);
    expect(kindOf(() => decodeDataset(many, EXPLICIT, { elements: 5 }))).toBe('limit-exceeded');
    expect(kindOf(() => decodeDataset(many, EXPLICIT, { valueBytes: 8 }))).toBe('limit-exceeded');
    const bomb = encodeDataset(Dataset.of({ PixelData: new Uint8Array(8_000_000) }), TransferSyntaxUID.DeflatedExplicitVRLittleEndian);
    const limits = { inflatedBytes: 1_000_000 };
    expect(kindOf(() => decodeDataset(bomb, TransferSyntaxUID.DeflatedExplicitVRLittleEndian, limits))).toBe('limit-exceeded');
  });

  it('gives typed values, and nothing instead of an error where there are none', () => {
    const dataset = sampleDataset();
    expect(dataset.number(0x00200013)).toBe(17);
    expect(dataset.numbers(0x00200032)).toEqual([-119.5, -120, 33.25]);
    expect(dataset.personName(0x00100010)).toEqual({ alphabetic: 'Yamada^Tarou', ideographic: '山田^太郎', phonetic: 'やまだ^たろう' });
    expect(dataset.string(0x00189999)).toBe('');
    expect(dataset.number(0x00100010)).toBeUndefined();
    expect(dataset.items(0x00100010)).toEqual([]);
    expect(kindOf(() => dataset.set('NoSuchKeyword', 'x'))).toBe('invalid-arguments');
    expect(kindOf(() => dataset.set('Rows', 'x'))).toBe('invalid-arguments');
    const bulk = new Dataset().set('PixelData', new BulkReference(0, 1));
    expect(kindOf(() => encodeDataset(bulk, EXPLICIT))).toBe('invalid-arguments');
  });

  it('shows bulk, names and numbers in the JSON model as PS3.18 annex F says', () => {
    const json = toDicomJson(sampleDataset().set('OverlayData', new BulkReference(100, 200)));
    expect(json['00100010']).toEqual({
      vr: 'PN',
      Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' }],
    });
    expect(json['00200032']).toEqual({ vr: 'DS', Value: [-119.5, -120, 33.25] });
    expect(json['00280009']).toEqual({ vr: 'AT', Value: ['00181063'] });
    expect(json['60003000']).toEqual({ vr: 'OW', BulkDataURI: 'bytes:100,200' });
    expect(json['7FE00010']?.InlineBinary).toBe('AQIDBAUGBwgJCgsM');
  });
});

describe('dictionary', () => {
  it('knows keywords, VRs, repeating groups, private creators and group lengths', () => {
    expect(tagOf('PatientName')).toBe(0x00100010);
    expect(vrOf(0x0020000d)).toBe('UI');
    expect(entryOf(0x60023000)).toMatchObject({ keyword: 'OverlayData', vr: 'OW' });
    expect([vrOf(0x00090010), vrOf(0x00091001), vrOf(0x00280000), vrOf(0x00089999)]).toEqual(['LO', 'UN', 'UL', 'UN']);
    expect(tagOf('Nonsense')).toBeUndefined();
  });

  it('agrees with DCMTK on every tag that both know, and knows nearly all of DCMTK’s', () => {
    const folder = readdirSync('/usr/share').find((name) => name.startsWith('libdcmtk'));
    const lines = readFileSync(`/usr/share/${folder}/dicom.dic`, 'utf8').split('\n');
    const both: Record<string, string> = { ox: 'OW', px: 'OW', xs: 'US', lt: 'OW', up: 'UL' };
    let unknown = 0;
    const differing = lines.filter((line) => {
      const [, group = '', element = '', vr = '', keyword = ''] = /^\(([0-9A-F]{4}),([0-9A-F]{4})\)\t(\S+)\t(\S+)\t/.exec(line) ?? [];
      if (group === '' || vr === 'na') return false;
      const entry = entryOf(Number.parseInt(group, 16) * 0x10000 + Number.parseInt(element, 16));
      if (entry === undefined) {
        unknown += 1;
        return false;
      }
      return entry.vr !== (both[vr] ?? vr) || (entry.keyword !== keyword && !keyword.startsWith('RETIRED_'));
    });
    expect(lines.length).toBeGreaterThan(4000);
    expect(differing).toEqual([]);
    // A newer DCMTK may know a few more.
    expect(unknown).toBeLessThan(100);
  });

  it('knows every transfer syntax by what reading needs', () => {
    expect(new Set(TRANSFER_SYNTAXES.map(({ uid }) => uid)).size).toBe(TRANSFER_SYNTAXES.length);
    expect(transferSyntaxOf('1.2.840.10008.1.2.2')).toMatchObject({ explicitVR: true, bigEndian: true, encapsulated: false });
    expect(transferSyntaxOf('1.2.840.10008.1.2.4.70\0')).toMatchObject({ encapsulated: true, compression: 'lossless' });
    expect(transferSyntaxOf('1.2.3')).toBeUndefined();
  });
});

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

describe('implicit VR', () => {
  it('reads US-or-SS values as signed when the pixels are', () => {
    const pixels = (representation: number) =>
      encodeDataset(Dataset.of({ PixelRepresentation: representation }).set('PixelPaddingValue', [-2000], 'SS'), IMPLICIT);
    expect(decodeDataset(pixels(1), IMPLICIT).number(0x00280120)).toBe(-2000);
    expect(decodeDataset(pixels(0), IMPLICIT).number(0x00280120)).toBe(63_536);
  });
});
