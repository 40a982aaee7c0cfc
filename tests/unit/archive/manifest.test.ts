import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { locateInstance } from '../../../electron/archive/index.ts';
import { buildStack } from '../../../renderer/viewer/stack.ts';
import { seriesManifest } from '../../../shared/contract/index.ts';
import { opened, sample, store, writerOf } from './fixtures.ts';

const SERIES = { studyInstanceUID: '1.2.3', seriesInstanceUID: '1.2.3.1' } as const;

describe('the manifest of a series', () => {
  it('describes where the pixels are and how they are shown', async () => {
    const archive = await opened();
    const values = {
      PixelSpacing: ['0.5', '0.75'],
      ImagePositionPatient: ['-100', '-50.5', '12'],
      ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'],
      RescaleSlope: '2',
      RescaleIntercept: '-1024',
      RescaleType: 'HU',
      WindowCenter: ['40', '-600'],
      WindowWidth: ['400', '1500'],
      WindowCenterWidthExplanation: ['SOFT', 'LUNG'],
    };
    await store(writerOf(archive), sample('1.2.3.4', values, { rows: 16, fill: 0x0abc }));
    await archive.settled();
    const manifest = seriesManifest.parse(await archive.manifest(SERIES));
    const [instance] = manifest.instances;
    expect(instance?.image).toMatchObject({
      rows: 16,
      columns: 16,
      bitsAllocated: 16,
      bitsStored: 12,
      highBit: 11,
      pixelRepresentation: 0,
      rescaleSlope: 2,
      rescaleIntercept: -1024,
      rescaleType: 'HU',
      pixelSpacing: [0.5, 0.75],
      imagePositionPatient: [-100, -50.5, 12],
      windows: [
        { center: 40, width: 400, label: 'SOFT', function: 'LINEAR' },
        { center: -600, width: 1500, label: 'LUNG' },
      ],
      pixelData: { encoding: 'native', length: 512, bigEndian: false },
    });
    const pixels = instance?.image?.pixelData;
    const file = fs.readFileSync(locateInstance(archive.location, '1.2.3.4'));
    expect(pixels?.encoding === 'native' && file.readUInt16LE(pixels.offset)).toBe(0x0abc);
    expect(instance?.fileBytes).toBe(file.length);
  });

  it('is in stack order: along the normal, whatever the instance numbers say', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const orientation = { ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'] };
    for (const [i, z] of [5, -10, 2.5, 0].entries()) {
      await store(
        writer,
        sample(`1.2.3.${z + 100}`, { ...orientation, ImagePositionPatient: ['0', '0', String(z)], InstanceNumber: i + 1 }),
      );
    }
    await archive.settled();
    const z = (await archive.manifest(SERIES))?.instances.map((one) => one.image?.imagePositionPatient?.[2]);
    expect(z).toEqual([-10, 0, 2.5, 5]);
  });

  it('tells its beginning alone, at the end that was numbered first, where positions say which it is', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const orientation = { ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'] };
    const add = async (z: number, number: number, uid = `1.2.3.${number}`) =>
      await store(writer, sample(uid, { ...orientation, ImagePositionPatient: ['0', '0', String(z)], InstanceNumber: number }));
    // From the head down: the highest is the first.
    for (let number = 1; number <= 6; number++) await add(100 - 5 * number, number);
    await archive.settled();
    const numbers = async () => (await archive.manifest({ ...SERIES, first: 3 }))?.instances.map((one) => one.instanceNumber);
    expect(await numbers()).toEqual([1, 2, 3]);
    const stack = async (first?: number) => {
      const manifest = await archive.manifest({ ...SERIES, ...(first === undefined ? {} : { first }) });
      return buildStack(manifest ?? { instances: [] }).map(({ key }) => key);
    };
    expect(await stack(3)).toEqual((await stack()).slice(0, 3));
    // A second volume at the same place: which comes first is not for positions to say.
    await add(95, 7);
    await archive.settled();
    expect(await numbers()).toHaveLength(7);
  });

  it('without a series is that of the one that is read first: images before what is about them, then by number', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const series = [
      { name: 'b', modality: 'MR', number: '3' },
      { name: 'c', modality: 'MR', number: '2' },
      { name: 'a', modality: 'SR', number: '1' },
    ];
    for (const [i, { name, modality, number }] of series.entries()) {
      const values = { SeriesInstanceUID: `1.2.3.${i + 1}`, SeriesDescription: name, Modality: modality, SeriesNumber: number };
      await store(writer, sample(`1.2.3.${i + 1}.1`, values));
    }
    await archive.settled();
    expect((await archive.manifest({ studyInstanceUID: '1.2.3', first: 8 }))?.series.seriesDescription).toBe('c');
  });

  it('falls back to instance numbers where planes are not parallel', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    const planes = [
      ['1', '0', '0', '0', '1', '0'],
      ['0', '1', '0', '0', '0', '-1'],
      ['1', '0', '0', '0', '1', '0'],
    ];
    for (const [i, orientation] of planes.entries()) {
      const values = { ImageOrientationPatient: orientation, ImagePositionPatient: ['0', '0', String(-i)], InstanceNumber: 3 - i };
      await store(writer, sample(`1.2.3.${i}`, values));
    }
    await archive.settled();
    expect((await archive.manifest(SERIES))?.instances.map((one) => one.instanceNumber)).toEqual([1, 2, 3]);
  });

  it('is null while nothing was added, and for a series that is not there', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    await store(writer, sample('1.2.3.4'));
    await archive.settled();
    expect(await archive.manifest({ ...SERIES, known: 1 })).toBeNull();
    expect(await archive.manifest({ ...SERIES, seriesInstanceUID: '9.9' })).toBeNull();
    await store(writer, sample('1.2.3.5'));
    await archive.settled();
    expect((await archive.manifest({ ...SERIES, known: 1 }))?.instances).toHaveLength(2);
  });

  it('says why an image cannot be shown', async () => {
    const archive = await opened();
    const writer = writerOf(archive);
    await store(writer, sample('1.2.3.4', { BitsAllocated: 40 }));
    await store(writer, {
      ...sample('1.2.3.5', { InstanceNumber: 2 }),
      bytes: sample('1.2.3.5', { InstanceNumber: 2 }, { rows: 32 }).bytes.subarray(0, -1900),
    });
    await archive.settled();
    const instances = (await archive.manifest(SERIES))?.instances ?? [];
    expect(instances.map((one) => [one.image === undefined, one.reason])).toEqual([
      [true, expect.stringMatching(/bits per sample/)],
      [true, expect.stringMatching(/pixels end/)],
    ]);
  });

  it('reads no file again that it has described, also after a rebuild', async () => {
    const archive = await opened();
    await store(writerOf(archive), sample('1.2.3.4'));
    await archive.settled();
    const first = await archive.manifest(SERIES);
    await archive.rebuild().done;
    fs.rmSync(locateInstance(archive.location, '1.2.3.4'));
    expect(await archive.manifest(SERIES)).toEqual(first);
  });
});
