import { beforeAll, describe, expect, it } from 'vitest';
import { Dataset, type ValueInput } from '../../../electron/dicom/dataset/index.ts';
import type { GreyFrame } from '../../../renderer/viewer/decode-messages.ts';
import { subtractionOf } from '../../../renderer/viewer/presentation/mask.ts';
import type { Mask } from '../../../renderer/viewer/presentation/state.ts';
import { greyOf } from '../../../renderer/viewer/voi.ts';
import { modalityFunction } from '../../../shared/marks/index.ts';
import { presentedFrame, presentedPicture, stateOfFile } from '../../conformance/presented-file.ts';
import { ADOBE_RGB, iccProfile } from '../../support/icc-profiles.ts';
import { COLUMNS, cells, overlayElements, pattern, type RawElement, ROWS, writeImage } from '../../support/images.ts';
import { writePresentationState } from '../../support/presentation-states.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';

const PIXELS = COLUMNS * ROWS;
const FRAMES = 6;
const GREY = { BitsAllocated: 16, BitsStored: 12, HighBit: 11 };
/** Stored values of each frame of a film. */
const FILM = Array.from({ length: FRAMES }, (_, frame) => pattern(PIXELS, frame).map((share) => Math.round(share * 4095)));

beforeAll(() => provideWasmFromPackages());

async function film(folder: string, asked: Record<string, ValueInput | Dataset[]>) {
  const image = await writeImage(folder, {
    name: 'film',
    values: { ...GREY, NumberOfFrames: String(FRAMES) },
    pixels: cells(FILM.flat(), 16),
  });
  const state = await stateOfFile(await writePresentationState(image, asked));
  if (state === undefined) throw new Error('not read');
  return { image, state };
}

/** Modality values of a frame that is drawn. */
function valuesOf({ levels, exact, ...frame }: GreyFrame): number[] {
  const toModality = modalityFunction({ ...frame, ...exact });
  return Array.from((exact?.samples ?? levels[0]?.samples ?? []) as ArrayLike<number>, toModality);
}

describe('digital subtraction by a presentation state', () => {
  const mask = (values: Record<string, ValueInput>) => ({ MaskSubtractionSequence: [Dataset.of(values)], RecommendedViewingMode: 'SUB' });

  it('takes the mean of the mask frames from each frame, after the rescale, and shows zero in the middle', async () => {
    await using folder = await temporaryFolder('mask');
    const { image, state } = await film(folder.path, {
      ...mask({ MaskOperation: 'AVG_SUB', MaskFrameNumbers: [1, 3] }),
      RescaleSlope: '2',
      RescaleIntercept: '-100',
      RescaleType: 'US',
    });
    expect(state.notApplied).toEqual([]);
    const { frame, window } = await presentedFrame(state, image, 4);
    if (frame.kind !== 'grey' || window === undefined) throw new Error('not grey');
    const wanted = FILM[4]?.map((value, i) => 2 * (value - ((FILM[0]?.[i] ?? 0) + (FILM[2]?.[i] ?? 0)) / 2));
    expect(valuesOf(frame)).toEqual(wanted);
    expect(greyOf(0, window)).toBeCloseTo(127.5, 0);
  });

  it('averages the frames it subtracts from, and moves the mask by parts of a pixel', async () => {
    await using folder = await temporaryFolder('mask');
    const { image, state } = await film(
      folder.path,
      mask({ MaskOperation: 'AVG_SUB', MaskFrameNumbers: [1], ContrastFrameAveraging: 2, MaskSubPixelShift: [1, 0.25] }),
    );
    const { frame } = await presentedFrame(state, image, 3);
    if (frame.kind !== 'grey') throw new Error('not grey');
    const values = valuesOf(frame);
    for (const [x, y] of [
      [5, 5],
      [20, 11],
      [36, 28],
    ] as const) {
      const at = y * COLUMNS + x;
      const above = at - COLUMNS;
      const moved = 0.75 * (FILM[0]?.[above] ?? 0) + 0.25 * (FILM[0]?.[above - 1] ?? 0);
      expect(values[at]).toBeCloseTo(((FILM[3]?.[at] ?? 0) + (FILM[4]?.[at] ?? 0)) / 2 - moved, 2);
    }
  });

  it('by time interval takes the frame so many before, and leaves the first ones as they are', async () => {
    await using folder = await temporaryFolder('mask');
    const { image, state } = await film(folder.path, mask({ MaskOperation: 'TID', TIDOffset: 2 }));
    const [later, first] = [await presentedFrame(state, image, 5), await presentedFrame(state, image, 1)];
    if (later.frame.kind !== 'grey' || first.frame.kind !== 'grey') throw new Error('not grey');
    expect(valuesOf(later.frame)).toEqual(FILM[5]?.map((value, i) => value - (FILM[3]?.[i] ?? 0)));
    expect([later.subtracted, first.subtracted]).toEqual([true, false]);
    expect(valuesOf(first.frame)).toEqual(FILM[1]);
  });

  it('leaves out frames that do not exist or are not meant', () => {
    const one: Mask = {
      operation: 'AVG_SUB',
      maskFrames: [0, 99, -3],
      applicable: [[2, 4]],
      contrastFrames: 3,
      tidOffset: 1,
      shift: [0, 0],
    };
    expect(subtractionOf(one, 4, 6)).toEqual({ contrast: [4, 5], masks: [0] });
    expect(subtractionOf(one, 5, 6)).toBeUndefined();
    expect(subtractionOf({ ...one, maskFrames: [99] }, 4, 6)).toBeUndefined();
  });
});

