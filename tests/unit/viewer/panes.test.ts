import { describe, expect, it } from 'vitest';
import {
  boxesOf,
  dividersOf,
  gridLayout,
  gridOf,
  moveDivider,
  nextPane,
  panesOf,
  removePane,
  splitPane,
} from '../../../renderer/viewer/layout/layout.ts';
import { areParallel, planeOfFrame, referenceLine, toImage, toPatient } from '../../../renderer/viewer/sync/planes.ts';
import { apply, imageToCanvas, inverse } from '../../../renderer/viewer/transform.ts';
import { axialSlice, imageModule } from './frames.ts';

describe('a layout', () => {
  it('of 6 × 6 has 36 panes of the same size', () => {
    const names = Array.from({ length: 36 }, (_, index) => `p${index}`);
    const boxes = boxesOf(gridLayout(6, 6, names));
    expect(boxes).toHaveLength(36);
    for (const { width, height } of boxes) {
      expect(width).toBeCloseTo(1 / 6, 9);
      expect(height).toBeCloseTo(1 / 6, 9);
    }
    expect(gridOf(gridLayout(2, 3, names.slice(0, 6)))).toEqual({ rows: 2, columns: 3 });
  });

  it('is split and joined again without leaving a hole', () => {
    const split = splitPane(gridLayout(1, 2, ['a', 'b']), 'b', 'column', 'c');
    expect(panesOf(split)).toEqual(['a', 'b', 'c']);
    expect(boxesOf(split).find(({ pane }) => pane === 'c')).toMatchObject({ x: 0.5, y: 0.5, width: 0.5, height: 0.5 });
    expect(boxesOf(removePane(split, 'a')).reduce((sum, { width, height }) => sum + width * height, 0)).toBeCloseTo(1, 9);
    expect(removePane(gridLayout(1, 1, ['a']), 'a')).toEqual({ kind: 'pane', pane: 'a' });
  });

  it('is resized by its dividers, down to a least size', () => {
    const layout = gridLayout(1, 2, ['a', 'b']);
    const [divider] = dividersOf(layout);
    expect(divider).toMatchObject({ path: [], index: 0, direction: 'row', x: 0.5 });
    expect(boxesOf(moveDivider(layout, [], 0, 0.2))[0]?.width).toBeCloseTo(0.7, 9);
    expect(boxesOf(moveDivider(layout, [], 0, 5))[1]?.width).toBeCloseTo(0.08, 9);
  });

  it('is walked through in reading order, round at the ends', () => {
    const layout = gridLayout(2, 2, ['a', 'b', 'c', 'd']);
    expect([nextPane(layout, 'a', 1), nextPane(layout, 'b', 1), nextPane(layout, 'a', -1)]).toEqual(['b', 'c', 'd']);
  });
});

describe('image coordinates', () => {
  const placement = {
    rows: 100,
    columns: 200,
    aspect: 1,
    scale: 2,
    rotation: 0,
    flippedHorizontally: false,
    flippedVertically: false,
    pan: { x: 0, y: 0 },
    canvas: { width: 600, height: 400 },
  };

  it('have their middle in the middle of the pane', () => {
    expect(apply(imageToCanvas(placement), { x: 100, y: 50 })).toEqual({ x: 300, y: 200 });
    expect(apply(imageToCanvas(placement), { x: 0, y: 0 })).toEqual({ x: 100, y: 100 });
  });

  it('turn clockwise and flip before they turn', () => {
    const turned = imageToCanvas({ ...placement, rotation: 90 });
    // The upper left corner goes to the upper right.
    expect(apply(turned, { x: 0, y: 0 })).toEqual({ x: 400, y: 0 });
    const both = imageToCanvas({ ...placement, rotation: 90, flippedHorizontally: true });
    expect(apply(both, { x: 0, y: 0 })).toEqual({ x: 400, y: 400 });
  });

  it('come back from the screen as they were, pixels that are not square too', () => {
    for (const rotation of [0, 90, 180, 270]) {
      const matrix = imageToCanvas({ ...placement, rotation, aspect: 0.5, flippedVertically: true, pan: { x: 7, y: -3 } });
      const there = apply(matrix, { x: 12.5, y: 80.25 });
      const back = apply(inverse(matrix), there);
      expect(back.x).toBeCloseTo(12.5, 9);
      expect(back.y).toBeCloseTo(80.25, 9);
    }
  });
});

describe('planes in the patient', () => {
  const axial = planeOfFrame(axialSlice(10), 0);
  const coronal = planeOfFrame(
    imageModule({
      imagePositionPatient: [-32, 0, 32],
      imageOrientationPatient: [1, 0, 0, 0, 0, -1],
      pixelSpacing: [1, 1],
      reading: { frameOfReferenceUID: '1.9' },
    }),
    0,
  );
  if (axial === undefined || coronal === undefined) throw new Error('no plane');

  it('lead from the image to the patient and back', () => {
    expect(toPatient(axial, { x: 0.5, y: 0.5 })).toEqual([-32, -32, 10]);
    expect(toImage(axial, [-22, -32, 14])).toEqual({ x: 10.5, y: 0.5, distance: 4 });
  });

  it('cut each other where the reference line stands', () => {
    // z = 10 is 22 rows below z = 32; a row's centre is at .5.
    expect(referenceLine(coronal, axial)?.map(({ y }) => y)).toEqual([22.5, 22.5]);
    expect(referenceLine(axial, axial)).toBeUndefined();
    expect(areParallel(axial, coronal)).toBe(false);
  });

  it('are absent where a file gives none or nonsense', () => {
    expect(planeOfFrame(imageModule(), 0)).toBeUndefined();
    expect(planeOfFrame({ ...axialSlice(1), imageOrientationPatient: [0, 0, 0, 0, 0, 0] }, 0)).toBeUndefined();
    expect(planeOfFrame({ ...axialSlice(1), pixelSpacing: [0, 0] }, 0)).toBeUndefined();
  });
});
