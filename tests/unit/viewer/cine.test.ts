import { afterEach, expect, test, vi } from 'vitest';
import { Cine, type CineMode } from '../../../renderer/viewer/cine.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** The times at which a new frame was asked for, on a screen of 60 Hz. */
function framesWithin(
  milliseconds: number,
  source: { frameTimeMs?: number; isShown?: () => boolean; stopAfter?: number; rate?: number; mode?: CineMode; shown?: number[] },
): number[] {
  const asked: number[] = [];
  let at = 0;
  let now = 0;
  let paint: ((time: number) => void) | undefined;
  vi.spyOn(performance, 'now').mockReturnValue(0);
  const cine: Cine = new Cine(
    {
      frameTimeMs: () => source.frameTimeMs,
      isShown: source.isShown ?? (() => true),
      position: () => at,
      count: () => 4,
      ended: () => undefined,
      show: (index) => {
        at = index;
        source.shown?.push(index);
        asked.push(Math.round(now));
        if (asked.length === source.stopAfter) cine.stop();
      },
    },
    {
      request: (callback) => {
        paint = callback;
        return 1;
      },
      cancel: () => {
        paint = undefined;
      },
    },
  );
  cine.rate = source.rate;
  if (source.mode !== undefined) cine.mode = source.mode;
  cine.start();
  for (now = 0; now <= milliseconds && paint !== undefined; now += 1000 / 60) paint(now);
  return asked;
}

test('33 ms a frame stay 33 ms on a screen of 60 Hz', () => {
  expect(framesWithin(200, { frameTimeMs: 33 })).toEqual([33, 67, 100, 133, 167, 200]);
});

test('a file that does not say plays ten frames a second', () => {
  expect(framesWithin(1000, {})).toHaveLength(10);
});

test('a frame that is not on the screen yet is waited for, not skipped', () => {
  expect(framesWithin(1000, { frameTimeMs: 33, isShown: () => false })).toEqual([]);
});

test('stopped by its own last frame it asks for no other', () => {
  expect(framesWithin(1000, { frameTimeMs: 33, stopAfter: 2 })).toHaveLength(2);
});

test('the reader sets another speed than the file says', () => {
  expect(framesWithin(1000, { frameTimeMs: 33, rate: 5 })).toHaveLength(5);
});

test('at the end it begins anew, turns back, or stops', () => {
  const shown = (mode: CineMode) => {
    const list: number[] = [];
    framesWithin(1000, { rate: 10, mode, shown: list });
    return list;
  };
  expect(shown('loop').slice(0, 6)).toEqual([1, 2, 3, 0, 1, 2]);
  expect(shown('sweep').slice(0, 8)).toEqual([1, 2, 3, 2, 1, 0, 1, 2]);
  expect(shown('once')).toEqual([1, 2, 3]);
});
