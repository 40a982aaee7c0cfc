import { describe, expect, it } from 'vitest';
import { buildStack } from '../../../renderer/viewer/stack.ts';
import { gapsOf } from '../../../renderer/viewer/stack-order.ts';
import { axialSlice, imageModule, instance } from './frames.ts';

const heights = (frames: ReturnType<typeof buildStack>) => frames.map(({ plane }) => plane?.origin[2]);

describe('a stack', () => {
  it('goes along the patient, whatever the order of the files', () => {
    const stack = buildStack({ instances: [3, 1, 2].map((z) => instance(z, axialSlice(z))) });
    expect(heights(stack)).toEqual([1, 2, 3]);
  });

  it('holds each b-value as a volume of its own', () => {
    const instances = [0, 1000].flatMap((bValue, volume) => [1, 2, 3].map((z) => instance(10 * z + volume, axialSlice(z, { bValue }))));
    const stack = buildStack({ instances });
    expect(heights(stack)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(stack.map(({ volumeLabel }) => volumeLabel)).toEqual(['b 0', 'b 0', 'b 0', 'b 1000', 'b 1000', 'b 1000']);
  });

  it('holds each point in time as a volume of its own, in the order of time', () => {
    const instances = [2, 1].flatMap((temporalPosition) =>
      [1, 2].map((z) => instance(temporalPosition * 10 + z, axialSlice(z, { temporalPosition }))),
    );
    const stack = buildStack({ instances });
    expect(stack.map(({ image, volume }) => [image?.reading?.temporalPosition, volume])).toEqual([
      [1, 0],
      [1, 0],
      [2, 1],
      [2, 1],
    ]);
  });

  it('keeps two acquisitions of overlapping places apart', () => {
    const first = [1, 2, 3].map((z) => instance(z, axialSlice(z), { acquisitionNumber: 1 }));
    const second = [2, 3, 4].map((z) => instance(10 + z, axialSlice(z), { acquisitionNumber: 2 }));
    expect(heights(buildStack({ instances: [...second, ...first] }))).toEqual([1, 2, 3, 2, 3, 4]);
  });

  it('keeps images that are turned differently in groups', () => {
    const coronal = (y: number) =>
      imageModule({ imagePositionPatient: [0, y, 0], imageOrientationPatient: [1, 0, 0, 0, 0, -1], pixelSpacing: [1, 1] });
    const instances = [instance(1, axialSlice(5)), instance(2, coronal(1)), instance(3, axialSlice(6)), instance(4, coronal(2))];
    expect(buildStack({ instances }).map(({ group }) => group)).toEqual([0, 0, 1, 1]);
  });

  it('uses the planes of the frames of a multi-frame image', () => {
    const positions = [3, 1, 2].map((z) => ({ position: [0, 0, z] as [number, number, number] }));
    const image = { ...axialSlice(3), reading: { frames: positions } };
    const frames = { ...image, pixelData: { encoding: 'native', offset: 0, length: 64 * 64 * 2 * 3, bigEndian: false } as const };
    const stack = buildStack({ instances: [instance(1, frames, { numberOfFrames: 3 })] });
    expect(heights(stack)).toEqual([1, 2, 3]);
    expect(stack.map(({ frame }) => frame)).toEqual([1, 2, 0]);
  });
});

describe('missing slices', () => {
  const at = (...places: number[]) => gapsOf(buildStack({ instances: places.map((z, index) => instance(index + 1, axialSlice(z))) }));

  it('are told where an even stack leaves places out', () => {
    expect(at(1, 2, 3, 4, 7, 8, 9, 10, 11)).toEqual([{ after: 3, missing: 2 }]);
  });

  it('are not suspected in even stacks, uneven ones, and too short ones', () => {
    expect(at(1, 2, 3, 4, 5, 6)).toEqual([]);
    expect(at(1, 2.2, 3.9, 7, 7.3, 12)).toEqual([]);
    expect(at(1, 2, 5)).toEqual([]);
  });
});
