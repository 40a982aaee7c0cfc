import { describe, expect, it } from 'vitest';
import {
  BASIC_PROFILE,
  Blanking,
  type DeIdentificationOptions,
  deIdentify,
  ProjectKey,
  pixelWarnings,
} from '../../../electron/dicom/dataset/de-identification/index.ts';
import { shiftedDate } from '../../../electron/dicom/dataset/de-identification/single-values.ts';
import { actionOf, rowOf, tableRows } from '../../../electron/dicom/dataset/de-identification/table.ts';
import { decided } from '../../../electron/dicom/dataset/de-identification/types-in-iods.ts';
import { Dataset, entryOf, Tag, tagOf, vrOf } from '../../../electron/dicom/dataset/index.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const KEY = new ProjectKey('Trial 1', Buffer.alloc(32, 1));
const SINGLE_OPTIONS: Readonly<Record<string, DeIdentificationOptions>> = {
  'Basic Profile': BASIC_PROFILE,
  'Retain UIDs': { ...BASIC_PROFILE, retainUIDs: true },
  'Full Dates': { ...BASIC_PROFILE, dates: 'retain' },
  'Modified Dates': { ...BASIC_PROFILE, dates: 'shift' },
  'Retain Patient Characteristics': { ...BASIC_PROFILE, retainPatientCharacteristics: true },
  'Retain Device Identity': { ...BASIC_PROFILE, retainDeviceIdentity: true },
  'Retain Institution Identity': { ...BASIC_PROFILE, retainInstitutionIdentity: true },
  'Clean Descriptors': { ...BASIC_PROFILE, cleanDescriptors: true },
  'Clean Structured Content': { ...BASIC_PROFILE, cleanStructuredContent: true },
  'Clean Graphics': { ...BASIC_PROFILE, cleanGraphics: true },
};

function instance(values: Parameters<typeof Dataset.of>[0] = {}): Dataset {
  return Dataset.of({
    SOPClassUID: CT,
    SOPInstanceUID: '1.2.3.4.5.6.7.1',
    StudyInstanceUID: '1.2.3.4.5.6.7.2',
    SeriesInstanceUID: '1.2.3.4.5.6.7.3',
    PatientName: 'Mustermann^Erika',
    PatientID: 'HOSP-4711',
    PatientBirthDate: '19600102',
    ...values,
  });
}

const done = (dataset: Dataset, options: Partial<DeIdentificationOptions> = {}): Dataset =>
  deIdentify({ dataset, key: KEY, options: { ...BASIC_PROFILE, ...options } }).dataset;

/** Something to be protected, valid for the VR. */
function sampleValue(tag: number): Dataset | string | number | Uint8Array {
  const vr = vrOf(tag);
  if (vr === 'SQ') return Dataset.of({ ReferencedSOPClassUID: CT, ReferencedSOPInstanceUID: '1.2.3.4.5.6.7.9', CodeMeaning: 'Wanderer' });
  const texts: Readonly<Record<string, string>> = {
    UI: '1.2.3.4.5.6.7.8',
    DA: '20240229',
    TM: '101112',
    DT: '20240229101112',
    AS: '064Y',
    DS: '63',
    IS: '3',
  };
  if (vr === 'US' || vr === 'UL' || vr === 'SS' || vr === 'FD' || vr === 'FL') return 4;
  if (vr === 'OB' || vr === 'UN' || vr === 'OW') return Buffer.from('Wanderer');
  return texts[vr] ?? 'Wanderer 20240229';
}

