import { expect, test } from 'vitest';
import { idleAssociations } from '../../bench/idle-associations.ts';

test('500 idle associations cost the listening process less than 20 MB in all', async () => {
  // Memory that the system gives and takes varies; the middle one of three counts.
  const growths: number[] = [];
  for (let run = 0; run < 3; run++) growths.push((await idleAssociations(500)).growthMB);
  const [, median] = growths.sort((a, b) => a - b);
  expect(median).toBeLessThan(20);
}, 120_000);
