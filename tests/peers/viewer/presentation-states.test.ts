import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dataset, type ValueInput } from '../../../electron/dicom/dataset/index.ts';
import { compareSamples } from '../../conformance/compare.ts';
import type { Picture } from '../../conformance/png.ts';
import { presentedPicture, stateOfFile } from '../../conformance/presented-file.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { COLUMNS, cells, packed, pattern, type RawElement, ROWS, writeImage } from '../../support/images.ts';
import { writePresentationState } from '../../support/presentation-states.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';

const PIXELS = COLUMNS * ROWS;
const GREY = {
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  RescaleIntercept: '-1024',
  RescaleSlope: '1',
  WindowCenter: '40',
  WindowWidth: '400',
};
const values = (most: number) => pattern(PIXELS).map((share) => Math.round(share * most));

/** Words that go up, with a kink, and do not end at the highest value. */
const table = (entries: number, first: number, bits: number): Dataset => {
  const item = new Dataset();
  const white = 2 ** bits - 1;
  const words = Array.from({ length: entries }, (_, i) => Math.round(white * (i / (entries - 1)) ** 2));
  item.set('LUTDescriptor', [entries === 65_536 ? 0 : entries, first, bits], 'US');
  item.set('LUTData', cells(words, 16), 'OW');
  item.set('ModalityLUTType', 'US');
  return item;
};

