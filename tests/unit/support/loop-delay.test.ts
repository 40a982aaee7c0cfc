import { expect, test } from 'vitest';
import { type LoopDelay, measureLoopDelay, mergeLoopDelays } from '../../support/idle-control.ts';

const constant = (value: number, samples: number): LoopDelay => ({
  p50: value,
  p99: value,
  max: value,
  samples,
  quantiles: Array.from({ length: 1000 }, () => value),
});

test('merged measurements weigh by their samples', () => {
  const merged = mergeLoopDelays([constant(1, 9_800), constant(30, 200)]);
  expect(merged).toMatchObject({ p50: 1, p99: 30, max: 30, samples: 10_000 });
  expect(mergeLoopDelays([constant(1, 9_950), constant(30, 50)])).toMatchObject({ p99: 1, max: 30 });
});

test('a blocked loop is seen, and a merge of one measurement says the same', async () => {
  const measurement = measureLoopDelay();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const end = performance.now() + 80;
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const delay = measurement.stop();
  expect(delay.max).toBeGreaterThan(60);
  expect(mergeLoopDelays([delay]).p99).toBe(delay.p99);
});
