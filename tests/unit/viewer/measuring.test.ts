import { describe, expect, it } from 'vitest';
import type { DrawableFrame } from '../../../renderer/viewer/decode-messages.ts';
import type { Point } from '../../../renderer/viewer/geometry.ts';
import type { ImageModule } from '../../../shared/contract/index.ts';
import type { Annotation, AnnotationKind } from '../../../shared/marks/index.ts';
import { calibrationAt, formatFigure, measure } from '../../../shared/marks/index.ts';
import { greyFrame, imageModule } from './frames.ts';

const mark = (kind: AnnotationKind, points: readonly (readonly [number, number])[], change: Partial<Annotation> = {}): Annotation => ({
  id: 'a',
  kind,
  studyInstanceUID: '1',
  seriesInstanceUID: '1.1',
  sopInstanceUID: '1.1.1',
  frame: 0,
  points: points.map(([x, y]): Point => ({ x, y })),
  name: '',
  ...change,
});

const figure = (annotation: Annotation, image: ImageModule, drawn?: DrawableFrame, options = {}) =>
  measure(annotation, image, 'CT', drawn, options).figures[0];

describe('a length', () => {
  const across = mark('length', [
    [10, 10],
    [40, 50],
  ]);

  it('is taken with the spacing of rows and of columns, each its own', () => {
    // 30 columns of 0.5 mm and 40 rows of 2 mm: √(15² + 80²)
    expect(figure(across, imageModule({ pixelSpacing: [2, 0.5] }))).toMatchObject({ unit: 'mm' });
    expect(figure(across, imageModule({ pixelSpacing: [2, 0.5] }))?.value).toBeCloseTo(81.394_1, 4);
  });

  it('is in pixels, and their aspect ratio, where no spacing is known', () => {
    expect(figure(across, imageModule())).toEqual({ what: 'length', value: 50, unit: 'px' });
    // Pixels half as wide as high: the height counts double.
    expect(figure(across, imageModule({ pixelAspectRatio: [2, 1] }))?.value).toBeCloseTo(Math.hypot(30, 80), 6);
  });

  it('by Imager Pixel Spacing is marked as at the detector, and smaller where the magnification is known', () => {
    const reading = { imagerPixelSpacing: [0.1, 0.1] as [number, number] };
    expect(measure(across, imageModule({ reading }), 'DX', undefined)).toMatchObject({
      figures: [{ value: expect.closeTo(5, 6), unit: 'mm' }],
      note: 'detector',
    });
    expect(measure(across, imageModule({ reading: { ...reading, magnification: 1.25 } }), 'DX', undefined)).toMatchObject({
      figures: [{ value: expect.closeTo(4, 6) }],
      note: 'magnified',
    });
  });

  it('by a Pixel Spacing that merely repeats the detector says so, a corrected one does not', () => {
    const both = { pixelSpacing: [0.1, 0.1] as [number, number], reading: { imagerPixelSpacing: [0.1, 0.1] as [number, number] } };
    expect(calibrationAt(imageModule(both), []).note).toBe('detector');
    expect(calibrationAt(imageModule({ ...both, reading: { ...both.reading, calibrationType: 'FIDUCIAL' } }), []).note).toBeUndefined();
  });

  it('is that of the ultrasound region that holds it, in its own units', () => {
    const tissue = { minX: 0, minY: 0, maxX: 63, maxY: 39, unitsX: 3, unitsY: 3, deltaX: 0.02, deltaY: 0.02 };
    const doppler = { minX: 0, minY: 40, maxX: 63, maxY: 63, unitsX: 4, unitsY: 7, deltaX: 0.01, deltaY: 2 };
    const image = imageModule({ reading: { ultrasoundRegions: [tissue, doppler] } });
    const inTissue = mark('length', [
      [10, 10],
      [40, 10],
    ]);
    expect(figure(inTissue, image)).toEqual({ what: 'length', value: expect.closeTo(6, 6), unit: 'mm' });
    const inDoppler = mark('length', [
      [10, 45],
      [20, 60],
    ]);
    expect(measure(inDoppler, image, 'US', undefined).figures).toEqual([
      { what: 'across', value: expect.closeTo(0.1, 6), unit: 's' },
      { what: 'along', value: 30, unit: 'cm/s' },
    ]);
    // Across both: neither scale holds.
    expect(figure(across, image)?.unit).toBe('px');
  });

  it('follows the reader’s own calibration before anything else', () => {
    const byHand = mark(
      'calibration',
      [
        [0, 0],
        [0, 20],
      ],
      { millimetres: 10 },
    );
    expect(measure(across, imageModule({ pixelSpacing: [9, 9] }), 'CR', undefined, { byHand })).toMatchObject({
      figures: [{ value: expect.closeTo(25, 6), unit: 'mm' }],
      note: 'byHand',
    });
  });

  it('is no number that is not one, whatever the file says', () => {
    expect(figure(across, imageModule({ pixelSpacing: [Number.NaN, 1] }))).toEqual({ what: 'length', value: 50, unit: 'px' });
    expect(figure(across, imageModule({ pixelSpacing: [0, 1] }))?.unit).toBe('px');
  });
});

