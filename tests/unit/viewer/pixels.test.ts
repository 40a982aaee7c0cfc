import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dataset, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { imageOfFrame } from '../../../renderer/viewer/frame-module.ts';
import { shrink } from '../../../renderer/viewer/thumbnail.ts';
import { storedWindows } from '../../../renderer/viewer/voi.ts';
import { imageModule } from '../../../shared/contract/index.ts';
import { modalityValueAt } from '../../../shared/marks/index.ts';
import { pictureOf, viewFile } from '../../conformance/viewed-file.ts';
import { COLUMNS, cells, type GeneratedImage, ROWS, writeImage } from '../../support/images.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const PIXELS = COLUMNS * ROWS;
const GREY8 = { BitsAllocated: 8, BitsStored: 8, HighBit: 7 };
const GREY16 = { BitsAllocated: 16, BitsStored: 16, HighBit: 15 };
const LINEAR = { center: 127.5, width: 255, function: 'LINEAR_EXACT' } as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder('pixels');
});
afterAll(() => folder[Symbol.asyncDispose]());

const view = async (image: GeneratedImage) => viewFile(await writeImage(folder.path, image));
const ramp = Array.from({ length: PIXELS }, (_, i) => i % 256);

describe('the description of an image', () => {
  it.each([
    ['no rows', { Rows: 0 }, undefined],
    ['no columns', { Columns: 0 }, undefined],
    ['fewer rows than none', { Rows: -1 }, undefined],
    ['no frames', { NumberOfFrames: '0' }, 1],
    ['fewer frames than none', { NumberOfFrames: '-3' }, 1],
  ])('with %s says why there is none, or is that of the one frame that is there', async (name, values, frames) => {
    const elements: GeneratedImage['elements'] = 'Rows' in values && values.Rows < 0 ? [[0x00280010, [-1], 'SS']] : [];
    const file = await view({ name, values: { ...GREY16, ...(elements.length > 0 ? {} : values) }, elements, pixels: cells(ramp, 16) });
    if (frames === undefined) expect([file.image, file.reason]).toEqual([undefined, 'Rows or columns are missing.']);
    else {
      expect(file.frames).toBe(frames);
      expect((await file.drawable(0)).frame).toMatchObject({ kind: 'grey', rows: ROWS, columns: COLUMNS });
    }
  });

  it('is what the contract says, whatever the file holds', async () => {
    const file = await view({
      name: 'everything',
      values: {
        ...GREY16,
        WindowCenter: ['40', 'nonsense'],
        WindowWidth: ['400'],
        PixelPaddingRangeLimit: 70,
        ShutterShape: ['RECTANGULAR', 'CIRCULAR'],
        ShutterLeftVerticalEdge: 3,
        CenterOfCircularShutter: ['10', '10'],
        RadiusOfCircularShutter: 5,
        PixelAspectRatio: [1, 2],
      },
      pixels: cells(ramp, 16),
    });
    expect(() => imageModule.parse(file.image)).not.toThrow();
    expect(file.image?.shutter).toEqual({ value: 0, circle: { row: 10, column: 10, radius: 5 } });
  });

  it('takes what differs from frame to frame from the functional groups', async () => {
    const transformation = (slope: string) =>
      Dataset.of({ PixelValueTransformationSequence: Dataset.of({ RescaleSlope: slope, RescaleIntercept: '0', RescaleType: 'US' }) });
    const file = await view({
      name: 'enhanced',
      values: {
        ...GREY16,
        NumberOfFrames: 2,
        SharedFunctionalGroupsSequence: Dataset.of({ FrameVOILUTSequence: Dataset.of({ WindowCenter: '7', WindowWidth: '9' }) }),
        PerFrameFunctionalGroupsSequence: [transformation('2'), transformation('3')],
      },
      pixels: cells([...ramp, ...ramp], 16),
    });
    if (file.image === undefined) throw new Error(file.reason);
    expect(file.frames).toBe(2);
    expect([0, 1].map((frame) => file.image && imageOfFrame(file.image, frame).rescaleSlope)).toEqual([2, 3]);
    expect(imageOfFrame(file.image, 1).windows).toMatchObject([{ center: 7, width: 9 }]);
    const { frame } = await file.drawable(1);
    expect(frame.kind === 'grey' && modalityValueAt(frame, 5)).toBe(15);
  });

  it('has the planes of a dose at their offsets', async () => {
    const file = await view({
      name: 'dose',
      values: {
        ...GREY16,
        NumberOfFrames: 2,
        ImagePositionPatient: ['1', '2', '3'],
        ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'],
        GridFrameOffsetVector: ['0', '2.5'],
        DoseGridScaling: '0.001',
        DoseUnits: 'GY',
      },
      pixels: cells([...ramp, ...ramp], 16),
    });
    if (file.image === undefined) throw new Error(file.reason);
    expect(imageOfFrame(file.image, 1).imagePositionPatient).toEqual([1, 2, 5.5]);
    expect(file.image.realWorldValueMaps).toMatchObject([{ slope: 0.001, unit: 'Gy' }]);
  });
});

