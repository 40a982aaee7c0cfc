import fs from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { locateInstance } from '../../../electron/archive/index.ts';
import {
  everything,
  finished,
  IMPLICIT,
  namesIn,
  opened,
  RETRIEVE,
  STORE,
  sample,
  store,
  storedBytes,
  temporaryLocation,
  writerOf,
} from './fixtures.ts';

describe('an arriving instance', () => {
  it('is stored byte for byte, whatever chunks it comes in', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    for (const chunk of [1, 7, 1000, 70_000, 1_000_000]) {
      const one = sample(`1.2.3.${chunk}`, {}, { rows: chunk < 10 ? 16 : 512 });
      const receipt = await store(writer, one, STORE, chunk);
      expect(receipt).toMatchObject({ result: 'stored', dataSetBytes: one.bytes.length });
      expect(storedBytes(archive.location, one.sopInstanceUID).equals(one.bytes)).toBe(true);
    }
  });

  it('shows in the lists once it is settled, and leaves nothing in incoming/', async () => {
    const archive = await opened();
    await store(writerOf(archive), sample('1.2.3.4'));
    expect(await archive.present(['1.2.3.4', '9.9'])).toEqual(['1.2.3.4']);
    await archive.settled();
    const [series] = await archive.series('1.2.3');
    expect(series).toMatchObject({ modality: 'CT', numberOfInstances: 1 });
    expect(await archive.instances({ studyInstanceUID: '1.2.3' })).toEqual([
      { seriesInstanceUID: '1.2.3.1', sopInstanceUID: '1.2.3.4', sopClassUID: '1.2.840.10008.5.1.4.1.1.2', instanceNumber: 1 },
    ]);
    expect(namesIn(archive.location, 'incoming')).toEqual([]);
  });

  it('is readable by its owner only, with a zeroed preamble', async () => {
    const archive = await opened();
    await store(writerOf(archive), sample('1.2.3.4'));
    const file = locateInstance(archive.location, '1.2.3.4');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(archive.location.directory).mode & 0o777).toBe(0o700);
    expect(
      fs
        .readFileSync(file)
        .subarray(0, 128)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  it.each(['../../etc/passwd', '1.2/../../3', 'C:\\x', 'CON', `1.${'2'.repeat(126)}`])('never chooses its path: UID %s', async (uid) => {
    const location = temporaryLocation();
    const file = locateInstance(location, uid);
    expect(path.relative(path.join(location.directory, 'files'), file)).toMatch(/^[0-9a-f]{2}\/[0-9a-f]{64}\.dcm$/);
  });

  it('is refused with a UID that cannot be used', async () => {
    const writer = writerOf(await opened());
    for (const sopInstanceUID of ['', 'a b', 'back\\slash', 'nul\0', 'x'.repeat(129)]) {
      expect(() => writer.begin({ ...sample('1.2.3'), sopInstanceUID }, STORE)).toThrow(expect.objectContaining({ kind: 'damaged' }));
    }
  });

  it('is refused, and leaves nothing, when its data set is another instance than announced', async () => {
    const archive = await opened();
    const arrival = writerOf(archive).begin(sample('1.2.3.5'), STORE);
    await arrival.write(sample('1.2.3.4').bytes);
    await expect(arrival.finish()).rejects.toMatchObject({ kind: 'damaged' });
    expect([...namesIn(archive.location, 'incoming'), ...namesIn(archive.location, 'files')]).toEqual([]);
  });

  it('leaves nothing when it is aborted or is no DICOM', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const aborted = writer.begin(sample('1.2.3.4'), STORE);
    await aborted.write(sample('1.2.3.4').bytes);
    await aborted.abort();
    const junk = writer.begin(sample('1.2.3.4'), STORE);
    await junk.write(Buffer.alloc(5000, 0x41));
    await expect(junk.finish()).rejects.toMatchObject({ name: 'PhosphorError' });
    expect([...namesIn(archive.location, 'incoming'), ...namesIn(archive.location, 'files')]).toEqual([]);
  });

  it('finds its file made when it follows another, and none is left over when the stream pauses or the writer closes', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    // As over a network: one in a turn of the event loop.
    const stream = async (numbers: readonly number[]) => {
      for (const n of numbers) {
        await store(writer, sample(`1.2.3.${n}`));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const ahead = () => namesIn(archive.location, 'incoming').filter((name) => name.endsWith('.part'));
    await stream([1, 2, 3]);
    expect(ahead()).toHaveLength(1);
    await expect.poll(ahead).toEqual([]);
    await stream([4, 5, 6]);
    expect(ahead()).toHaveLength(1);
    await writer.close();
    expect(ahead()).toEqual([]);
    await archive.settled();
    expect((await archive.stats()).instances).toBe(6);
  });

  it.each([
    ['hashed later', 100],
    ['so long that it is hashed as it comes', 1600],
    ['in pieces that do not fit the buffer', 400],
  ])('has its hash in the index, %s', async (_, rows) => {
    const archive = await opened(temporaryLocation(false));
    const writer = writerOf(archive);
    for (const [n, chunk] of [1000, 70_000, 300_000].entries()) await store(writer, sample(`1.2.3.${n}`, {}, { rows }), STORE, chunk);
    await archive.settled();
    expect((await finished(archive.verify())).result).toMatchObject({ checked: 3, problems: 0 });
  });

  it('is compared with what stands under its UID although nobody has hashed it', async () => {
    const archive = await opened(temporaryLocation(false));
    const writer = writerOf(archive);
    const results: string[] = [];
    for (const [one, origin] of [
      [sample('1.2.3.4'), STORE],
      [sample('1.2.3.4'), STORE],
      [sample('1.2.3.4', { PatientSex: 'F' }), STORE],
      [sample('1.2.3.4', { StudyDescription: 'Newer' }), RETRIEVE],
    ] as const) {
      results.push((await store(writer, one, origin)).result);
    }
    expect(results).toEqual(['stored', 'known', 'conflict', 'replaced']);
    await archive.settled();
    expect(await archive.stats()).toMatchObject({ instances: 1, conflicts: 1 });
    expect((await finished(archive.verify())).result).toMatchObject({ problems: 0 });
  });

  it('is stored where hard links are missing, too', async () => {
    const archive = await opened();
    const writer = writerOf(archive, { hardLinks: false });
    const one = sample('1.2.3.4');
    expect(await store(writer, one)).toMatchObject({ result: 'stored' });
    expect(await store(writer, one)).toMatchObject({ result: 'known' });
    expect(await store(writer, sample('1.2.3.4', { PatientSex: 'F' }))).toMatchObject({ result: 'conflict' });
    const newer = sample('1.2.3.4', { StudyDescription: 'Newer' });
    expect(await store(writer, newer, RETRIEVE)).toMatchObject({ result: 'replaced' });
    await archive.settled();
    expect(storedBytes(archive.location, '1.2.3.4').equals(newer.bytes)).toBe(true);
    expect(await archive.stats()).toMatchObject({ instances: 1, conflicts: 1 });
    await expect.poll(() => namesIn(archive.location, 'incoming')).toEqual([]);
  });

  it('announces its study to whoever shows lists', async () => {
    const archive = await opened();
    const changed = new Promise((resolve) => archive.onChanged(resolve));
    await store(writerOf(archive), sample('1.2.3.4'));
    expect(await changed).toEqual(expect.objectContaining({ studyInstanceUIDs: ['1.2.3'], everything: false }));
  });
});

describe('the same SOP Instance UID again', () => {
  it('is known when the data set is the same', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    await store(writer, sample('1.2.3.4'));
    expect((await store(writer, sample('1.2.3.4'))).result).toBe('known');
    await archive.settled();
    expect(await archive.stats()).toMatchObject({ instances: 1, conflicts: 0 });
  });

  it('is known when only the encoding differs', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const first = sample('1.2.3.4', {}, { transferSyntaxUID: IMPLICIT });
    await store(writer, first);
    expect((await store(writer, sample('1.2.3.4'), RETRIEVE)).result).toBe('known');
    expect((await store(writer, sample('1.2.3.4', {}, { transferSyntaxUID: '1.2.840.10008.1.2.2' }), RETRIEVE)).result).toBe('known');
    expect(storedBytes(archive.location, '1.2.3.4').equals(first.bytes)).toBe(true);
  });

  it('replaces the stored one as an answer to our own retrieve; the older version is in the trash', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const [older, newer] = [sample('1.2.3.4'), sample('1.2.3.4', { StudyDescription: 'Corrected' }, { fill: 9 })];
    await store(writer, older);
    expect((await store(writer, newer, RETRIEVE)).result).toBe('replaced');
    await archive.settled();
    expect(storedBytes(archive.location, '1.2.3.4').equals(newer.bytes)).toBe(true);
    const [kept = ''] = namesIn(archive.location, 'trash');
    expect(
      fs
        .readFileSync(path.join(archive.location.directory, 'trash', kept))
        .subarray(-older.bytes.length)
        .equals(older.bytes),
    ).toBe(true);
    const { result } = await finished(archive.verify());
    expect(result).toMatchObject({ checked: 1, problems: 0 });
  });

  it('moves to its new series when a replacing instance names another', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    await store(writer, sample('1.2.3.4'));
    await store(writer, sample('1.2.3.4', { StudyInstanceUID: '1.2.9', SeriesInstanceUID: '1.2.9.1' }), RETRIEVE);
    await archive.settled();
    const { studies } = await archive.search(everything);
    expect(
      studies.map(({ studyInstanceUID, numberOfInstances, numberOfSeries }) => [studyInstanceUID, numberOfInstances, numberOfSeries]),
    ).toEqual([['1.2.9', 1, 1]]);
  });

  it.each([STORE, { kind: 'import', path: '/x' } as const])(
    'of other content is put into conflicts when it comes by $kind',
    async (origin) => {
      const archive = await opened();
      const writer = writerOf(archive);
      const first = sample('1.2.3.4');
      await store(writer, first);
      for (const again of [1, 2])
        expect([again, (await store(writer, sample('1.2.3.4', {}, { fill: 8 }), origin)).result]).toEqual([again, 'conflict']);
      await archive.settled();
      expect(storedBytes(archive.location, '1.2.3.4').equals(first.bytes)).toBe(true);
      expect(namesIn(archive.location, 'conflicts')).toHaveLength(1);
      expect(await archive.stats()).toMatchObject({ instances: 1, conflicts: 1 });
    },
  );

  it.each([
    ['', {}],
    [', where hard links are missing too, and nobody finds an empty file under its name', { hardLinks: false }],
  ])('from two threads at once is stored once, and every version is kept%s', async (_, options) => {
    const archive = await opened();
    const final = locateInstance(archive.location, '1.2.3.4');
    const sizes = new Set<number | undefined>();
    const looking = setInterval(() => sizes.add(fs.statSync(final, { throwIfNoEntry: false })?.size), 0);
    onTestFinished(() => clearInterval(looking));
    const versions = Array.from({ length: 6 }, (_, i) => sample('1.2.3.4', {}, { fill: i + 1, rows: 64 }));
    const results = await Promise.all(
      [0, 1].map((thread) => {
        const port = archive.arrivalPort();
        const worker = new Worker(new URL('./storing-thread.ts', import.meta.url), {
          workerData: {
            location: archive.location,
            port,
            versions: thread === 0 ? versions : [...versions].reverse(),
            origin: RETRIEVE,
            options,
          },
          transferList: [port],
        });
        return new Promise<string[]>((resolve, reject) => worker.once('message', resolve).once('error', reject));
      }),
    );
    await archive.settled();
    expect(sizes).not.toContain(0);
    const outcomes = results.flat();
    // While one thread has moved the older version away, the other may find the name free: then both say that theirs was stored, one after the other.
    const stood = outcomes.filter((outcome) => outcome === 'stored' || outcome === 'replaced').length;
    expect(outcomes).toContain('stored');
    expect(namesIn(archive.location, 'trash')).toHaveLength(stood - 1);
    await expect.poll(() => namesIn(archive.location, 'incoming')).toEqual([]);
    const { result } = await finished(archive.verify());
    expect(result).toMatchObject({ checked: 1, problems: 0 });
  });
});

