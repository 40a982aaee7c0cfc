import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Dataset } from '../../../electron/dicom/dataset/index.ts';
import type { GreyFrame } from '../../../renderer/viewer/decode-messages.ts';
import { toGreyFrame } from '../../../renderer/viewer/grey-frame.ts';
import { isodose } from '../../../renderer/viewer/objects/radiotherapy/isodose.ts';
import { paintDose } from '../../../renderer/viewer/objects/radiotherapy/on-image.ts';
import { inLabelColours } from '../../../renderer/viewer/objects/segmentation/label-colours.ts';
import { planeFrom, readSegmentation } from '../../../renderer/viewer/objects/segmentation/segmentation.ts';
import { blendedColours, slicesBeside } from '../../../renderer/viewer/presentation/blend.ts';
import { readState } from '../../../renderer/viewer/presentation/read-state.ts';
import type { ImageModule } from '../../../shared/contract/index.ts';
import { itemOf, objectOfFile, part10Of } from '../../support/objects.ts';
import { temporaryFolder } from '../../support/temporary.ts';

describe('isodose lines', () => {
  const SIZE = 41;
  const cone = Float32Array.from({ length: SIZE * SIZE }, (_, i) => 30 - Math.hypot((i % SIZE) - 20, Math.floor(i / SIZE) - 20));

  it('lie where the dose has their value, in one closed line round its middle', () => {
    const pieces = isodose(cone, SIZE, SIZE, 20.3);
    const radii = pieces.flatMap((piece) => piece.map(({ x, y }) => Math.hypot(x - 20, y - 20)));
    expect(Math.min(...radii)).toBeGreaterThan(9.6);
    expect(Math.max(...radii)).toBeLessThan(9.8);
    const length = pieces.reduce((sum, [from, to]) => sum + Math.hypot(to.x - from.x, to.y - from.y), 0);
    expect(length).toBeCloseTo(2 * Math.PI * 9.7, 0);
    const ends = new Map<string, number>();
    for (const { x, y } of pieces.flat()) {
      const key = `${x.toFixed(6)} ${y.toFixed(6)}`;
      ends.set(key, (ends.get(key) ?? 0) + 1);
    }
    expect([...ends.values()].every((count) => count === 2)).toBe(true);
  });

  it('of a saddle join what the middle joins, and there is none where the dose ends or stays below', () => {
    expect(isodose(Float32Array.of(2, 0, 0, 2), 2, 2, 0.9)).toHaveLength(2);
    expect(isodose(cone, SIZE, SIZE, 31)).toEqual([]);
    expect(isodose(Float32Array.of(2, 0, Number.NaN, 2), 2, 2, 1)).toEqual([]);
  });

  it('and the wash count their levels from the dose that is 100 %', () => {
    const red = (dose: number, hundred: number) => paintDose(Float32Array.of(dose), hundred, () => true)[3];
    expect([red(1, 8), red(1, 20)]).toEqual([255, 0]);
  });
});

describe('a label map', () => {
  it('with a palette has its colours, counted from the first value that the palette maps', async () => {
    await using folder = await temporaryFolder('label-map');
    const dataset = Dataset.of({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.7',
      SegmentationType: 'LABELMAP',
      PhotometricInterpretation: 'PALETTE COLOR',
      Rows: 2,
      Columns: 2,
      NumberOfFrames: 1,
      SegmentSequence: [Dataset.of({ SegmentNumber: 5, SegmentLabel: 'Liver' }), Dataset.of({ SegmentNumber: 6, SegmentLabel: 'Spleen' })],
      PerFrameFunctionalGroupsSequence: [Dataset.of({})],
    });
    for (const [i, values] of [
      [10, 20],
      [30, 40],
      [50, 60],
    ].entries()) {
      dataset.set(0x00281101 + i, [2, 5, 8], 'US');
      dataset.set(0x00281201 + i, Uint8Array.from(values), 'OW');
    }
    const path = join(folder.path, 'labels.dcm');
    writeFileSync(path, part10Of(dataset));
    const object = objectOfFile(path);
    const { segments, frames } = await inLabelColours(readSegmentation(object.root), object);
    expect(segments.map(({ colour }) => colour)).toEqual([
      [10, 30, 50],
      [20, 40, 60],
    ]);
    expect(frames[0]?.segment).toBe(0);
  });

  it('of fractions says what they mean', () => {
    const read = (kind: string, type: string) =>
      readSegmentation(itemOf(Dataset.of({ SegmentationType: kind, SegmentationFractionalType: type, MaximumFractionalValue: 200 })));
    expect(read('FRACTIONAL', 'OCCUPANCY').fractions).toBe('occupancy');
    expect(read('FRACTIONAL', 'PROBABILITY').fractions).toBe('probability');
    expect(read('BINARY', '').fractions).toBe('');
  });
});

