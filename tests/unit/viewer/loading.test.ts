import { describe, expect, it } from 'vitest';
import { ByteCache } from '../../../renderer/viewer/byte-cache.ts';
import { prefetchOrder } from '../../../renderer/viewer/plan.ts';
import { PRIORITY, Scheduler } from '../../../renderer/viewer/scheduler.ts';
import { buildStack, frameRanges, joinRanges } from '../../../renderer/viewer/stack.ts';
import type { ImageModule, ManifestInstance } from '../../../shared/contract/index.ts';

describe('prefetching', () => {
  it('takes the visible slice, then three ahead for each one behind', () => {
    expect(prefetchOrder(5, 1, 10, 100)).toEqual([5, 6, 7, 8, 4, 9, 3, 2, 1, 0]);
    expect(prefetchOrder(5, -1, 10, 100)).toEqual([5, 4, 3, 2, 6, 1, 0, 7, 8, 9]);
  });

  it('stops at what the cache can hold', () => {
    expect(prefetchOrder(0, 1, 1000, 8)).toHaveLength(8);
  });

  it('of an empty or single stack ends', () => {
    expect(prefetchOrder(0, 1, 0, 10)).toEqual([]);
    expect(prefetchOrder(0, 1, 1, 10)).toEqual([0]);
  });
});

describe('the cache', () => {
  it('lets go of what was used longest ago when its bytes run out', () => {
    const gone: string[] = [];
    const cache = new ByteCache<number>(100, (key) => gone.push(key));
    cache.set('a', 1, 40);
    cache.set('b', 2, 40);
    cache.get('a');
    cache.set('c', 3, 40);
    expect(gone).toEqual(['b']);
    expect(cache.bytes).toBe(80);
  });

  it('keeps one frame that is larger than the whole budget: it is on the screen', () => {
    const cache = new ByteCache<number>(100);
    cache.set('a', 1, 10);
    cache.set('huge', 2, 500);
    expect([cache.has('a'), cache.has('huge')]).toEqual([false, true]);
  });

  it('counts a frame once that was loaded twice', () => {
    const cache = new ByteCache<number>(100);
    cache.set('a', 1, 40);
    cache.set('a', 1, 60);
    expect(cache.bytes).toBe(60);
  });
});

describe('the scheduler', () => {
  const make = (loaded = new Set<string>()) => ({
    loaded,
    scheduler: new Scheduler({ done: (key) => loaded.has(key), slots: 2, reserved: 1 }),
  });

  it('loads the visible frame alone where that is asked, also when slots are free', () => {
    const { scheduler } = make();
    scheduler.want('pane', PRIORITY.near, ['b']);
    scheduler.want('pane', PRIORITY.visible, ['a']);
    expect([scheduler.next(PRIORITY.visible), scheduler.next(PRIORITY.visible)]).toEqual(['a', undefined]);
    expect(scheduler.next()).toBe('b');
  });

  it('loads the visible frame before its neighbours and those before thumbnails', () => {
    const { scheduler } = make();
    scheduler.want('strip', PRIORITY.thumbnail, ['t']);
    scheduler.want('pane', PRIORITY.series, ['b', 'c']);
    scheduler.want('pane', PRIORITY.visible, ['a']);
    expect([scheduler.next(), scheduler.next()]).toEqual(['a', 'b']);
  });

  it('has a slot left for the visible frame while everything else is busy', () => {
    const { scheduler } = make();
    scheduler.want('pane', PRIORITY.series, ['a', 'b', 'c']);
    expect([scheduler.next(), scheduler.next(), scheduler.next()]).toEqual(['a', 'b', undefined]);
    scheduler.want('pane', PRIORITY.visible, ['z']);
    expect(scheduler.next()).toBe('z');
  });

  it('counts small frames that are fetched together as parts of a slot', () => {
    const loaded = new Set<string>();
    const scheduler = new Scheduler({ done: (key) => loaded.has(key), slots: 1, reserved: 1, weight: () => 1 / 4 });
    scheduler.want('pane', PRIORITY.series, ['s1', 's2', 's3', 's4', 's5']);
    expect([1, 2, 3, 4, 5].map(() => scheduler.next())).toEqual(['s1', 's2', 's3', 's4', undefined]);
    loaded.add('s1');
    scheduler.finished('s1');
    expect(scheduler.next()).toBe('s5');
  });

  it('drops what the reader scrolled past and names what is loading in vain', () => {
    const { scheduler } = make();
    scheduler.want('pane', PRIORITY.series, ['a', 'b', 'c']);
    scheduler.next();
    expect(scheduler.want('pane', PRIORITY.series, ['x', 'y'])).toEqual(['a']);
    expect(scheduler.next()).toBe('x');
  });

  it('loads nothing twice, and again what left the cache once it is wanted anew', () => {
    const { scheduler, loaded } = make();
    scheduler.want('pane', PRIORITY.series, ['a']);
    expect([scheduler.next(), scheduler.next()]).toEqual(['a', undefined]);
    loaded.add('a');
    scheduler.finished('a');
    expect(scheduler.next()).toBeUndefined();
    loaded.delete('a');
    scheduler.want('pane', PRIORITY.series, ['a']);
    expect(scheduler.next()).toBe('a');
  });
});

