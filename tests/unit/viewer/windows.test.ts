import { describe, expect, it } from 'vitest';
import { startIn } from '../../../renderer/app/window-start.ts';
import { pagesOf } from '../../../renderer/viewer/picture/sheets.ts';
import { placeFor, type ScreenPlace } from '../../../renderer/viewer/windows/screens.ts';

const left: ScreenPlace = { label: 'Left', availLeft: 0, availTop: 0, availWidth: 1920, availHeight: 1160 };
const right: ScreenPlace = { label: 'Right', availLeft: 1920, availTop: 0, availWidth: 2560, availHeight: 1600 };

describe('a window for a series', () => {
  it('goes to a screen that the first window is not on', () => {
    expect(placeFor([left, right], left, undefined)).toEqual({ left: 1920, top: 0, width: 2560, height: 1600, screen: 'Right' });
    expect(placeFor([left, right], right, undefined)).toMatchObject({ left: 0, screen: 'Left' });
  });

  it('comes back to the screen it was on, whole, also when that has become smaller', () => {
    const last = { left: 3000, top: 900, width: 1400, height: 800, screen: 'Right' };
    expect(placeFor([left, right], left, last)).toEqual({ ...last, left: 3000, top: 800 });
    const small = { ...right, availWidth: 1280, availHeight: 720 };
    expect(placeFor([left, small], left, last)).toEqual({ left: 1920, top: 0, width: 1280, height: 720, screen: 'Right' });
  });

  it('goes to another screen when its own is gone, and where the last one was when screens are not told', () => {
    const last = { left: 3000, top: 100, width: 1400, height: 800, screen: 'Gone' };
    expect(placeFor([left, right], left, last)).toMatchObject({ left: 1920, screen: 'Right' });
    expect(placeFor([], undefined, last)).toEqual(last);
    expect(placeFor([], undefined, undefined)).toBeUndefined();
    expect(placeFor([left], left, undefined)).toBeUndefined();
  });

  it('comes back to its own of two screens with one name', () => {
    const twins = [
      { ...left, label: 'EIZO' },
      { ...right, label: 'EIZO' },
    ];
    const last = { left: 2000, top: 100, width: 1400, height: 800, screen: 'EIZO' };
    expect(placeFor(twins, twins[0], last)).toEqual(last);
  });

  it('never hides an open one: a screen without a window comes first, then a place a little aside, whole on its screen', () => {
    const third: ScreenPlace = { label: 'Third', availLeft: -1080, availTop: 0, availWidth: 1080, availHeight: 1920 };
    const last = { left: 1920, top: 0, width: 2560, height: 1600, screen: 'Right' };
    expect(placeFor([left, right, third], left, last, [last])).toMatchObject({ left: -1080, width: 1080, screen: 'Third' });
    expect(placeFor([left, right], left, last, [last])).toEqual({ left: 1952, top: 32, width: 2528, height: 1568, screen: 'Right' });
    expect(placeFor([], undefined, last, [last, { ...last, left: 1952, top: 32 }])).toMatchObject({ left: 1984, top: 64 });
    expect(placeFor([left, right], left, last, [{ ...last, left: 3000 }])).toEqual(last);
  });

  it('takes only what names a series and a place in it', () => {
    const good = { studyInstanceUID: '1.2', seriesInstanceUID: '1.2.3', index: 4 };
    expect(startIn(good)).toEqual(good);
    for (const wrong of [undefined, {}, { ...good, index: -1 }, { ...good, index: 1.5 }, { ...good, studyInstanceUID: '' }]) {
      expect(startIn(wrong)).toBeUndefined();
    }
  });
});

describe('pages to print', () => {
  it('never hold two studies', () => {
    const thing = (studyInstanceUID: string, n: number) => ({ studyInstanceUID, n });
    const things = [thing('a', 1), thing('a', 2), thing('a', 3), thing('b', 4), thing('b', 5)];
    expect(pagesOf(things, 2).map((page) => page.map(({ n }) => n))).toEqual([[1, 2], [3], [4, 5]]);
    expect(pagesOf([], 4)).toEqual([]);
  });
});