describe('standardised uptake values', () => {
  const PET = {
    ...GREY16,
    Modality: 'PT',
    Units: 'BQML',
    CorrectedImage: ['ATTN', 'DECY'],
    DecayCorrection: 'START',
    PatientWeight: '70',
    SeriesDate: '20260101',
    SeriesTime: '110000',
    AcquisitionDate: '20260101',
    AcquisitionTime: '110000',
    RadiopharmaceuticalInformationSequence: Dataset.of({
      RadiopharmaceuticalStartTime: '100000',
      RadionuclideTotalDose: '400000000',
      RadionuclideHalfLife: '3600',
    }),
  };
  const pixels = cells(ramp, 16);

  it('are by body weight and by the dose that is left when the scan begins', async () => {
    const { image } = await view({ name: 'PET', values: PET, pixels });
    expect(image?.suv).toEqual({ factor: (70 * 1000) / (400_000_000 / 2) });
  });

  it('say why there are none', async () => {
    const { image } = await view({ name: 'PET without weight', values: { ...PET, PatientWeight: '0' }, pixels });
    expect(image?.suv).toEqual({ reason: expect.stringContaining('weight') });
    const counts = await view({ name: 'PET in counts', values: { ...PET, Units: 'CNTS' }, pixels });
    expect(counts.image?.suv).toEqual({ reason: expect.stringContaining('counts') });
    const later = await view({ name: 'PET before injection', values: { ...PET, SeriesTime: '090000', AcquisitionTime: '093000' }, pixels });
    expect(later.image?.suv).toEqual({ reason: expect.stringContaining('time') });
  });
});

describe('floating point pixels', () => {
  it.each([
    ['float', 'OF', 32, TransferSyntaxUID.ExplicitVRLittleEndian],
    ['double', 'OD', 64, TransferSyntaxUID.ExplicitVRLittleEndian],
    ['float', 'OF', 32, TransferSyntaxUID.ExplicitVRBigEndian],
  ] as const)('(%s, %s) keep their values and are drawn through the window', async (format, pixelVR, bits, transferSyntaxUID) => {
    const values = ramp.map((value, i) => (i === 7 ? Number.NaN : value / 255));
    const pixels = Buffer.from((format === 'float' ? Float32Array.from(values) : Float64Array.from(values)).buffer);
    const file = await view({
      name: `${format} ${transferSyntaxUID}`,
      values: { BitsAllocated: bits },
      pixels,
      pixelVR,
      transferSyntaxUID,
    });
    const drawable = await file.drawable(0);
    const { frame } = drawable;
    if (frame.kind !== 'grey') throw new Error('not grey');
    expect(modalityValueAt(frame, 100)).toBeCloseTo(100 / 255, 6);
    const picture = pictureOf(drawable, { center: 0.5, width: 1, function: 'LINEAR_EXACT' });
    expect([picture.samples[0], picture.samples[100], picture.samples[255], picture.samples[7]]).toEqual([0, 100, 255, 0]);
  });
});