describe('another patient under a known study', () => {
  it('is announced without naming anyone, and the first is kept', async () => {
    const archive = await opened();
    const notices: string[] = [];
    archive.onNotice(({ sentence }) => notices.push(sentence));
    const writer = writerOf(archive);
    await store(writer, sample('1.2.3.4'));
    await store(writer, sample('1.2.3.5', { PatientName: 'Roe^Richard', PatientID: 'P2' }));
    await archive.settled();
    const [study] = (await archive.search(everything)).studies;
    await writer.close();
    await archive.close();
    expect(study).toMatchObject({ patientID: 'P1', patientName: { alphabetic: 'Doe^Jane' }, numberOfInstances: 2 });
    expect(notices.join()).toMatch(/another patient/);
    expect(notices.join()).not.toMatch(/Doe|Roe|P1|P2/);
  });

  it('takes the place of the first when our own retrieve brought it', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    await store(writer, sample('1.2.3.4'));
    await store(writer, sample('1.2.3.4', { PatientName: 'Roe^Richard', PatientID: 'P2' }), RETRIEVE);
    await archive.settled();
    const { studies } = await archive.search({ ...everything, query: { patientName: '*icha*' } });
    expect(studies).toMatchObject([{ patientID: 'P2' }]);
    expect((await archive.search({ ...everything, query: { patientName: 'Doe*' } })).total).toBe(0);
  });
});