describe('angles', () => {
  it('are those of the patient, not of pixels that are not square', () => {
    const corner = mark('angle', [
      [30, 0],
      [0, 0],
      [0, 30],
    ]);
    expect(figure(corner, imageModule())?.value).toBeCloseTo(90, 6);
    const half = mark('angle', [
      [30, 0],
      [0, 0],
      [30, 15],
    ]);
    // Rows twice as high: 15 rows are as long as 30 columns.
    expect(figure(half, imageModule({ pixelSpacing: [2, 1] }))?.value).toBeCloseTo(45, 6);
  });

  it('of Cobb lie between two lines without direction', () => {
    const lines = (x: number) =>
      mark('cobb', [
        [0, 0],
        [30, 0],
        [x, 60],
        [30 - x, 50],
      ]);
    const expected = (Math.atan2(10, 30) * 180) / Math.PI;
    expect(figure(lines(0), imageModule())?.value).toBeCloseTo(expected, 6);
    expect(figure(lines(30), imageModule())?.value).toBeCloseTo(expected, 6);
  });
});

describe('areas', () => {
  const drawn = greyFrame(64, 64, (column, row) => column + 2 * row, { slope: 2, intercept: -100 });
  const image = imageModule({ pixelSpacing: [0.5, 0.5], rescaleType: 'HU' });

  it('take the modality values of the pixels whose centres are inside', () => {
    const box = mark('rectangle', [
      [10, 20],
      [14, 23],
    ]);
    // Columns 10–13, rows 20–22, counted here one by one.
    const values = [20, 21, 22].flatMap((row) => [10, 11, 12, 13].map((column) => (column + 2 * row) * 2 - 100));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    const { statistics, figures, valueUnit } = measure(box, image, 'CT', drawn);
    expect(statistics).toMatchObject({ count: 12, minimum: Math.min(...values), maximum: Math.max(...values) });
    expect(statistics?.mean).toBeCloseTo(mean, 9);
    expect(statistics?.deviation).toBeCloseTo(deviation, 9);
    expect(figures).toEqual([{ what: 'area', value: 3, unit: 'mm²' }]);
    expect(valueUnit).toBe('HU');
    expect(statistics?.histogram.reduce((sum, count) => sum + count, 0)).toBe(12);
  });

  it('of an ellipse, a polygon and a freehand line count the same pixels as a test of each centre', () => {
    const inEllipse = (x: number, y: number) => ((x - 30) / 12) ** 2 + ((y - 25) / 7) ** 2 <= 1;
    const triangle = [
      [5.2, 5.1],
      [50.7, 12.3],
      [20.4, 55.9],
    ] as const;
    const inTriangle = (x: number, y: number) => {
      const side = ([ax, ay]: readonly [number, number], [bx, by]: readonly [number, number]) =>
        (bx - ax) * (y - ay) - (by - ay) * (x - ax);
      const sides = [side(triangle[0], triangle[1]), side(triangle[1], triangle[2]), side(triangle[2], triangle[0])];
      return sides.every((value) => value > 0) || sides.every((value) => value < 0);
    };
    const centres = Array.from({ length: 64 * 64 }, (_, index) => [(index % 64) + 0.5, Math.floor(index / 64) + 0.5] as const);
    const mean = (inside: (x: number, y: number) => boolean) => {
      const values = centres.filter(([x, y]) => inside(x, y)).map(([x, y]) => (x - 0.5 + 2 * (y - 0.5)) * 2 - 100);
      return { count: values.length, mean: values.reduce((sum, value) => sum + value, 0) / values.length };
    };
    const ellipse = mark('ellipse', [
      [18, 18],
      [42, 32],
    ]);
    for (const [annotation, expected] of [
      [ellipse, mean(inEllipse)],
      [mark('polygon', triangle), mean(inTriangle)],
      [mark('freehand', triangle), mean(inTriangle)],
    ] as const) {
      const { statistics } = measure(annotation, image, 'CT', drawn);
      expect(statistics?.count).toBe(expected.count);
      expect(statistics?.mean).toBeCloseTo(expected.mean, 9);
    }
    expect(figure(ellipse, image, drawn)?.value).toBeCloseTo(Math.PI * 12 * 7 * 0.25, 6);
    // Half of the cross product of two sides, at half a millimetre a pixel.
    const cross = Math.abs((50.7 - 5.2) * (55.9 - 5.1) - (20.4 - 5.2) * (12.3 - 5.1)) / 2;
    expect(figure(mark('polygon', triangle), image, drawn)?.value).toBeCloseTo(cross * 0.25, 6);
  });

  it('leave padding out', () => {
    const padded = greyFrame(8, 8, (column) => (column < 4 ? -2000 : 50), { padding: -2000 });
    const whole = mark('rectangle', [
      [0, 0],
      [8, 8],
    ]);
    expect(measure(whole, image, 'CT', padded).statistics).toMatchObject({ count: 32, mean: 50, deviation: 0 });
  });

  it('outside of the image hold nothing', () => {
    const outside = mark('ellipse', [
      [-20, -20],
      [-5, -5],
    ]);
    expect(measure(outside, image, 'CT', drawn).statistics).toBeUndefined();
  });

  it('of a PET are in SUV where the file allows it', () => {
    const pet = imageModule({ suv: { factor: 0.0005 }, reading: { units: 'BQML' } });
    const flat = greyFrame(8, 8, () => 10_000);
    const whole = mark('rectangle', [
      [0, 0],
      [8, 8],
    ]);
    const { statistics, valueUnit } = measure(whole, pet, 'PT', flat);
    expect([statistics?.mean, valueUnit]).toEqual([expect.closeTo(5, 9), 'SUV']);
  });
});

describe('a probe', () => {
  const drawn = greyFrame(4, 4, (column, row) => 10 * row + column, { slope: 1, intercept: -1024 });

  it('reads the pixel under it', () => {
    expect(figure(mark('probe', [[3.9, 2.1]]), imageModule(), drawn)).toEqual({ what: 'value', value: 23 - 1024, unit: 'HU' });
    expect(figure(mark('probe', [[4.1, 2.1]]), imageModule(), drawn)).toBeUndefined();
  });

  it('reads the colour of a colour image', () => {
    const rgba = new Uint8ClampedArray([1, 2, 3, 255, 4, 5, 6, 255]);
    const colour: DrawableFrame = { kind: 'colour', columns: 2, rows: 1, rgba };
    expect(measure(mark('probe', [[1.5, 0.5]]), imageModule(), 'US', colour).colour).toEqual([4, 5, 6]);
  });
});

it('figures are written with as many digits as a hand can set', () => {
  expect(formatFigure({ value: 12.345, unit: 'mm' })).toBe('12.3 mm');
  expect(formatFigure({ value: 210, unit: 'mm²' })).toBe('2.10 cm²');
  expect(formatFigure({ value: 33.333, unit: '°' })).toBe('33.3°');
});