describe('colours by a presentation state', () => {
  const PSEUDO = '1.2.840.10008.5.1.4.1.1.11.3';
  const COLOUR = '1.2.840.10008.5.1.4.1.1.11.2';
  const palette = (data: readonly (readonly number[])[]): RawElement[] =>
    data.flatMap((values, i): RawElement[] => [
      [0x00281101 + i, [values.length, 0, 8], 'US'],
      [0x00281201 + i, Uint8Array.from(values), 'OW'],
    ]);
  const up = Array.from({ length: 256 }, (_, i) => i);
  const HOT = [up.map((i) => Math.min(255, 2 * i)), up.map((i) => Math.max(0, 2 * i - 255)), up.map((i) => 255 - i)];
  const VOI = { SoftcopyVOILUTSequence: [Dataset.of({ WindowCenter: '2048', WindowWidth: '4096' })] };

  it('are those of its palette, from the whole range of grey levels', async () => {
    await using folder = await temporaryFolder('pseudo');
    const values = FILM[0] ?? [];
    const image = await writeImage(folder.path, { name: 'grey', values: GREY, pixels: cells(values, 16) });
    const state = await stateOfFile(await writePresentationState(image, VOI, palette(HOT), { sopClassUID: PSEUDO }));
    if (state === undefined) throw new Error('not read');
    expect([state.kind, state.notApplied]).toEqual(['pseudo-colour', []]);
    const { samples } = await presentedPicture(state, image);
    const wanted = values.flatMap((value) => {
      const grey = Math.round(((value - 2047.5) / 4095 + 0.5) * 255);
      return HOT.map((channel) => channel[grey] ?? 0);
    });
    expect([...samples]).toEqual(wanted);
  });

  it('are those of its palette after its ICC profile; a palette that is missing is named', async () => {
    await using folder = await temporaryFolder('pseudo');
    const image = await writeImage(folder.path, {
      name: 'white',
      values: GREY,
      pixels: cells(
        Array.from({ length: PIXELS }, () => 4095),
        16,
      ),
    });
    const last = [100, 150, 200].map((level) => [0, level]);
    const profile: RawElement = [0x00282000, iccProfile({ matrix: ADOBE_RGB, curve: 2.19921875 }), 'OB'];
    const state = await stateOfFile(await writePresentationState(image, VOI, [profile, ...palette(last)], { sopClassUID: PSEUDO }));
    if (state === undefined) throw new Error('not read');
    expect([...(await presentedPicture(state, image)).samples.subarray(0, 3)]).toEqual([66, 151, 203]);
    const without = await stateOfFile(await writePresentationState(image, {}, [], { sopClassUID: PSEUDO }));
    expect(without?.notApplied).toEqual(['palette']);
  });

  it('of a colour image follow the profile of the state', async () => {
    await using folder = await temporaryFolder('colour');
    const image = await writeImage(folder.path, {
      name: 'rgb',
      values: { SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', PlanarConfiguration: 0, BitsAllocated: 8, BitsStored: 8, HighBit: 7 },
      pixels: cells(Array.from({ length: PIXELS }, () => [100, 150, 200]).flat(), 8),
      pixelVR: 'OB',
    });
    const profile: RawElement = [0x00282000, iccProfile({ matrix: ADOBE_RGB, curve: 2.19921875 }), 'OB'];
    const state = await stateOfFile(await writePresentationState(image, {}, [profile], { sopClassUID: COLOUR }));
    if (state === undefined) throw new Error('not read');
    expect([...(await presentedPicture(state, image)).samples.subarray(0, 3)]).toEqual([66, 151, 203]);
    expect(state.notApplied).toEqual([]);
  });

  it('of a colour image that has a profile of its own are not changed twice, and another profile is told', async () => {
    await using folder = await temporaryFolder('colour');
    const [own, other] = [2.19921875, 1.8].map((curve): RawElement => [0x00282000, iccProfile({ matrix: ADOBE_RGB, curve }), 'OB']);
    if (own === undefined || other === undefined) return;
    const image = await writeImage(folder.path, {
      name: 'rgb',
      values: { SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', PlanarConfiguration: 0, BitsAllocated: 8, BitsStored: 8, HighBit: 7 },
      elements: [own],
      pixels: cells(Array.from({ length: PIXELS }, () => [100, 150, 200]).flat(), 8),
      pixelVR: 'OB',
    });
    for (const [profile, isOther] of [
      [own, false],
      [other, true],
    ] as const) {
      const state = await stateOfFile(await writePresentationState(image, {}, [profile], { sopClassUID: COLOUR }));
      if (state === undefined) throw new Error('not read');
      const { frame, otherProfile } = await presentedFrame(state, image);
      if (frame.kind !== 'colour') throw new Error('not a colour');
      expect([[...frame.rgba.subarray(0, 3)], otherProfile]).toEqual([[66, 151, 203], isOther]);
    }
  });
});

describe('overlays by a presentation state', () => {
  it('stand in place of those of the image in the same group, in the colour of their layer', async () => {
    await using folder = await temporaryFolder('overlay');
    const plane = (data: Uint8Array): RawElement[] => overlayElements({ allocated: 1, position: 0, data });
    const empty = new Uint8Array(Math.ceil(PIXELS / 16) * 2);
    const [first, second] = [empty.slice().fill(1, 0, 1), empty.slice().fill(2, 0, 1)];
    const image = await writeImage(folder.path, {
      name: 'covered',
      values: GREY,
      elements: plane(first),
      pixels: cells(FILM[0] ?? [], 16),
    });
    const layer = Dataset.of({ GraphicLayer: 'LAYER', GraphicLayerOrder: '1', GraphicLayerRecommendedDisplayGrayscaleValue: 0x8080 });
    const path = await writePresentationState(image, {}, [...plane(second), [0x60001001, 'LAYER', 'CS'], [0x00700060, [layer], 'SQ']]);
    const state = await stateOfFile(path);
    if (state === undefined) throw new Error('not read');
    const { frame } = await presentedFrame(state, image);
    expect([...(frame.planes?.cover.subarray(0, 3) ?? [])].map((bits) => bits !== 0)).toEqual([false, true, false]);
    expect(frame.planes?.overlayColours).toEqual([[128, 128, 128]]);
  });
});
