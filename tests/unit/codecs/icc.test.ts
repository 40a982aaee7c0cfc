import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Dataset, memorySource, readPart10 } from '../../../electron/dicom/dataset/index.ts';
import { readProfile, toSRGB } from '../../../shared/codecs/index.ts';
import { viewFile } from '../../conformance/viewed-file.ts';
import { ADOBE_RGB, iccProfile, SRGB } from '../../support/icc-profiles.ts';
import { COLUMNS, cells, ROWS, writeImage } from '../../support/images.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Adobe RGB, and what Little CMS 2.14 makes of it in sRGB, relative colorimetric. */
const COLOURS = [
  [
    [0, 0, 0],
    [0, 0, 0],
  ],
  [
    [255, 255, 255],
    [255, 255, 255],
  ],
  [
    [128, 64, 32],
    [146, 62, 24],
  ],
  [
    [100, 150, 200],
    [66, 151, 203],
  ],
  [
    [200, 30, 60],
    [233, 24, 58],
  ],
  [
    [20, 20, 20],
    [12, 12, 12],
  ],
  [
    [5, 9, 3],
    [0, 2, 0],
  ],
  [
    [120, 120, 120],
    [121, 121, 121],
  ],
  [
    [60, 200, 90],
    [0, 201, 80],
  ],
] as const;
const ADOBE = iccProfile({ matrix: ADOBE_RGB, curve: 2.19921875 });

describe('an ICC profile', () => {
  it('of a matrix and curves gives the colours that Little CMS gives, within one level', () => {
    const conversion = readProfile(ADOBE);
    if (conversion.kind !== 'matrix') throw new Error(conversion.kind);
    const rgba = Uint8ClampedArray.from(COLOURS.flatMap(([from]) => [...from, 255]));
    toSRGB(rgba, conversion.profile);
    for (const [i, [from, wanted]] of COLOURS.entries()) {
      const given = [...rgba.subarray(4 * i, 4 * i + 3)];
      expect(
        Math.max(...given.map((level, channel) => Math.abs(level - (wanted[channel] ?? 0)))),
        `${from} gave ${given}`,
      ).toBeLessThanOrEqual(1);
    }
  });

  it('of sRGB changes nothing', () => {
    expect(readProfile(iccProfile({ matrix: SRGB, curve: 'srgb' }))).toEqual({ kind: 'identity' });
    expect(readProfile(iccProfile({ matrix: SRGB, curve: 2.2 })).kind).toBe('matrix');
  });

  it('that is not applied says why', () => {
    expect(readProfile(iccProfile({ matrix: SRGB, curve: 2.2, table: true }))).toEqual({ kind: 'not-applied', reason: 'lookup-table' });
    expect(readProfile(iccProfile({ matrix: SRGB, curve: 2.2, colourSpace: 'CMYK' }))).toEqual({ kind: 'not-applied', reason: 'not-rgb' });
    for (let length = 0; length < ADOBE.length; length += 7) {
      expect(readProfile(ADOBE.subarray(0, length)), `${length} bytes`).toEqual({ kind: 'not-applied', reason: 'damaged' });
    }
  });

  it('of an image is found in it or in its optical path, and applied', async () => {
    await using folder = await temporaryFolder('icc');
    const pixels = cells(Array.from({ length: COLUMNS * ROWS }, () => [100, 150, 200]).flat(), 8);
    const RGB = {
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'RGB',
      PlanarConfiguration: 0,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
    };

    const path = new Dataset();
    path.set('ICCProfile', ADOBE, 'OB');
    const places = [
      { name: 'own', elements: [[0x00282000, ADOBE, 'OB']] },
      { name: 'of the path', elements: [[0x00480105, [path], 'SQ']] },
    ] as const;
    for (const { name, elements } of places) {
      const file = await writeImage(folder.path, { name, values: RGB, elements, pixels, pixelVR: 'OB' });
      const { frame } = await viewFile(file).drawable(0);
      if (frame.kind !== 'colour') throw new Error('not a colour');
      expect([[...frame.rgba.subarray(0, 4)], frame.profile]).toEqual([[66, 151, 203, 255], 'applied']);
    }
  });
});

describe.skipIf(process.env.DICOM_TEST_DATA === undefined)('the profiles of the well-known palettes', () => {
  it('are read', () => {
    const file = readFileSync(`${process.env.DICOM_TEST_DATA}/pydicom/palettes/hotiron.dcm`);
    const profile = readPart10(memorySource(file)).dataset.bytes(0x00282000);
    expect(readProfile(profile ?? new Uint8Array(0)).kind).toBe('identity');
  });
});