describe('a palette in segments', () => {
  it('is expanded: discrete, linear and repeated ones', async () => {
    // 0, 100, then 100 more entries up to 200, then the first segment again.
    const segments = [0, 2, 0, 100, 1, 100, 200, 2, 1, 0, 0, 0, 0, 1, 152, 255];
    const elements = [0, 1, 2].flatMap(
      (i): NonNullable<GeneratedImage['elements']> => [
        [0x00281101 + i, [256, 0, 8], 'US'],
        [0x00281221 + i, cells(segments, 8).subarray(0, segments.length), 'OW'],
      ],
    );
    const file = await view({
      name: 'segmented',
      values: { ...GREY8, PhotometricInterpretation: 'PALETTE COLOR' },
      elements,
      pixels: cells(ramp, 8),
      pixelVR: 'OB',
    });
    const { samples } = pictureOf(await file.drawable(0), undefined);
    expect([0, 1, 51, 101, 102, 103, 255].map((value) => samples[value * 3])).toEqual([0, 100, 150, 200, 0, 100, 255]);
  });
});

describe('the palette of a parametric map', () => {
  it.each([
    ['COLOR_RANGE', [0xff0000ff, 0xff00ff00, 0xffff0000]],
    ['MONOCHROME', undefined],
  ])('colours the range of values that it names, where it asks for it (%s)', async (PixelPresentation, colours) => {
    const file = await view({
      name: `parametric ${PixelPresentation}`,
      values: {
        BitsAllocated: 32,
        PixelPresentation,
        SharedFunctionalGroupsSequence: Dataset.of({
          StoredValueColorRangeSequence: Dataset.of({ MinimumStoredValueMapped: -2.5, MaximumStoredValueMapped: 7.5 }),
        }),
      },
      // Red, green, blue.
      elements: [0, 1, 2].flatMap((i): NonNullable<GeneratedImage['elements']> => {
        const entries = [0, 0, 0];
        entries[i] = 0xffff;
        return [
          [0x00281101 + i, [3, 0, 16], 'US'],
          [0x00281201 + i, cells(entries, 16), 'OW'],
        ];
      }),
      pixels: new Uint8Array(Float32Array.from(ramp, (value) => value / 10 - 5).buffer),
      pixelVR: 'OF',
    });
    const { frame, image } = await file.drawable(0);
    if (frame.kind !== 'grey') throw new Error('the values of a map are lost');
    expect(imageModule.parse(image)).toEqual(image);
    expect(storedWindows(image)[0]).toMatchObject({ center: 2.5, width: 10, function: 'LINEAR_EXACT' });
    expect(frame.colours && [0, 128, 255].map((grey) => frame.colours?.[grey])).toEqual(colours);
    const small = shrink(frame, COLUMNS, image).rgba;
    // Values of -5, 2.5 and 12.5: below, in the middle of and above the range.
    const pixel = (value: number) => [...small.subarray(4 * value, 4 * value + 3)];
    const grey = [0, 0, 0];
    expect([pixel(0), pixel(175)].map((one) => one.join())).toEqual(
      colours === undefined ? [grey.join(), '255,255,255'] : ['255,0,0', '0,0,255'],
    );
  });
});

