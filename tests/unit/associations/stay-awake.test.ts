import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { StayAwake } from '../../../electron/associations/stay-awake.ts';

/** Bytes twice, the second time in time. */
function trusted(stayAwake = new StayAwake(true)): StayAwake {
  const now = performance.now();
  stayAwake.worked(now);
  stayAwake.came(now + 0.1);
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
    stayAwake.came(now);
    stayAwake.worked(now);
    expect(stayAwake.isLooking).toBe(false);
    stayAwake.came(now + 5);
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
    stayAwake.came(performance.now() + 100);
    stayAwake.worked(performance.now());
    expect(stayAwake.isLooking).toBe(false);
  });

  it('trusts a long burst no longer than a short one', async () => {
    const stayAwake = new StayAwake(true);
    const now = performance.now();
    stayAwake.worked(now);
    for (let read = 0; read < 10_000; read += 1) stayAwake.came(now);
    let looks = 0;
    for (; looks < 100; looks += 1) {
      stayAwake.worked(performance.now());
      if (!stayAwake.isLooking) break;
      await asleep(stayAwake);
    }
    expect(looks).toBeGreaterThan(1);
    expect(looks).toBeLessThan(20);
  });

  it('sleeps on the only core, which the peer may need', () => {
    expect(trusted(new StayAwake(false)).isLooking).toBe(false);
  });
});
