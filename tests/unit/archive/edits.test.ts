import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Archive, locateInstance } from '../../../electron/archive/index.ts';
import { ProjectKey } from '../../../electron/dicom/dataset/de-identification/index.ts';
import { Dataset, memorySource, type Part10File, readFrameFragments, readPart10, Tag } from '../../../electron/dicom/dataset/index.ts';
import { type Corrections, type DeIdentificationChoice, type DeIdentifiedItem, importedItem } from '../../../shared/contract/index.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { jpegHeader, mp4, mpeg2, PDF, png } from '../../support/foreign-files.ts';
import {
  everything,
  finished,
  IMPLICIT,
  namesIn,
  opened,
  STORE,
  sample,
  store,
  storedBytes,
  temporaryFolder,
  writerOf,
} from './fixtures.ts';

const SECRET = '07'.repeat(32);
const KEY = new ProjectKey('TRIAL', Buffer.from(SECRET, 'hex'));
const CORRECTION = '11111111-1111-4111-8111-111111111111';
const ORIGINAL_ATTRIBUTES = 0x04000561;

/** An archive with one study of two instances, one of them implicit. */
async function archiveWithStudy(): Promise<Archive> {
  const archive = await opened();
  const writer = writerOf(archive);
  await store(writer, sample('1.2.3.4.5.6.1', { SpecificCharacterSet: 'ISO_IR 100', StudyID: 'S1', ImageComments: 'Jane' }), STORE);
  const reference = Dataset.of({ ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: '1.2.3.4.5.6.1' });
  await store(
    writer,
    sample('1.2.3.4.5.6.2', { InstanceNumber: 2, ReferencedImageSequence: reference }, { transferSyntaxUID: IMPLICIT }),
    STORE,
  );
  await archive.settled();
  return archive;
}

function read(archive: Archive, sopInstanceUID: string): Part10File {
  return readPart10(memorySource(fs.readFileSync(locateInstance(archive.location, sopInstanceUID))));
}

const deIdentify = (archive: Archive, options: DeIdentificationChoice = {}, preview = false) =>
  finished(archive.job('deidentify', { studyInstanceUID: '1.2.3', project: 'TRIAL', secret: SECRET, options, preview }));

const correct = (archive: Archive, changes: Corrections) =>
  finished(archive.job('correct', { correctionId: CORRECTION, studyInstanceUID: '1.2.3', changes, modifyingSystem: 'PHOSPHOR' }));

describe('a de-identified copy', () => {
  it('is a study of its own, whose instances find one another; the original is as it was', async () => {
    const archive = await archiveWithStudy();
    const before = ['1.2.3.4.5.6.1', '1.2.3.4.5.6.2'].map((uid) => storedBytes(archive.location, uid).toString('hex'));
    const { result } = await deIdentify(archive);
    await archive.settled();
    expect(result).toMatchObject({
      instances: 2,
      failed: 0,
      warnings: 0,
      mapping: { patientID: 'P1', patientName: 'Doe^Jane', newStudyInstanceUID: KEY.uid('1.2.3') },
    });
    const { studies } = await archive.search(everything);
    const copy = studies.find(({ studyInstanceUID }) => studyInstanceUID === KEY.uid('1.2.3'));
    expect(studies).toHaveLength(2);
    expect(copy).toMatchObject({ numberOfInstances: 2, patientID: result.mapping?.pseudonym, studyDescription: '' });
    const second = read(archive, KEY.uid('1.2.3.4.5.6.2')).dataset;
    expect(second.items(0x00081140)[0]?.uid(0x00081155)).toBe(KEY.uid('1.2.3.4.5.6.1'));
    expect(['1.2.3.4.5.6.1', '1.2.3.4.5.6.2'].map((uid) => storedBytes(archive.location, uid).toString('hex'))).toEqual(before);
  });

  it('has the same pixels, and those of named rectangles black', async () => {
    const archive = await archiveWithStudy();
    await deIdentify(archive, { blank: [{ x: 0, y: 0, width: 3, height: 1 }] });
    await archive.settled();
    const { source, pixelData, dataset } = read(archive, KEY.uid('1.2.3.4.5.6.1'));
    const pixels = Buffer.from(source.read(pixelData?.offset ?? 0, 20));
    expect(Array.from({ length: 5 }, (_, index) => pixels.readUInt16LE(index * 2))).toEqual([0, 0, 0, 7, 7]);
    expect(dataset.string(0x00280301)).toBe('NO');
    expect(dataset.items(0x00120064).map((item) => item.string(0x00080100))).toContain('113101');
  });

  it('can be looked at before: every change with its values, and nothing is made', async () => {
    const archive = await archiveWithStudy();
    const { result, items } = await deIdentify(archive, { dates: 'shift' }, true);
    const changes = items.filter((item: DeIdentifiedItem) => item.kind === 'change');
    expect(changes).toContainEqual(
      expect.objectContaining({
        keyword: 'PatientID',
        change: 'replaced',
        before: 'P1',
        after: result.mapping?.pseudonym ?? expect.stringMatching(/^TRIAL-/),
      }),
    );
    expect(changes).toContainEqual(expect.objectContaining({ keyword: 'StudyDate', change: 'shifted', before: '20260102' }));
    expect((await archive.search(everything)).studies).toHaveLength(1);
  });

  it('made again is known; with the UIDs of the original it is refused', async () => {
    const archive = await archiveWithStudy();
    await deIdentify(archive);
    expect((await deIdentify(archive)).result).toMatchObject({ instances: 2, failed: 0 });
    await expect(deIdentify(archive, { retainUIDs: true })).rejects.toMatchObject({ kind: 'unsupported' });
    expect((await deIdentify(archive, { retainUIDs: true }, true)).result.instances).toBe(2);
  });
});

