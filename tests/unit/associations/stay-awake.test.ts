import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { StayAwake } from '../../../electron/associations/stay-awake.ts';

const ONE = {};
const OTHER = {};

/** Bytes twice, the second time in time. */
function trusted(stayAwake = new StayAwake(true)): StayAwake {
  const now = performance.now();
  stayAwake.came(ONE, now);
  stayAwake.worked(now);
  stayAwake.came(ONE, now + 0.1);
  stayAwake.worked(performance.now());
  return stayAwake;
}

async function asleep(stayAwake: StayAwake): Promise<void> {
  while (stayAwake.isLooking) await nextTurn();
}

describe('a thread between the bytes of a peer', () => {
  it('sleeps at once where nothing has been coming in time', () => {
    const stayAwake = new StayAwake(true);
    const now = performance.now();
    stayAwake.came(ONE, now);
    stayAwake.worked(now);
    expect(stayAwake.isLooking).toBe(false);
    stayAwake.came(ONE, now + 5);
    stayAwake.worked(performance.now());
    expect(stayAwake.isLooking).toBe(false);
  });

  it('looks for more where more came in time, and sleeps when nothing comes', async () => {
    const stayAwake = trusted();
    expect(stayAwake.isLooking).toBe(true);
    await asleep(stayAwake);
    expect(stayAwake.isLooking).toBe(false);
  });

  it('looks in vain only so often', async () => {
    const stayAwake = trusted();
    await asleep(stayAwake);
    stayAwake.came(ONE, performance.now() + 100);
    stayAwake.worked(performance.now());
    expect(stayAwake.isLooking).toBe(false);
  });

  it('trusts a long burst no longer than a short one', async () => {
    const stayAwake = new StayAwake(true);
    const now = performance.now();
    stayAwake.came(ONE, now);
    stayAwake.worked(now);
    for (let read = 0; read < 10_000; read += 1) stayAwake.came(ONE, now);
    let looks = 0;
    for (; looks < 100; looks += 1) {
      stayAwake.worked(performance.now());
      if (!stayAwake.isLooking) break;
      await asleep(stayAwake);
    }
    expect(looks).toBeGreaterThan(1);
    expect(looks).toBeLessThan(20);
  });

  it('sleeps where bytes come from several peers in turn', async () => {
    const stayAwake = trusted();
    await asleep(stayAwake);
    for (let read = 0; read < 20; read += 1) {
      stayAwake.came(read % 2 === 0 ? OTHER : ONE, performance.now());
      stayAwake.worked(performance.now());
      expect(stayAwake.isLooking).toBe(false);
    }
  });

  it('sleeps on the only core, which the peer may need', () => {
    expect(trusted(new StayAwake(false)).isLooking).toBe(false);
  });
});