describe('the tables of PS3.15 annex E', () => {
  it('have the 617 rows of single attributes of the 2024e edition, each in the dictionary', () => {
    expect(tableRows().size).toBe(617);
    for (const tag of tableRows().keys()) expect(entryOf(tag), tag.toString(16)).toBeDefined();
  });

  // Read off the standard by hand.
  it.each([
    ['PatientName', 'Z', ''],
    ['PatientID', 'ZD', ''],
    ['PatientBirthDate', 'Z', ''],
    ['PatientSex', 'Z', 'p'],
    ['PatientAge', 'X', 'p'],
    ['StudyDate', 'Z', 't'],
    ['SeriesDate', 'XD', 't'],
    ['ContentDate', 'ZD', 't'],
    ['AcquisitionDateTime', 'XZD', 't'],
    ['AccessionNumber', 'Z', ''],
    ['InstitutionName', 'XZD', 'i'],
    ['StationName', 'XZD', 'd'],
    ['DeviceSerialNumber', 'XZD', 'd'],
    ['StudyDescription', 'X', 'c'],
    ['SeriesDescription', 'X', 'c'],
    ['ReferringPhysicianName', 'Z', ''],
    ['OperatorsName', 'XZD', ''],
    ['SOPInstanceUID', 'U', 'u'],
    ['FrameOfReferenceUID', 'U', 'u'],
    ['ReferencedImageSequence', 'XZU', 'u'],
    ['SourceImageSequence', 'XZU', 'u'],
    ['ContentSequence', 'D', 's'],
    ['GraphicAnnotationSequence', 'D', 'g'],
    ['OriginalAttributesSequence', 'X', ''],
    ['RequestAttributesSequence', 'X', 'c'],
    ['IconImageSequence', 'X', ''],
    ['EncapsulatedDocument', 'D', ''],
    ['PatientComments', 'X', 'c'],
    ['Allergies', 'X', 'Pc'],
    ['RetrieveAETitle', 'X', 'D'],
  ])('say of %s: %s, options "%s"', (keyword, action, options) => {
    expect(rowOf(tagOf(keyword) ?? 0)).toEqual({ action, options });
  });

  for (const [name, options] of Object.entries(SINGLE_OPTIONS)) {
    it(`are followed row by row: ${name}`, () => {
      for (const [tag, row] of tableRows()) {
        if (tag < 0x00080000 || PSEUDONYMS.has(tag)) continue;
        const keyword = entryOf(tag)?.keyword ?? '';
        const dataset = instance({ [keyword]: sampleValue(tag) });
        const before = textOf(dataset, tag);
        const result = deIdentify({ dataset, key: KEY, options }).dataset;
        const action = actionOf(row, options);
        const final = action === 'K' || action === 'C' ? action : decided(action, tag, CT, true);
        const shown = `${keyword} ${row.action},${row.options} → ${final}`;
        const text = textOf(result, tag);
        const isSame = text === before;
        if (final === 'X') expect(result.has(tag), shown).toBe(false);
        if (final === 'Z') expect(text, shown).toBe('[]');
        if (final === 'D' || final === 'U') expect([result.has(tag), isSame, text.length > 2], shown).toEqual([true, false, true]);
        if (final === 'K' && vrOf(tag) !== 'SQ') expect(isSame, shown).toBe(true);
        if (final === 'C' && vrOf(tag) !== 'TM') expect(isSame && vrOf(tag) !== 'SQ', shown).toBe(false);
        if (final === 'X' || final === 'Z' || final === 'D') expect(JSON.stringify(flat(result)), shown).not.toContain('Wanderer');
      }
    });
  }

  it('hold in items of sequences as at top level, however deep', () => {
    let inner = Dataset.of({ PatientName: 'Mustermann^Erika', ReferencedSOPInstanceUID: '1.2.3.4.5.6.7.1', StudyDate: '20240101' });
    for (let depth = 0; depth < 60; depth += 1) inner = Dataset.of({ ReferencedSeriesSequence: inner });
    const text = JSON.stringify(flat(done(instance({ ReferencedSeriesSequence: inner }))));
    expect(text).not.toMatch(/Mustermann|20240101|1\.2\.3\.4\.5\.6\.7\.1"/);
    expect(text).toContain(KEY.uid('1.2.3.4.5.6.7.1'));
  });
});

const PSEUDONYMS = new Set<number>([Tag.PatientName, Tag.PatientID]);

const textOf = (dataset: Dataset, tag: number): string =>
  JSON.stringify(flat(dataset.has(tag) ? onlyOf(dataset, tag) : new Dataset())[0] ?? null);

function onlyOf(dataset: Dataset, tag: number): Dataset {
  const only = new Dataset();
  const element = dataset.get(tag);
  if (element !== undefined) only.setElement(element);
  return only;
}

function flat(dataset: Dataset): unknown[] {
  return dataset
    .elements()
    .map(({ value }) =>
      value instanceof Uint8Array
        ? Buffer.from(value).toString('latin1')
        : Array.isArray(value)
          ? value.map((one: unknown) => (one instanceof Dataset ? flat(one) : String(one)))
          : '',
    );
}

describe('de-identification', () => {
  it('says in the data set that and how it was done', () => {
    const result = done(instance(), { dates: 'shift', retainDeviceIdentity: true });
    expect(result.string(0x00120062)).toBe('YES');
    expect(result.string(0x00280303)).toBe('MODIFIED');
    expect(result.items(0x00120064).map((item) => item.string(0x00080100))).toEqual(['113100', '113107', '113109']);
    expect(done(instance()).string(0x00280303)).toBe('REMOVED');
    expect(done(instance(), { dates: 'retain' }).string(0x00280303)).toBe('UNMODIFIED');
  });

  it('gives the same patient the same pseudonym and shift in one project, another one in the next', () => {
    const one = done(instance(), { dates: 'shift' });
    const again = done(instance({ PatientID: 'hosp-4711 ', SOPInstanceUID: '1.2.3.4.5.6.8' }), { dates: 'shift' });
    const other = deIdentify({ dataset: instance(), key: new ProjectKey('Trial 1', Buffer.alloc(32, 2)), options: BASIC_PROFILE }).dataset;
    expect(one.string(Tag.PatientID)).toMatch(/^TRIAL1-[A-Z2-9]{12}$/);
    expect(one.string(Tag.PatientName)).toBe(one.string(Tag.PatientID));
    expect(again.string(Tag.PatientID)).toBe(one.string(Tag.PatientID));
    expect(other.string(Tag.PatientID)).not.toBe(one.string(Tag.PatientID));
    expect(done(instance({ PatientID: 'HOSP-4712' })).string(Tag.PatientID)).not.toBe(one.string(Tag.PatientID));
  });

  it('keeps the days between two studies when dates are shifted, and the time of day', () => {
    const [first, second] = ['20240228', '20240301'].map((StudyDate) =>
      done(instance({ StudyDate, StudyTime: '101112' }), { dates: 'shift' }),
    );
    const day = (dataset: Dataset | undefined): number => {
      const text = dataset?.string(Tag.StudyDate) ?? '';
      return Date.UTC(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6))) / 86_400_000;
    };
    expect(day(second) - day(first)).toBe(2);
    expect(first?.string(Tag.StudyDate)).not.toBe('20240228');
    expect(first?.string(Tag.StudyTime)).toBe('101112');
  });

  it.each([
    ['20240301', 1, '20240229'],
    ['20240101103000.5+0100', 31, '20231201103000.5+0100'],
    ['2024.01.02', 1, '20240101'],
    ['202401', 1, undefined],
    ['20240230', 1, undefined],
    ['yesterday', 1, undefined],
  ])('shifts %s by %d days to %s', (value, days, expected) => expect(shiftedDate(value, days)).toBe(expected));

  it('finds the same new UID wherever an instance is referred to: image, segmentation, report, RT, text, unlisted attributes', () => {
    const reference = Dataset.of({ ReferencedSOPClassUID: CT, ReferencedSOPInstanceUID: '1.2.3.4.5.6.7.99' });
    const result = done(
      instance({
        ReferencedImageSequence: reference,
        SourceImageSequence: reference,
        ReferencedSeriesSequence: Dataset.of({ SeriesInstanceUID: '1.2.3.4.5.6.7.3', ReferencedInstanceSequence: reference }),
        ReferencedFrameOfReferenceSequence: Dataset.of({
          RTReferencedStudySequence: Dataset.of({ RTReferencedSeriesSequence: Dataset.of({ ContourImageSequence: reference }) }),
        }),
        MultiFrameSourceSOPInstanceUID: '1.2.3.4.5.6.7.99',
        DerivationCodeSequence: Dataset.of({ CodeMeaning: 'made of 1.2.3.4.5.6.7.99' }),
      }),
    );
    const uid = KEY.uid('1.2.3.4.5.6.7.99');
    expect(uid).toMatch(/^2\.25\.[1-9]\d{20,38}$/);
    expect(JSON.stringify(flat(result)).split(uid)).toHaveLength(7);
    expect(result.uid(Tag.SeriesInstanceUID)).toBe(KEY.uid('1.2.3.4.5.6.7.3'));
    expect(result.uid(Tag.SOPClassUID)).toBe(CT);
  });

  it('removes private attributes, keeps on request those known to be safe, and only in a block of their creator', () => {
    const dataset = instance();
    dataset.set(0x70530010, ['Philips PET Private Group'], 'LO');
    dataset.set(0x70531000, ['0.00045'], 'DS');
    dataset.set(0x70531003, ['Mustermann'], 'LO');
    dataset.set(0x00190010, ['SOMEBODY ELSE'], 'LO');
    dataset.set(0x0019100c, ['1000'], 'IS');
    dataset.set(0x70531009, Buffer.from('2.5 '), 'UN');
    expect(
      done(dataset)
        .elements()
        .some(({ tag }) => Math.floor(tag / 0x10000) % 2 === 1),
    ).toBe(false);
    const kept = done(dataset, { retainSafePrivate: true });
    expect(kept.string(0x70531000)).toBe('0.00045');
    expect(kept.string(0x70531009)).toBe('2.5');
    expect(kept.string(0x70530010)).toBe('Philips PET Private Group');
    expect([kept.has(0x70531003), kept.has(0x00190010), kept.has(0x0019100c)]).toEqual([false, false, false]);
  });

  it('removes a sequence that came as unread bytes, which may hold anything', () => {
    const dataset = instance();
    dataset.set(0x00081115, Buffer.from('\x20\0\x0d\0\x0a\0\0\x001.2.3.4.5', 'latin1'), 'UN');
    expect(done(dataset).has(0x00081115)).toBe(false);
    expect(done(dataset, { retainUIDs: true }).has(0x00081115)).toBe(false);
  });

  it('removes curves, overlays and attributes that the dictionary does not know', () => {
    const dataset = instance();
    dataset.set(0x50003000, Uint8Array.of(1, 2), 'OW');
    dataset.set(0x60023000, Uint8Array.of(1, 2), 'OW');
    dataset.set(0x60020040, ['G'], 'CS');
    dataset.set(0x60043000, Uint8Array.of(1, 2), 'OW');
    dataset.set(0x60040040, ['R'], 'CS');
    dataset.set(0x60041500, ['Mustermann'], 'LO');
    dataset.set(0x0028fff1, ['Mustermann'], 'LO');
    const basic = done(dataset);
    expect([0x50003000, 0x60023000, 0x60020040, 0x60043000, 0x0028fff1].filter((tag) => basic.has(tag))).toEqual([]);
    const graphics = done(dataset, { cleanGraphics: true });
    expect([0x60043000, 0x60040040, 0x60041500, 0x60023000].map((tag) => graphics.has(tag))).toEqual([true, true, false, false]);
  });

  it('takes the name out of text that it keeps, and out of descriptors whatever looks personal', () => {
    const dataset = instance({
      Manufacturer: 'ACME for MUSTERMANN',
      SeriesDescription: 'CT abdomen - 55F Dr. Smith 20240229 HOSP-4711 t1_tse',
      StudyDescription: 'Kontrolle Erika Mustermann',
    });
    expect(done(dataset).string(0x00080070)).toBe('ACME for');
    const cleaned = done(dataset, { cleanDescriptors: true });
    expect(cleaned.string(Tag.SeriesDescription)).toBe('CT abdomen - t1_tse');
    expect(cleaned.string(Tag.StudyDescription)).toBe('Kontrolle');
  });

  it('replaces the content of a report, or goes through it item by item', () => {
    const item = (code: string, meaning: string, ValueType: string, values: Parameters<typeof Dataset.of>[0]): Dataset =>
      Dataset.of({
        RelationshipType: 'CONTAINS',
        ValueType,
        ConceptNameCodeSequence: Dataset.of({ CodeValue: code, CodingSchemeDesignator: 'DCM', CodeMeaning: meaning }),
        ...values,
      });
    const report = instance({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.22',
      ContentSequence: [
        item('121008', 'Person Observer Name', 'PNAME', { PersonName: 'Smith^John' }),
        item('121030', 'Subject ID', 'TEXT', { TextValue: 'HOSP-4711' }),
        item('112040', 'Tracking Unique Identifier', 'UIDREF', { UID: '1.2.3.4.5.6.7.50' }),
        item('111030', 'Image Region', 'TEXT', { TextValue: 'seen by Smith' }),
        item('121033', 'Subject Age', 'NUM', {}),
        item('126000', 'Measurements', 'NUM', { MeasuredValueSequence: Dataset.of({ NumericValue: '12.5' }) }),
      ],
    });
    const basic = done(report);
    expect(basic.items(0x0040a730)).toHaveLength(1);
    expect(JSON.stringify(flat(basic))).not.toMatch(/Smith|4711|12\.5/);
    const clean = done(report, { cleanStructuredContent: true });
    expect(clean.items(0x0040a730).map((one) => one.items(0x0040a043)[0]?.string(0x00080100))).toEqual([
      '121008',
      '112040',
      '111030',
      '126000',
    ]);
    expect(JSON.stringify(flat(clean))).not.toMatch(/Smith|4711|1\.2\.3\.4\.5\.6\.7\.50/);
    expect(JSON.stringify(flat(clean))).toContain('12.5');
    expect(clean.items(0x0040a730)[1]?.uid(0x0040a124)).toBe(KEY.uid('1.2.3.4.5.6.7.50'));
  });

  it('puts a blank page in the place of an encapsulated PDF', () => {
    const result = done(
      instance({
        MIMETypeOfEncapsulatedDocument: 'application/pdf',
        EncapsulatedDocument: Buffer.from('%PDF Mustermann'),
        EncapsulatedDocumentLength: 15,
      }),
    );
    const document = result.bytes(0x00420011) ?? new Uint8Array(0);
    expect(Buffer.from(document).toString('latin1')).toMatch(/^%PDF-1\.4[\s\S]*%%EOF/);
    expect(result.number(0x00420015)).toBe(document.length);
  });

  it('counts what it did without naming anybody, and shows it to the person who asks', () => {
    const { report, changes } = deIdentify({ dataset: instance(), key: KEY, options: BASIC_PROFILE, maxChanges: 100 });
    expect(report.counts).toMatchObject({ replaced: 2, emptied: 1, mapped: 3, kept: 1 });
    expect(changes).toContainEqual({ path: '(0010,0030)', keyword: 'PatientBirthDate', kind: 'emptied', before: '19600102', after: '' });
  });

  it('never changes the data set that it was given', () => {
    const dataset = instance({ ReferencedImageSequence: Dataset.of({ ReferencedSOPInstanceUID: '1.2.3.4.5.6.7.9' }) });
    const before = JSON.stringify(flat(dataset));
    done(dataset);
    expect(JSON.stringify(flat(dataset))).toBe(before);
  });

  it.each([
    [{ Modality: 'US' }, ['burned-in-annotation-likely']],
    [{ Modality: 'US', BurnedInAnnotation: 'NO' }, []],
    [{ Modality: 'CT' }, []],
    [{ Modality: 'CT', BurnedInAnnotation: 'YES' }, ['burned-in-annotation']],
    [{ Modality: 'CT', ImageType: ['DERIVED', 'SECONDARY', 'SCREEN SAVE'] }, ['burned-in-annotation-likely']],
    [{ Modality: 'MR', SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' }, ['burned-in-annotation-likely']],
    [{ Modality: 'XC' }, ['burned-in-annotation-likely', 'recognizable-features']],
    [{ Modality: 'CR', OverlayBitPosition: 12 }, ['overlay-in-pixels']],
  ])('warns of what may be written in the pixels: %j', (values, expected) => expect(pixelWarnings(instance(values))).toEqual(expected));
});

describe('blanking of rectangles', () => {
  const image = (values: Parameters<typeof Dataset.of>[0]): Dataset =>
    instance({
      Rows: 4,
      Columns: 4,
      SamplesPerPixel: 1,
      BitsAllocated: 8,
      BitsStored: 8,
      PixelRepresentation: 0,
      PhotometricInterpretation: 'MONOCHROME2',
      ...values,
    });

  it('blackens them in every frame, wherever the pieces of the pixel data are cut', () => {
    const blanking = new Blanking(image({}), [{ x: 1, y: 2, width: 2, height: 9 }], false);
    const pixels = new Uint8Array(32).fill(7);
    const whole = blanking.apply(pixels, 0);
    const pieces = Buffer.concat([blanking.apply(pixels.subarray(0, 11), 0), blanking.apply(pixels.subarray(11), 11)]);
    expect([...pieces]).toEqual([...whole]);
    expect([...whole.subarray(0, 16)]).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 7, 7, 0, 0, 7]);
    expect([...whole.subarray(16)]).toEqual([...whole.subarray(0, 16)]);
    expect([...pixels]).toEqual(new Array(32).fill(7));
  });

  it('knows what black is', () => {
    const one = { x: 0, y: 0, width: 1, height: 1 };
    const first = (values: Parameters<typeof Dataset.of>[0], bytes: number, bigEndian = false): number[] => [
      ...new Blanking(image(values), [one], bigEndian).apply(new Uint8Array(96).fill(9), 0).subarray(0, bytes),
    ];
    expect(first({ PhotometricInterpretation: 'MONOCHROME1', BitsAllocated: 16, BitsStored: 12 }, 3)).toEqual([0xff, 0x0f, 9]);
    expect(first({ PhotometricInterpretation: 'MONOCHROME1', BitsAllocated: 16, BitsStored: 12 }, 3, true)).toEqual([0x0f, 0xff, 9]);
    expect(first({ PhotometricInterpretation: 'YBR_FULL', SamplesPerPixel: 3 }, 4)).toEqual([0, 128, 128, 9]);
    expect(first({ BitsAllocated: 16, BitsStored: 12, PixelRepresentation: 1 }, 3)).toEqual([0x00, 0xf8, 9]);
  });
});