describe('the stack', () => {
  const IMAGE: ImageModule = {
    rows: 4,
    columns: 4,
    samplesPerPixel: 1,
    photometricInterpretation: 'MONOCHROME2',
    planarConfiguration: 0,
    bitsAllocated: 16,
    bitsStored: 16,
    highBit: 15,
    pixelRepresentation: 0,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    rescaleType: '',
    windows: [],
    lossy: false,
    pixelData: { encoding: 'native', offset: 1000, length: 96, bigEndian: false },
  };
  const instance = (change: Partial<ManifestInstance>): ManifestInstance => ({
    sopInstanceUID: '1.2.3',
    sopClassUID: '1.2',
    transferSyntaxUID: '1.2.840.10008.1.2.1',
    numberOfFrames: 1,
    fileBytes: 2000,
    image: IMAGE,
    ...change,
  });

  it('has a step for every frame that the file holds, not for those it merely announces', () => {
    expect(buildStack({ instances: [instance({ numberOfFrames: 5000 })] })).toHaveLength(3);
  });

  it('begins at the end that the scanner numbered first', () => {
    const numbered = [3, 2, 1].map((instanceNumber) =>
      instance({ sopInstanceUID: `1.${instanceNumber}`, instanceNumber, image: { ...IMAGE, rows: 12 } }),
    );
    expect(buildStack({ instances: numbered }).map((frame) => frame.key)).toEqual(['1.1#0', '1.2#0', '1.3#0']);
    expect(buildStack({ instances: numbered.toReversed() }).map((frame) => frame.key)).toEqual(['1.1#0', '1.2#0', '1.3#0']);
  });

  it('has one step for an object without pixels, so that it can say so', () => {
    const { image: _image, ...without } = instance({ reason: 'a report' });
    expect(buildStack({ instances: [without] })).toMatchObject([{ image: undefined, frame: 0 }]);
  });

  it('reads a native frame where it lies', () => {
    expect(frameRanges(IMAGE, 2)).toEqual({ ranges: [[1064, 32]], bitOffset: 0 });
  });

  it('reads a 1-bit frame from the bit at which it starts', () => {
    const bits = { ...IMAGE, rows: 3, columns: 3, bitsAllocated: 1, bitsStored: 1, highBit: 0 };
    expect(frameRanges(bits, 1)).toEqual({ ranges: [[1001, 2]], bitOffset: 1 });
  });

  it('fetches the fragments of a frame at once, far apart ones one by one', () => {
    expect(
      joinRanges([
        [100, 50],
        [158, 20],
        [1_000_000, 10],
      ]),
    ).toEqual([
      [100, 78],
      [1_000_000, 10],
    ]);
  });
});
