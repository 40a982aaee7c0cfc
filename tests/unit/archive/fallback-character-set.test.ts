import fs from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { type ArchiveLocation, openArchive } from '../../../electron/archive/index.ts';
import { headerOf } from '../../../electron/archive/instance-elements.ts';
import {
  everything,
  finished,
  part10,
  type Sample,
  STORE,
  sample,
  sha256,
  store,
  storedBytes,
  temporaryFolder,
  temporaryLocation,
  writerOf,
} from './fixtures.ts';

const NAME = 'Люксембург';

/** Its name is in ISO_IR 144, and it names a character set that does not exist. */
function mislabelled(uid: string): Sample {
  const one = sample(uid, {
    SpecificCharacterSet: 'ISO_IR 144',
    PatientName: NAME,
    StudyInstanceUID: `${uid}.1`,
    SeriesInstanceUID: `${uid}.2`,
  });
  return { ...one, bytes: Buffer.from(Buffer.from(one.bytes).toString('latin1').replace('ISO_IR 144', 'ISO_IR 999'), 'latin1') };
}

function nameIn(json: string): unknown {
  const elements: Readonly<Record<string, { Value?: { Alphabetic?: string }[] }>> = JSON.parse(json);
  return elements['00100010']?.Value?.[0]?.Alphabetic;
}

it('a fall-back character set reads the names of what says wrongly how it is written, and reads them anew when it changes; the bytes stay', async () => {
  const location = temporaryLocation();
  const [sent, imported] = [mislabelled('1.2.3.1'), mislabelled('1.2.3.2')];
  const file = path.join(temporaryFolder(), 'one.dcm');
  fs.writeFileSync(file, part10(imported));
  const namesBy = async (characterSets: ArchiveLocation['characterSets'], fill = false) => {
    const archive = await openArchive({ ...location, ...(characterSets === undefined ? {} : { characterSets }) });
    const notices: string[] = [];
    archive.onNotice(({ sentence }) => notices.push(sentence));
    if (fill) {
      const writer = writerOf(archive);
      await store(writer, sent, STORE);
      await finished(archive.import([file]));
      await writer.close();
    }
    await archive.settled();
    const { studies } = await archive.search(everything);
    const found = await archive.search({ ...everything, query: { patientName: 'люкс*' } });
    const bytes = [sent, imported].map((one) => sha256(storedBytes(location, one.sopInstanceUID)) === sha256(one.bytes));
    await archive.close();
    const names = studies
      .sort((a, b) => (a.studyInstanceUID < b.studyInstanceUID ? -1 : 1))
      .map(({ patientName }) => patientName.alphabetic);
    // The table of elements says the same.
    const elements = [sent, imported].map(({ sopInstanceUID }) => nameIn(headerOf(archive.location, sopInstanceUID).json));
    expect(elements).toEqual(names);
    return { names, found: found.studies.length, bytes, isAnew: /read anew/.test(notices.join()) };
  };
  const bytes = [true, true];
  expect(await namesBy({ all: 'ISO_IR 144', bySource: {} }, true)).toEqual({ names: [NAME, NAME], found: 2, bytes, isAnew: false });
  const without = await namesBy(undefined);
  expect(without).toMatchObject({ found: 0, bytes, isAnew: true });
  expect(await namesBy(undefined)).toEqual({ ...without, isAnew: false });
  expect(await namesBy({ all: '', bySource: { MODALITY: 'ISO_IR 144' } })).toMatchObject({
    names: [NAME, without.names[1]],
    found: 1,
    bytes,
  });
});

it('a deflated data set that ends in its pixels is taken in and marked, also after a rebuild; a whole one is not', async () => {
  const folder = temporaryFolder();
  const location = temporaryLocation();
  const file = (one: Sample, end: number) => {
    const deflated = deflateRawSync(one.bytes);
    fs.writeFileSync(
      path.join(folder, one.sopInstanceUID),
      part10({
        ...one,
        transferSyntaxUID: '1.2.840.10008.1.2.1.99',
        bytes: Buffer.concat([deflated.subarray(0, deflated.length - end), Buffer.alloc(end === 0 ? 3 : 0)]),
      }),
    );
  };
  file(sample('1.2.3.1', {}, { rows: 1024 }), 100);
  file(sample('1.2.3.2', {}, { rows: 1024 }), 0);
  const noise = (uid: string): Sample => {
    const one = sample(uid, {}, { rows: 1800 });
    const bytes = Buffer.from(one.bytes);
    for (let at = 1_000, value = 1; at < bytes.length; at += 1) {
      value = (value * 1_103_515_245 + 12_345) % 2_147_483_648;
      bytes[at] = value >>> 16;
    }
    return { ...one, bytes };
  };
  file(noise('1.2.3.3'), 3_000);
  file(noise('1.2.3.4'), 0);
  const archive = await openArchive(location);
  const marks = (items: readonly { readonly sopInstanceUID?: string | undefined; readonly truncated?: boolean | undefined }[]) =>
    items.flatMap(({ sopInstanceUID = '', truncated }) => (truncated === true ? [sopInstanceUID] : [])).sort();
  const { result, items } = await finished(archive.import([folder]));
  expect(result).toMatchObject({ imported: 4, truncated: 2 });
  expect(marks(items)).toEqual(['1.2.3.1', '1.2.3.3']);
  await finished(archive.rebuild({ restart: true }));
  expect(marks(await archive.instances({ studyInstanceUID: '1.2.3' }))).toEqual(['1.2.3.1', '1.2.3.3']);
  await archive.close();
});
