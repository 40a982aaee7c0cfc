import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StallClock } from '../../../electron/associations/stall-clock.ts';

/** What is due is heard in the next turn of the event loop, ms of the false clock. */
const TURN = 1;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function clock(seconds: number) {
  const expired = vi.fn();
  return { clock: new StallClock(seconds, expired), expired };
}

test('it runs out once, and not while it is re-armed', () => {
  const it = clock(10);
  vi.advanceTimersByTime(9_000);
  it.clock.rearm();
  vi.advanceTimersByTime(9_000);
  expect(it.expired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000 + TURN);
  expect(it.expired).toHaveBeenCalledOnce();
});

test('what stands still now and then runs out all the same: a pause gives nothing back', () => {
  const it = clock(10);
  for (let times = 0; times < 9; times += 1) {
    vi.advanceTimersByTime(1_000);
    it.clock.pause();
    vi.advanceTimersByTime(60_000);
    it.clock.resume();
  }
  expect(it.expired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000 + TURN);
  expect(it.expired).toHaveBeenCalledOnce();
});

test('re-armed after a pause it has its whole length again', () => {
  const it = clock(10);
  vi.advanceTimersByTime(9_000);
  it.clock.pause();
  it.clock.resume();
  it.clock.rearm();
  vi.advanceTimersByTime(9_000);
  expect(it.expired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000 + TURN);
  expect(it.expired).toHaveBeenCalledOnce();
});

test('stopped it stays so, and 0 seconds is off', () => {
  const stopped = clock(10);
  stopped.clock.pause();
  stopped.clock.stop();
  stopped.clock.resume();
  stopped.clock.rearm();
  const off = clock(0);
  off.clock.rearm();
  off.clock.pause();
  off.clock.resume();
  vi.advanceTimersByTime(100_000_000);
  expect(stopped.expired).not.toHaveBeenCalled();
  expect(off.expired).not.toHaveBeenCalled();
});

test('once it has run out no pause saves it, as a flood of the same would', () => {
  const it = clock(10);
  vi.advanceTimersByTime(10_000);
  it.clock.pause();
  vi.advanceTimersByTime(TURN);
  expect(it.expired).toHaveBeenCalledOnce();
});