describe('an export without identity', () => {
  for (const form of ['files', 'media'] as const) {
    it(`holds nothing of the patient, neither in its ${form} nor in their names`, async () => {
      const archive = await archiveWithStudy();
      const to = path.join(temporaryFolder(), 'out');
      fs.mkdirSync(to);
      const { result, items } = await finished(
        archive.job('export', {
          selection: { studyInstanceUIDs: ['1.2.3'] },
          to,
          form,
          container: 'folder',
          allowLossyConversion: false,
          deidentify: { project: 'TRIAL', secret: SECRET, options: {} },
        }),
      );
      expect(items).toEqual([]);
      expect(result).toMatchObject({ exported: 2, failed: 0, mappings: [{ patientID: 'P1', newStudyInstanceUID: KEY.uid('1.2.3') }] });
      const files = filesBelow(to);
      expect(files.length).toBeGreaterThanOrEqual(2);
      for (const file of files) {
        expect(path.relative(to, file)).not.toMatch(/Doe|Jane|P1|20260102/);
        expect(fs.readFileSync(file).toString('latin1'), file).not.toMatch(/Doe|Jane|Thorax|1\.2\.3\.4\.5/);
      }
      const pseudonym = result.mappings[0]?.pseudonym ?? '';
      expect(files.some((file) => fs.readFileSync(file).includes(pseudonym))).toBe(true);
      expect(namesIn(archive.location, 'incoming')).toEqual([]);
    });
  }
});

