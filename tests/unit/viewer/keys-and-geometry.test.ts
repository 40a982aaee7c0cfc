import { describe, expect, it } from 'vitest';
import { fitScale, formatLength, panAbout, pixelAspect, scaleBar } from '../../../renderer/viewer/geometry.ts';
import { commandOf, KEYS, keyName } from '../../../renderer/viewer/keys.ts';

const press = (key: string, more = {}) => commandOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

describe('the keys', () => {
  it('do what the table says, in either case', () => {
    expect(press('w')).toEqual({ do: 'tool', tool: 'window' });
    expect(press('I')).toEqual({ do: 'invert' });
    expect(press('ArrowDown')).toEqual({ do: 'slice', by: 1 });
    expect(press('3')).toEqual({ do: 'preset', index: 2 });
    expect(press('0')).toEqual({ do: 'auto' });
    expect(press('+', { shiftKey: true })).toEqual({ do: 'faster' });
    expect(press('+')).toEqual({ do: 'faster' });
  });

  it('leave those with Ctrl, Alt or Meta to the window', () => {
    expect(press('w', { ctrlKey: true })).toBeUndefined();
    expect(press('z', { ctrlKey: true })).toEqual({ do: 'undo' });
    expect(press('Z', { ctrlKey: true, shiftKey: true })).toEqual({ do: 'redo' });
    expect(press('F4', { altKey: true })).toBeUndefined();
  });

  it('are given once each, and every tooltip can name its own', () => {
    expect(new Set(KEYS.map(({ key, ctrl, shift }) => `${ctrl} ${shift} ${key}`)).size).toBe(KEYS.length);
    expect(keyName({ do: 'rotate', by: -90 })).toBe('[');
    expect(keyName({ do: 'close' })).toBe('Esc');
    expect(KEYS.every(({ command }) => keyName(command) !== '')).toBe(true);
  });
});

describe('fitting the image', () => {
  const square = { rows: 512, columns: 512 };

  it('uses the smaller side of the pane, turned images included', () => {
    expect(fitScale(square, 0, { width: 1024, height: 768 })).toBe(1.5);
    expect(fitScale({ rows: 100, columns: 200 }, 90, { width: 100, height: 400 })).toBe(1);
  });

  it('gives pixels that are not square their true proportions', () => {
    const tall = { ...square, pixelSpacing: [2, 1] as [number, number] };
    expect(pixelAspect(tall)).toBe(0.5);
    expect(fitScale(tall, 0, { width: 1024, height: 1024 })).toBe(1);
  });

  it('survives spacing that is zero or no number', () => {
    expect(pixelAspect({ pixelSpacing: [0, 1] })).toBe(1);
    expect(pixelAspect({ pixelSpacing: [Number.NaN, 1] })).toBe(1);
    expect(fitScale(square, 0, { width: 0, height: 0 })).toBe(1);
  });

  it('keeps the point under the pointer while zooming', () => {
    const pan = panAbout({ x: 10, y: 0 }, { x: 110, y: 50 }, 1, 2);
    expect(pan).toEqual({ x: -90, y: -50 });
  });
});

describe('the scale bar', () => {
  it('is the longest round length that fits', () => {
    expect(scaleBar(0.5, 120)).toEqual({ millimetres: 50, pixels: 100 });
    expect(scaleBar(0.1, 120)).toEqual({ millimetres: 10, pixels: 100 });
    expect(formatLength(50)).toBe('5 cm');
    expect(formatLength(0.5)).toBe('0.5 mm');
  });

  it('is absent where lengths are not known', () => {
    expect(scaleBar(undefined, 120)).toBeUndefined();
    expect(scaleBar(0, 120)).toBeUndefined();
  });
});
