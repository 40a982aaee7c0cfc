import { describe, expect, it } from 'vitest';
import { dragWindow, formatWindowValue, greyOf, greyTable, type Window } from '../../../renderer/viewer/voi.ts';

const BRAIN: Window = { center: 40, width: 80, function: 'LINEAR' };

describe('the window', () => {
  // PS3.3 C.11.2.1.2.1: y = ((x - (c - 0.5)) / (w - 1) + 0.5) * 255.
  it('of LINEAR begins and ends where the standard says', () => {
    expect(greyOf(0, BRAIN)).toBeCloseTo(0, 9);
    expect(greyOf(79, BRAIN)).toBeCloseTo(255, 9);
    expect(greyOf(39.5, BRAIN)).toBeCloseTo(127.5, 9);
  });

  it('of LINEAR_EXACT is centred on its centre', () => {
    expect(greyOf(40, { ...BRAIN, function: 'LINEAR_EXACT' })).toBeCloseTo(127.5, 9);
    expect(greyOf(80, { ...BRAIN, function: 'LINEAR_EXACT' })).toBeCloseTo(255, 9);
  });

  it('of SIGMOID never quite reaches black and white', () => {
    const sigmoid: Window = { ...BRAIN, function: 'SIGMOID' };
    expect(greyOf(40, sigmoid)).toBeCloseTo(127.5, 9);
    expect(greyOf(1000, sigmoid)).toBeLessThanOrEqual(255);
    expect(greyOf(0, sigmoid)).toBeGreaterThan(0);
  });

  it('of one value is a threshold, not a division by zero', () => {
    const threshold: Window = { center: 10, width: 1, function: 'LINEAR' };
    expect([greyOf(9, threshold), greyOf(10, threshold)]).toEqual([0, 255]);
  });
});

describe('the look-up table', () => {
  const transform = {
    first: -10,
    last: 10,
    slope: 1,
    intercept: 0,
    window: { center: 0, width: 20, function: 'LINEAR_EXACT' },
    invert: false,
  } as const;

  it('starts with the smallest stored value and applies the rescale', () => {
    const table = greyTable({ ...transform, slope: 2, intercept: 10, padding: undefined });
    expect(table.length).toBe(21);
    expect(table[0]).toBe(0);
    expect(table[5]).toBe(128);
    expect(table[20]).toBe(255);
  });

  it('inverts, but never the padding around the image', () => {
    const table = greyTable({ ...transform, invert: true, padding: -10 });
    expect(table[0]).toBe(0);
    expect(table[1]).toBeGreaterThan(240);
    expect(table[20]).toBe(0);
  });

  it('of unsigned values that start above zero still begins at zero', () => {
    expect(greyTable({ ...transform, first: 0, last: 4, padding: undefined }).length).toBe(5);
  });
});

describe('dragging the window', () => {
  it('widens to the right and darkens downwards towards higher levels', () => {
    const dragged = dragWindow({ center: 40, width: 400, function: 'LINEAR' }, 100, 50, 4000);
    expect(dragged.width).toBeGreaterThan(400);
    expect(dragged.center).toBeGreaterThan(40);
  });

  it('back to its start undoes it exactly', () => {
    expect(dragWindow(BRAIN, 0, 0, 4000)).toEqual(BRAIN);
  });

  it('never reaches a width of nothing', () => {
    expect(dragWindow(BRAIN, -10_000, 0, 4000).width).toBe(1);
    expect(dragWindow({ ...BRAIN, width: 2 }, -10_000, 0, 5).width).toBeGreaterThan(0);
  });

  it('shows whole numbers where values are whole and three digits where they are small', () => {
    expect(formatWindowValue(400.4)).toBe('400');
    expect(formatWindowValue(2.3456)).toBe('2.35');
  });
});