describe('a corrected study', () => {
  it('keeps its UIDs and tells in every instance what stood there before', async () => {
    const archive = await archiveWithStudy();
    const notices: string[] = [];
    archive.onNotice(({ sentence }) => notices.push(sentence));
    const { result } = await correct(archive, { patientName: 'Doe^Joan', patientID: 'P2', accessionNumber: 'A7' });
    await archive.settled();
    // Whoever corrects a name need not be told that it is another.
    expect(notices).toEqual([]);
    expect(result).toMatchObject({ corrected: 2, unchanged: 0, failed: 0, patientID: 'P1' });
    expect((await archive.search(everything)).studies).toMatchObject([
      { studyInstanceUID: '1.2.3', patientID: 'P2', numberOfInstances: 2 },
    ]);
    for (const uid of ['1.2.3.4.5.6.1', '1.2.3.4.5.6.2']) {
      const { dataset, source, pixelData } = read(archive, uid);
      const [item] = dataset.items(ORIGINAL_ATTRIBUTES);
      const [modified] = item?.items(0x04000550) ?? [];
      expect([dataset.string(Tag.PatientName), dataset.string(Tag.AccessionNumber)]).toEqual(['Doe^Joan', 'A7']);
      expect([modified?.string(Tag.PatientName), modified?.string(Tag.PatientID), modified?.has(Tag.AccessionNumber)]).toEqual([
        'Doe^Jane',
        'P1',
        true,
      ]);
      expect([item?.string(0x04000563), item?.string(0x04000565), item?.has(0x04000564)]).toEqual(['PHOSPHOR', 'CORRECT', true]);
      expect(item?.string(0x04000562)).toMatch(/^\d{14}\.\d{3}\+0000$/);
      expect(Buffer.from(source.read(pixelData?.offset ?? 0, 2)).readUInt16LE(0)).toBe(7);
    }
  });

  it('is brought back as it was, byte for byte, when the correction is undone', async () => {
    const archive = await archiveWithStudy();
    const before = ['1.2.3.4.5.6.1', '1.2.3.4.5.6.2'].map((uid) => storedBytes(archive.location, uid).toString('hex'));
    await correct(archive, { patientName: 'Doe^Joan' });
    await archive.settled();
    const { result } = await finished(archive.job('undoCorrection', { correctionId: CORRECTION }));
    await archive.settled();
    expect(result).toMatchObject({ corrected: 2, failed: 0 });
    expect(['1.2.3.4.5.6.1', '1.2.3.4.5.6.2'].map((uid) => storedBytes(archive.location, uid).toString('hex'))).toEqual(before);
    expect((await archive.search(everything)).studies).toMatchObject([{ patientName: { alphabetic: 'Doe^Jane' } }]);
    expect((await finished(archive.job('undoCorrection', { correctionId: CORRECTION }))).result).toMatchObject({
      corrected: 0,
      unchanged: 2,
    });
  });

  it('is left alone where it holds the values already', async () => {
    const archive = await archiveWithStudy();
    await correct(archive, { patientName: 'Doe^Joan' });
    expect((await correct(archive, { patientName: 'Doe^Joan' })).result).toMatchObject({ corrected: 0, unchanged: 2 });
  });

  it('takes a name in another script where its other text allows that, and is refused where it does not', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    await store(writer, sample('1.2.3.4.5.6.1'), STORE);
    await store(writer, sample('1.2.3.4.5.6.2', { SpecificCharacterSet: 'ISO_IR 100', ImageComments: 'Größe' }), STORE);
    await store(writer, sample('1.2.3.4.5.6.3', { SpecificCharacterSet: 'ISO_IR 100' }), STORE);
    await archive.settled();
    const { result, items } = await correct(archive, { patientName: 'Yamada^Tarou=山田^太郎' });
    expect(result).toMatchObject({ corrected: 2, failed: 1 });
    expect(items).toMatchObject([{ sopInstanceUID: '1.2.3.4.5.6.2', error: { kind: 'unsupported' } }]);
    expect(read(archive, '1.2.3.4.5.6.1').dataset.personName(Tag.PatientName).ideographic).toBe('山田^太郎');
    expect((await correct(archive, { patientName: 'Müller^Jörg' })).result).toMatchObject({ corrected: 3, failed: 0 });
    expect(read(archive, '1.2.3.4.5.6.2').dataset.string(Tag.PatientName)).toBe('Müller^Jörg');
    expect(read(archive, '1.2.3.4.5.6.2').dataset.string(0x00204000)).toBe('Größe');
    // What was corrected twice tells both.
    expect(read(archive, '1.2.3.4.5.6.1').dataset.items(ORIGINAL_ATTRIBUTES)).toHaveLength(2);
  });
});

