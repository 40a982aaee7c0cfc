import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Batcher, Throttle } from '../../../electron/associations/batcher.ts';
import { StallClock } from '../../../electron/associations/stall-clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('64 items go at once, fewer within 50 ms, all in order', () => {
  const batches: number[][] = [];
  const batcher = new Batcher<number>((items) => batches.push(items));
  for (let i = 0; i < 70; i += 1) batcher.add(i);
  expect(batches.map((batch) => batch.length)).toEqual([64]);
  vi.advanceTimersByTime(50);
  expect(batches.flat()).toEqual(Array.from({ length: 70 }, (_, i) => i));
});

test('without credit a batch waits until its owner flushes it', () => {
  const batches: number[][] = [];
  let credit = false;
  const batcher = new Batcher<number>(
    (items) => batches.push(items),
    () => credit,
  );
  batcher.add(1);
  vi.advanceTimersByTime(1000);
  expect(batches).toEqual([]);
  credit = true;
  batcher.flush();
  expect(batches).toEqual([[1]]);
});

test('counts go at most once an interval, and the last is never lost', () => {
  const seen: number[] = [];
  const throttle = new Throttle<number>((value) => seen.push(value), 100);
  for (let i = 0; i < 10; i += 1) throttle.set(i);
  expect(seen).toEqual([0]);
  vi.advanceTimersByTime(100);
  expect(seen).toEqual([0, 9]);
  throttle.set(10);
  throttle.flush();
  expect(seen).toEqual([0, 9, 10]);
});

test('the stall clock runs out from its last re-arming; 0 seconds is off', () => {
  let expired = 0;
  const clock = new StallClock(10, () => {
    expired += 1;
  });
  vi.advanceTimersByTime(9_000);
  clock.rearm();
  vi.advanceTimersByTime(9_000);
  expect(expired).toBe(0);
  // What is due is heard in the next turn of the event loop.
  vi.advanceTimersByTime(1_001);
  expect(expired).toBe(1);
  const off = new StallClock(0, () => {
    expired += 1;
  });
  vi.advanceTimersByTime(1e9);
  off.stop();
  expect(expired).toBe(1);
});
