import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Dataset, memorySource, readPart10 } from '../../../electron/dicom/dataset/index.ts';
import { readProfile, toSRGB } from '../../../shared/codecs/index.ts';
import { viewFile } from '../../conformance/viewed-file.ts';
import { ADOBE_RGB, iccProfile, iccTableProfile, SRGB } from '../../support/icc-profiles.ts';
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

/** Colours of profiles with tables, and what Little CMS 2.14 makes of them in sRGB: relative colorimetric, not optimised. */
const TABLE_COLOURS = [
  [0, 0, 0],
  [255, 255, 255],
  [128, 64, 32],
  [100, 150, 200],
  [200, 30, 60],
  [20, 20, 20],
  [5, 9, 3],
  [120, 120, 120],
  [60, 200, 90],
  [250, 240, 10],
  [33, 77, 199],
];
const OF_TABLES: Readonly<Record<string, readonly (readonly number[])[]>> = {
  mft1: [
    [26, 26, 26],
    [254, 254, 254],
    [145, 66, 35],
    [71, 153, 203],
    [231, 38, 61],
    [30, 30, 30],
    [25, 27, 26],
    [122, 122, 122],
    [0, 203, 86],
    [253, 240, 0],
    [5, 79, 201],
  ],
  mft2: [
    [25, 25, 25],
    [254, 254, 254],
    [145, 66, 36],
    [72, 153, 203],
    [230, 39, 62],
    [30, 30, 30],
    [26, 27, 26],
    [122, 122, 122],
    [0, 203, 87],
    [253, 240, 0],
    [1, 79, 202],
  ],
  'mAB ': [
    [25, 25, 25],
    [254, 254, 254],
    [145, 65, 35],
    [71, 152, 203],
    [230, 40, 62],
    [30, 30, 30],
    [26, 26, 26],
    [123, 121, 122],
    [0, 203, 86],
    [253, 240, 0],
    [14, 78, 202],
  ],
  'mAB xyz': [
    [60, 26, 10],
    [0, 255, 165],
    [90, 101, 3],
    [0, 170, 136],
    [142, 121, 29],
    [59, 39, 17],
    [59, 29, 10],
    [0, 143, 77],
    [0, 208, 36],
    [0, 255, 0],
    [0, 100, 139],
  ],
};

/** Each colour comes out as wanted, within one level. */
function expectColours(profile: Uint8Array, colours: readonly (readonly [from: readonly number[], wanted: readonly number[]])[]): void {
  const conversion = readProfile(profile);
  if (conversion.kind !== 'profile') throw new Error(conversion.kind);
  const rgba = Uint8ClampedArray.from(colours.flatMap(([from]) => [...from, 255]));
  toSRGB(rgba, conversion.profile);
  for (const [i, [from, wanted]] of colours.entries()) {
    const given = [...rgba.subarray(4 * i, 4 * i + 3)];
    const off = Math.max(...given.map((level, channel) => Math.abs(level - (wanted[channel] ?? 0))));
    expect(off, `${from} gave ${given}`).toBeLessThanOrEqual(1);
  }
}

describe('an ICC profile', () => {
  it('of a matrix and curves gives the colours that Little CMS gives, within one level', () => {
    expectColours(ADOBE, COLOURS);
  });

  it.each(['mft1', 'mft2', 'mAB ', 'mAB xyz'] as const)(
    'of tables (%s) gives the colours that Little CMS gives, within one level',
    (kind) => {
      expectColours(
        iccTableProfile(kind),
        (OF_TABLES[kind] ?? []).map((wanted, i) => [TABLE_COLOURS[i] ?? [], wanted]),
      );
    },
  );

  it('of tables that are cut off or scrambled is refused, or gives some colour', () => {
    for (const kind of ['mft1', 'mft2', 'mAB ', 'mAB xyz'] as const) {
      const whole = iccTableProfile(kind);
      for (let length = 0; length < whole.length - 2; length += 97) {
        expect(readProfile(whole.subarray(0, length)), `${kind}, ${length} bytes`).toEqual({ kind: 'not-applied', reason: 'damaged' });
      }
      for (let at = 128; at < 420; at += 3) {
        for (const value of [0, 0x7f, 0xff]) {
          const scrambled = Buffer.from(whole);
          scrambled[at] = value;
          const conversion = readProfile(scrambled);
          const rgba = Uint8ClampedArray.from([0, 128, 255, 255]);
          if (conversion.kind === 'profile') toSRGB(rgba, conversion.profile);
          expect(rgba[3]).toBe(255);
        }
      }
    }
  });

  it('of sRGB changes nothing', () => {
    expect(readProfile(iccProfile({ matrix: SRGB, curve: 'srgb' }))).toEqual({ kind: 'identity' });
    expect(readProfile(iccProfile({ matrix: SRGB, curve: 2.2 }))).toMatchObject({ profile: { kind: 'matrix' } });
  });

  it('that is not applied says why', () => {
    // Tables come before a matrix: where they are damaged, it is not what the profile means.
    expect(readProfile(iccProfile({ matrix: SRGB, curve: 2.2, table: true }))).toEqual({ kind: 'not-applied', reason: 'damaged' });
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
