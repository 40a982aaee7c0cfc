import { describe, expect, it } from 'vitest';
import { edgeLetters, planeOf } from '../../../renderer/viewer/orientation.ts';

const AXIAL = [1, 0, 0, 0, 1, 0];
const CORONAL = [1, 0, 0, 0, 0, -1];
const SAGITTAL = [0, 1, 0, 0, 0, -1];
const STRAIGHT = { rotation: 0, flippedHorizontally: false, flippedVertically: false };

describe('the letters at the edges', () => {
  it('of an axial image show the patient from the feet', () => {
    expect(edgeLetters(AXIAL, STRAIGHT)).toEqual({ right: 'L', left: 'R', bottom: 'P', top: 'A' });
  });

  it('of a coronal and a sagittal image have the head on top', () => {
    expect(edgeLetters(CORONAL, STRAIGHT)).toEqual({ right: 'L', left: 'R', bottom: 'F', top: 'H' });
    expect(edgeLetters(SAGITTAL, STRAIGHT)).toEqual({ right: 'P', left: 'A', bottom: 'F', top: 'H' });
  });

  it('turn with the image', () => {
    expect(edgeLetters(AXIAL, { ...STRAIGHT, rotation: 90 })).toEqual({ right: 'A', left: 'P', bottom: 'L', top: 'R' });
    expect(edgeLetters(AXIAL, { ...STRAIGHT, rotation: 270 })).toEqual({ right: 'P', left: 'A', bottom: 'R', top: 'L' });
    expect(edgeLetters(AXIAL, { ...STRAIGHT, rotation: 180 })).toEqual({ right: 'R', left: 'L', bottom: 'A', top: 'P' });
  });

  it('change sides when the image is flipped', () => {
    expect(edgeLetters(AXIAL, { ...STRAIGHT, flippedHorizontally: true })).toMatchObject({ right: 'R', left: 'L', top: 'A' });
    expect(edgeLetters(AXIAL, { ...STRAIGHT, flippedVertically: true })).toMatchObject({ right: 'L', top: 'P', bottom: 'A' });
  });

  it('of an oblique image name the largest direction first', () => {
    expect(edgeLetters([0.9, 0.436, 0, 0, 0, -1], STRAIGHT).right).toBe('LP');
  });

  it('stay away where the orientation is missing or no number', () => {
    const none = { right: '', left: '', bottom: '', top: '' };
    expect(edgeLetters(undefined, STRAIGHT)).toEqual(none);
    expect(edgeLetters([Number.NaN, 0, 0, 0, 1, 0], STRAIGHT)).toEqual(none);
    expect(edgeLetters([0, 0, 0, 0, 0, 0], STRAIGHT)).toEqual(none);
  });
});

describe('the plane', () => {
  it('follows the normal', () => {
    expect([AXIAL, CORONAL, SAGITTAL].map((orientation) => planeOf(orientation))).toEqual(['AX', 'COR', 'SAG']);
    expect(planeOf([Math.SQRT1_2, Math.SQRT1_2, 0, 0, 0, -1])).toBe('OBL');
    expect(planeOf(undefined)).toBe('');
  });
});