describe('wrapping files as DICOM', () => {
  async function wrapped(
    files: Readonly<Record<string, Buffer>>,
  ): Promise<{ archive: Archive; results: Record<string, string>; uids: Record<string, string> }> {
    const archive = await archiveWithStudy();
    const folder = temporaryFolder();
    const paths = Object.entries(files).map(([name, bytes]) => {
      fs.writeFileSync(path.join(folder, name), bytes);
      return path.join(folder, name);
    });
    const { items } = await finished(archive.job('wrap', { studyInstanceUID: '1.2.3', paths, endoscopic: false }));
    await archive.settled();
    const named = items.map((item) => ({ name: path.basename(item.path), ...importedItem.parse(item) }));
    return {
      archive,
      results: Object.fromEntries(named.map(({ name, result, error }) => [name, error?.kind ?? result])),
      uids: Object.fromEntries(named.map(({ name, sopInstanceUID = '' }) => [name, sopInstanceUID])),
    };
  }

  it('puts each into the study, with its patient, under the SOP class and transfer syntax of its kind', async () => {
    const files = {
      'letter.pdf': PDF,
      'photo.jpg': jpegHeader(),
      'scan.png': png({ columns: 5, rows: 3, depth: 8, colour: 0 }, (x, y) => x * 10 + y),
      'film.mp4': mp4(),
      'film.mpg': mpeg2(),
    };
    const { archive, results, uids } = await wrapped(files);
    expect(new Set(Object.values(results))).toEqual(new Set(['imported']));
    const facts = Object.entries(uids).map(([name, uid]) => {
      const { dataset, meta } = read(archive, uid);
      return [
        name,
        dataset.uid(Tag.SOPClassUID).replace('1.2.840.10008.5.1.4.1.1.', ''),
        meta.transferSyntaxUID.replace('1.2.840.10008.1.2', ''),
        dataset.string(Tag.Modality),
        dataset.number(Tag.NumberOfFrames) ?? 0,
      ];
    });
    expect(facts).toEqual([
      ['letter.pdf', '104.1', '.1', 'DOC', 0],
      ['photo.jpg', '7', '.4.50', 'OT', 0],
      ['scan.png', '7', '.1', 'OT', 0],
      ['film.mp4', '77.1.4.1', '.4.102', 'XC', 50],
      ['film.mpg', '77.1.4.1', '.4.100', 'XC', 10],
    ]);
    const letter = read(archive, uids['letter.pdf'] ?? '').dataset;
    expect([
      letter.string(Tag.PatientName),
      letter.string(Tag.PatientID),
      letter.uid(Tag.StudyInstanceUID),
      letter.string(0x00420010),
    ]).toEqual(['Doe^Jane', 'P1', '1.2.3', 'letter']);
    expect(
      Buffer.from(letter.bytes(0x00420011) ?? [])
        .subarray(0, PDF.length)
        .equals(PDF),
    ).toBe(true);
    expect((await archive.search(everything)).studies).toMatchObject([
      { studyInstanceUID: '1.2.3', numberOfInstances: 7, numberOfSeries: 4 },
    ]);
  });

  it('keeps the bytes of a JPEG and of a film', async () => {
    const files = { 'a.jpg': jpegHeader(), 'a.mp4': mp4() };
    const { archive, uids } = await wrapped(files);
    for (const [name, bytes] of Object.entries(files)) {
      const { source, pixelData } = read(archive, uids[name] ?? '');
      const found = readFrameFragments(source, pixelData ?? { offset: 0, length: 0 }, 1);
      const [offset = 0, length = 0] = found.frames[0]?.[0] ?? [];
      expect(Buffer.from(source.read(offset, length)).subarray(0, bytes.length).equals(bytes), name).toBe(true);
    }
  });

  for (const [name, form] of Object.entries({
    'grey of 1 bit': { depth: 1, colour: 0 },
    'grey of 4 bits, interlaced': { depth: 4, colour: 0, interlaced: true },
    'grey of 16 bits': { depth: 16, colour: 0 },
    'grey with transparency': { depth: 8, colour: 4 },
    'colour, interlaced': { depth: 8, colour: 2, interlaced: true },
    'colour of 16 bits with transparency': { depth: 16, colour: 6 },
    'a palette of 2 bits': { depth: 2, colour: 3, palette: [0, 0, 0, 255, 0, 0, 0, 255, 0, 9, 8, 7], alpha: [255, 255, 0] },
  } as const)) {
    it(`turns every pixel of a PNG into what it shows: ${name}`, async () => {
      const [columns, rows] = [13, 11];
      const largest = 2 ** form.depth - 1;
      const at = (x: number, y: number, channel: number): number =>
        form.colour === 3 ? (x + y) % 4 : (x * 977 + y * 3331 + channel * 77) % (largest + 1);
      const { archive, uids } = await wrapped({ 'a.png': png({ columns, rows, ...form }, at) });
      const { dataset, source, pixelData } = read(archive, uids['a.png'] ?? '');
      const pixels = Buffer.from(source.read(pixelData?.offset ?? 0, pixelData?.length ?? 0));
      const samples = dataset.number(Tag.SamplesPerPixel) ?? 0;
      const wide = dataset.number(Tag.BitsAllocated) === 16;
      for (let y = 0; y < rows; y += 1)
        for (let x = 0; x < columns; x += 1)
          for (let channel = 0; channel < samples; channel += 1) {
            const index = (y * columns + x) * samples + channel;
            expect(wide ? pixels.readUInt16LE(index * 2) : pixels[index]).toBe(shown(form, at, x, y, channel, wide));
          }
    });
  }

  it('refuses what no transfer syntax holds and what is damaged, each with its reason', async () => {
    const whole = png({ columns: 40, rows: 40, depth: 8, colour: 2 }, (x, y) => x ^ y);
    const bomb = png({ columns: 10, rows: 10, depth: 8, colour: 0 }, () => 0);
    bomb.writeUInt32BE(65_000, 16);
    bomb.writeUInt32BE(65_000, 20);
    const { results } = await wrapped({
      'progressive.jpg': jpegHeader({ marker: 0xc2 }),
      'cmyk.jpg': jpegHeader({ factors: [0x11, 0x11, 0x11, 0x11] }),
      'cut.jpg': jpegHeader().subarray(0, 14),
      'cut.png': whole.subarray(0, whole.length - 60),
      'bomb.png': bomb,
      'cut.pdf': PDF.subarray(0, 30),
      'high422.mp4': mp4({ profile: 122 }),
      'level52.mp4': mp4({ level: 52 }),
      'fragmented.mp4': mp4({ frames: 0 }),
      'long-box.mp4': Buffer.concat([mp4().subarray(0, 20), Buffer.from([0x7f, 0xff, 0xff, 0xff])]),
      'one.mpg': mpeg2({ mpeg1: true }),
      'words.txt': Buffer.from('only words'),
      'empty.pdf': Buffer.alloc(0),
    });
    expect(results).toEqual({
      'progressive.jpg': 'unsupported',
      'cmyk.jpg': 'unsupported',
      'cut.jpg': 'damaged',
      'cut.png': 'damaged',
      'bomb.png': 'limit-exceeded',
      'cut.pdf': 'damaged',
      'high422.mp4': 'unsupported',
      'level52.mp4': 'unsupported',
      'fragmented.mp4': 'unsupported',
      'long-box.mp4': 'damaged',
      'one.mpg': 'unsupported',
      'words.txt': 'unsupported',
      'empty.pdf': 'unsupported',
    });
  });

  it.each([
    [mp4({ profile: 77 }), '.4.102'],
    [mp4({ profile: 66, constraints: 0x40 }), '.4.102'],
    [mp4({ level: 42 }), '.4.104'],
    [mp4({ codec: 'hvc1', profile: 1, level: 123 }), '.4.107'],
    [mp4({ codec: 'hvc1', profile: 2, level: 153 }), '.4.108'],
    [mpeg2({ columns: 1280, rows: 720 }), '.4.101'],
  ])('names the transfer syntax of a film by its profile and level', async (bytes, expected) => {
    const { archive, uids } = await wrapped({ film: bytes });
    expect(read(archive, uids.film ?? '').meta.transferSyntaxUID).toBe(`1.2.840.10008.1.2${expected}`);
  });
});

type At = (x: number, y: number, channel: number) => number;

/** What a viewer on white shows of a PNG's pixel, as the sample that is stored. */
function shown(
  form: { depth: number; colour: number; palette?: readonly number[]; alpha?: readonly number[] },
  at: At,
  x: number,
  y: number,
  channel: number,
  wide: boolean,
): number {
  if (form.colour === 3) {
    const entry = at(x, y, 0);
    return (form.alpha?.[entry] ?? 255) === 0 ? 255 : (form.palette?.[entry * 3 + channel] ?? 0);
  }
  const largest = 2 ** form.depth - 1;
  const opacity = form.colour === 4 ? at(x, y, 1) / largest : form.colour === 6 ? at(x, y, 3) / largest : 1;
  const value = opacity === 1 ? at(x, y, channel) : Math.round(at(x, y, channel) * opacity + largest * (1 - opacity));
  if (wide) return value;
  return form.depth === 16 ? value >> 8 : form.depth < 8 ? Math.round((value * 255) / largest) : value;
}