const CASES: readonly {
  name: string;
  image?: Record<string, ValueInput>;
  bits?: 8 | 16;
  overlay?: boolean;
  state: Record<string, ValueInput | Dataset[]>;
}[] = [
  {
    name: 'a window after a rescale',
    state: {
      RescaleSlope: '2',
      RescaleIntercept: '-100',
      RescaleType: 'US',
      SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '1000', WindowWidth: '1800' })],
    },
  },
  {
    name: 'the inverse',
    state: { SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '2000', WindowWidth: '3000' })], PresentationLUTShape: 'INVERSE' },
  },
  { name: 'nothing but identity', state: {} },
  {
    name: 'the polarity of the state on MONOCHROME1',
    image: { PhotometricInterpretation: 'MONOCHROME1' },
    state: { SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '2000', WindowWidth: '3000' })] },
  },
  { name: 'a VOI LUT', state: { SoftcopyVOILUTSequence: [Dataset.of({ VOILUTSequence: [table(1024, 500, 12)] })] } },
  {
    name: 'a Presentation LUT',
    state: {
      SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '2000', WindowWidth: '3000' })],
      PresentationLUTSequence: [table(4096, 0, 12)],
    },
  },
  {
    name: 'a Modality LUT',
    state: {
      ModalityLUTSequence: [table(4096, 0, 16)],
      SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '30000', WindowWidth: '50000' })],
    },
  },
  {
    name: 'a window of another image',
    state: {
      SoftcopyVOILUTSequence: [
        Dataset.of({
          WindowCenter: '100',
          WindowWidth: '200',
          ReferencedImageSequence: [
            Dataset.of({ ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.7', ReferencedSOPInstanceUID: '1.2.3.4.5.6' }),
          ],
        }),
        Dataset.of({ WindowCenter: '3000', WindowWidth: '1000' }),
      ],
    },
  },
];

describe('an image under a grayscale presentation state', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    provideWasmFromPackages();
    folder = await temporaryFolder('presentation-states');
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  it.each(CASES)('is drawn as DCMTK draws it: $name', async ({ name, image = {}, state: asked }) => {
    const path = await writeImage(folder.path, { name, values: { ...GREY, ...image }, pixels: cells(values(4095), 16) });
    const statePath = await writePresentationState(path, asked);
    const state = await stateOfFile(statePath);
    expect(state).toBeDefined();
    if (state === undefined) return;
    const theirs = await drawnByDCMTK(statePath, path);
    expect(compareSamples(theirs, await presentedPicture(state, path), false)).toMatchObject({
      kind: expect.stringMatching(/^(equal|within tolerance)$/),
    });
    expect(new Set(theirs.samples).size).toBeGreaterThan(20);
  });

  it('shows of its overlays those that the state activates, and no others', async () => {
    const bits = Array.from({ length: PIXELS }, (_, i) => (i % 7 === 0 ? 1 : 0) as 0 | 1);
    const plane = (group: number) =>
      [
        [group + 0x10, [ROWS], 'US'],
        [group + 0x11, [COLUMNS], 'US'],
        [group + 0x40, 'G', 'CS'],
        [group + 0x50, [1, 1], 'SS'],
        [group + 0x100, [1], 'US'],
        [group + 0x102, [0], 'US'],
      ] as const;
    const path = await writeImage(folder.path, {
      name: 'two overlays',
      values: GREY,
      elements: [
        ...plane(0x60000000),
        [0x60003000, packed(bits), 'OW'],
        ...plane(0x60020000),
        [0x60023000, packed([...bits].reverse()), 'OW'],
      ],
      pixels: cells(values(4095), 16),
    });
    const window = { SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '2000', WindowWidth: '4095' })] };
    const activated = await stateOfFile(await writePresentationState(path, window, [[0x60021001, 'LAYER', 'CS']]));
    const none = await stateOfFile(await writePresentationState(path, window));
    if (activated === undefined || none === undefined) throw new Error('not read');
    const [shown, bare] = [await presentedPicture(activated, path), await presentedPicture(none, path)];
    for (const [i, bit] of [...bits].reverse().entries()) expect(shown.samples[i]).toBe(bit === 1 ? 255 : bare.samples[i]);
    expect([...bare.samples].filter((grey) => grey === 255).length).toBeLessThan(50);
  });

  const RING = Array.from({ length: PIXELS }, (_, i) => {
    const far = Math.hypot((i % COLUMNS) - 18, Math.floor(i / COLUMNS) - 14);
    return far > 8 && far < 13 ? 1 : 0;
  });
  const ownPlane = (group: number, bits: readonly (0 | 1)[]): RawElement[] => [
    [group + 0x10, [ROWS], 'US'],
    [group + 0x11, [COLUMNS], 'US'],
    [group + 0x40, 'G', 'CS'],
    [group + 0x50, [3, -1], 'SS'],
    [group + 0x100, [1], 'US'],
    [group + 0x102, [0], 'US'],
    [group + 0x3000, packed(bits), 'OW'],
  ];
  const WIDE = { SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '2000', WindowWidth: '9000' })] };
  const SHUT = { ShutterShape: 'BITMAP', ShutterOverlayGroup: 0x6000, ShutterPresentationValue: 30_000 };
  const COVERED: readonly { name: string; state: Record<string, ValueInput | Dataset[]>; elements: RawElement[] }[] = [
    { name: 'an overlay of its own that it does not activate', state: WIDE, elements: ownPlane(0x60000000, RING) },
    { name: 'a bitmap shutter', state: { ...WIDE, ...SHUT }, elements: ownPlane(0x60000000, RING) },
  ];

  it.each(COVERED)('is covered as DCMTK covers it: $name', async ({ name, state: asked, elements }) => {
    const path = await writeImage(folder.path, { name, values: GREY, pixels: cells(values(4095), 16) });
    const statePath = await writePresentationState(path, asked, elements);
    const state = await stateOfFile(statePath);
    if (state === undefined) throw new Error('not read');
    const ours = await presentedPicture(state, path);
    expect(compareSamples(await drawnByDCMTK(statePath, path), ours, false)).toMatchObject({
      kind: expect.stringMatching(/^(equal|within tolerance)$/),
    });
    expect(state.notApplied).toEqual([]);
  });

  it('shows an overlay of the state itself where the state activates it', async () => {
    const path = await writeImage(folder.path, { name: 'ring', values: GREY, pixels: cells(values(4095), 16) });
    const statePath = await writePresentationState(path, WIDE, [...ownPlane(0x60000000, RING), [0x60001001, 'LAYER', 'CS']]);
    const state = await stateOfFile(statePath);
    if (state === undefined) throw new Error('not read');
    // DCMTK hands graphic overlays over beside the picture.
    const [bare, covered] = [await drawnByDCMTK(statePath, path), await presentedPicture(state, path)];
    for (const [i, grey] of covered.samples.entries()) {
      const [x, y] = [(i % COLUMNS) + 2, Math.floor(i / COLUMNS) - 2];
      const isRing = x < COLUMNS && y >= 0 && RING[y * COLUMNS + x] === 1;
      if (isRing) expect(grey).toBe(255);
      else expect(Math.abs(grey - (bare.samples[i] ?? 0))).toBeLessThanOrEqual(1);
    }
  });

  it.each([
    ['deflated', '1.2.840.10008.1.2.1.99'],
    ['in big endian', '1.2.840.10008.1.2.2'],
  ])('is drawn as DCMTK draws it where the state is stored %s', async (name, transferSyntaxUID) => {
    const path = await writeImage(folder.path, { name, values: GREY, pixels: cells(values(4095), 16) });
    const asked = { SoftcopyVOILUTSequence: [Dataset.of({ VOILUTSequence: [table(1024, 500, 12)] })], ...SHUT };
    const statePath = await writePresentationState(path, asked, ownPlane(0x60000000, RING), { transferSyntaxUID });
    const state = await stateOfFile(statePath);
    if (state === undefined) throw new Error('not read');
    expect(compareSamples(await drawnByDCMTK(statePath, path), await presentedPicture(state, path), false)).toMatchObject({
      kind: expect.stringMatching(/^(equal|within tolerance)$/),
    });
    expect(state.notApplied).toEqual([]);
  });
});

async function drawnByDCMTK(state: string, image: string): Promise<Picture> {
  const target = `${state}.pgm`;
  const { code, output } = await dcmtk('dcmp2pgm', '-p', state, image, target);
  if (code !== 0) throw new Error(output);
  const pgm = await readFile(target);
  const [header = '', columns, rows] = /^P5\s+(?:#[^\n]*\n)?(\d+)\s+(\d+)\s+255\s/.exec(pgm.toString('latin1', 0, 200)) ?? [];
  return { columns: Number(columns), rows: Number(rows), samplesPerPixel: 1 as const, samples: pgm.subarray(header.length) };
}