describe('shutters and overlays', () => {
  const cover = async (name: string, values: GeneratedImage['values'], elements?: GeneratedImage['elements']) => {
    const file = await view({
      name,
      values: { ...GREY8, ...values },
      pixels: cells(ramp, 8),
      pixelVR: 'OB',
      ...(elements && { elements }),
    });
    const { frame } = await file.drawable(0);
    const covered = frame.planes?.cover ?? new Uint8Array(0);
    return { at: (row: number, column: number) => covered[(row - 1) * COLUMNS + column - 1], grey: frame.planes?.shutterGrey };
  };

  it('leave open what lies on the edges of a rectangle', async () => {
    const { at, grey } = await cover('rectangle', {
      ShutterShape: 'RECTANGULAR',
      ShutterLeftVerticalEdge: 3,
      ShutterRightVerticalEdge: 30,
      ShutterUpperHorizontalEdge: 2,
      ShutterLowerHorizontalEdge: 20,
      ShutterPresentationValue: 65_535,
    });
    expect([at(2, 3), at(20, 30), at(1, 3), at(2, 2), at(21, 30), at(20, 31), grey]).toEqual([0, 0, 1, 1, 1, 1, 255]);
  });

  it('close what lies outside of a circle or a polygon', async () => {
    const circle = await cover('circle', { ShutterShape: 'CIRCULAR', CenterOfCircularShutter: [10, 12], RadiusOfCircularShutter: 4 });
    expect([circle.at(10, 16), circle.at(10, 17), circle.at(14, 12)]).toEqual([0, 1, 0]);
    const triangle = await cover('polygon', { ShutterShape: 'POLYGONAL', VerticesOfThePolygonalShutter: [1, 1, 1, 30, 25, 1] });
    expect([triangle.at(5, 5), triangle.at(20, 20), triangle.at(28, 1)]).toEqual([0, 1, 1]);
  });

  it('reach into the image no further than it goes', async () => {
    const { at } = await cover('overlay', {}, [
      [0x60000010, [2000], 'US'],
      [0x60000011, [2000], 'US'],
      [0x60000040, 'G', 'CS'],
      [0x60000050, [-32_768, 32_767], 'SS'],
      [0x60000100, [1], 'US'],
      [0x60000102, [0], 'US'],
      [0x60003000, new Uint8Array(4).fill(255), 'OW'],
    ]);
    expect(at(1, 1)).toBe(0);
  });

  it('of a file that has a hundred thousand are the first sixteen', async () => {
    // There are groups for 128; the others stand in groups behind them and in elements of theirs that mean nothing.
    const elements = Array.from({ length: 100_000 }, (_, i): NonNullable<GeneratedImage['elements']> => {
      const first = 0x60000000 + (i % 3000) * 0x20000 + Math.floor(i / 3000) * 0x80;
      const rows = [first + 0x10, [1], 'US'] as const;
      return i < 3000 ? [rows, [first + 0x11, [1], 'US'], [first + 0x3000, new Uint8Array(2), 'OW']] : [rows];
    }).flat();
    const file = await view({ name: 'many overlays', values: GREY8, pixels: cells(ramp, 8), pixelVR: 'OB', elements });
    expect(file.image?.overlays?.map(({ index }) => index)).toEqual(Array.from({ length: 16 }, (_, index) => index));
    const { frame } = await file.drawable(0);
    expect(frame.planes?.overlays.length).toBeLessThanOrEqual(16);
  });
});

describe('what the reader inverts', () => {
  it('leaves padding as it is', async () => {
    const file = await view({
      name: 'padding',
      values: { ...GREY8 },
      elements: [
        [0x00280120, [0], 'US'],
        [0x00280121, [3], 'US'],
      ],
      pixels: cells(ramp, 8),
      pixelVR: 'OB',
    });
    const drawable = await file.drawable(0);
    const { samples } = pictureOf(drawable, LINEAR, { inverted: true });
    expect([samples[0], samples[3], samples[4], samples[255]]).toEqual([0, 3, 251, 0]);
  });
});

describe('windows and tables of the file', () => {
  it('are offered in its order, windows first; a width of nothing is none', () => {
    const table = { entries: 10, firstMapped: 0, bits: 8, segmented: false, label: 'soft', data: { inline: '' } };
    const windows = [
      { center: 1, width: 0, label: '', function: 'LINEAR' as const },
      { center: 40, width: 400, label: 'a', function: 'LINEAR' as const },
    ];
    expect(storedWindows({ windows, voiLUTs: [table] }).map(({ label, voiLUT }) => [label, voiLUT])).toEqual([
      ['a', undefined],
      ['soft', 0],
    ]);
  });
});