describe('a blending state', () => {
  const plane = (z: number, space = '1.2.3') =>
    planeFrom({
      frameOfReferenceUID: space,
      rows: 2,
      columns: 2,
      position: [0, 0, z],
      orientation: [1, 0, 0, 0, 1, 0],
      stepX: 1,
      stepY: 1,
    });
  const slices = [0, 4, 8].map((z) => ({ z, plane: plane(z) }));

  it('lays over a plane what lies beside it, and nothing beyond its slices or in another space', () => {
    const at = (z: number, space?: string) => {
      const own = plane(z, space);
      const found = own === undefined ? undefined : slicesBeside(slices, own);
      return found === undefined ? undefined : [...found.slices.map((slice) => slice.z), found.share];
    };
    expect(at(4)).toEqual([4, 0]);
    expect(at(5)).toEqual([4, 8, 0.25].map((value, i) => (i === 2 ? expect.closeTo(value) : value)));
    expect(at(-1)).toEqual([0, 0]);
    expect(at(12)).toBeUndefined();
    expect(at(4, '9.9')).toBeUndefined();
  });

  it('looks its images up and colours them as it says', () => {
    const voi = (center: number) => [Dataset.of({ WindowCenter: String(center), WindowWidth: '101', VOILUTFunction: 'LINEAR' })];
    const item = (position: string, uid: string, center: number) =>
      Dataset.of({
        BlendingPosition: position,
        ReferencedSeriesSequence: [
          Dataset.of({
            SeriesInstanceUID: '1.5',
            ReferencedImageSequence: [Dataset.of({ ReferencedSOPClassUID: '1.2', ReferencedSOPInstanceUID: uid })],
          }),
        ],
        RescaleSlope: '2',
        RescaleIntercept: '0',
        SoftcopyVOILUTSequence: voi(center),
      });
    const state = readState(
      itemOf(
        Dataset.of({
          SOPClassUID: '1.2.840.10008.5.1.4.1.1.11.4',
          SOPInstanceUID: '1.9',
          BlendingSequence: [item('UNDERLYING', '1.1', 40), item('SUPERIMPOSED', '1.2', 50.5)],
          RelativeOpacity: 0.25,
        }),
      ),
      () => undefined,
    );
    expect(state).toMatchObject({
      kind: 'blending',
      images: [{ sopInstanceUID: '1.1' }],
      superimposed: { images: [{ sopInstanceUID: '1.2' }], opacity: 0.25 },
      notApplied: ['palette'],
    });
    if (state?.superimposed === undefined) return;
    const words = Uint32Array.from({ length: 256 }, (_, level) => 0xff000000 + level);
    const grey = (samples: number[]): GreyFrame =>
      toGreyFrame(
        {
          rows: 1,
          columns: 2,
          samplesPerPixel: 1,
          photometricInterpretation: 'MONOCHROME2',
          bitsStored: 8,
          signed: false,
          samples: Uint8Array.from(samples),
        },
        { rescaleSlope: 1, rescaleIntercept: 0 } as ImageModule,
      );
    const frames = [grey([0, 25]), grey([50, 25])].map((frame) => ({ frame, sopInstanceUID: '1.2', number: 0 }));
    // Values 0 to 100 after the rescale go from black to white.
    expect([...blendedColours(state.superimposed, { words }, frames, 0.5)]).toEqual([128, 0, 0, 255, 128, 0, 0, 255]);
  });
});
