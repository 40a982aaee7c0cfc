import type { TimeSource } from '../../../electron/dicom/network/index.ts';

/** Time that passes only when a test says so. */
export class FakeTime implements TimeSource {
  #now = 0;
  readonly #ticks = new Map<() => void, { every: number; next: number }>();

  now(): number {
    return this.#now;
  }

  every(milliseconds: number, tick: () => void): () => void {
    this.#ticks.set(tick, { every: milliseconds, next: this.#now + milliseconds });
    return () => this.#ticks.delete(tick);
  }

  get timers(): number {
    return this.#ticks.size;
  }

  /** The computer sleeps: time goes on, and no timer with it, until the next one. */
  async sleep(seconds: number): Promise<void> {
    this.#now += seconds * 1000;
    for (const [tick, timer] of [...this.#ticks]) {
      timer.next = this.#now + timer.every;
      tick();
    }
    await settled();
  }

  /** Lets time pass, and what was set off by it happen. */
  async pass(seconds: number): Promise<void> {
    const end = this.#now + seconds * 1000;
    while (this.#now < end) {
      this.#now += 100;
      for (const [tick, timer] of [...this.#ticks]) {
        if (timer.next > this.#now) continue;
        timer.next += timer.every;
        tick();
      }
      // What is on its way arrives while time passes.
      if (this.#now % 1000 === 0) await turns(4);
    }
    await settled();
  }
}

/** Everything that is under way in memory has arrived. */
export async function settled(): Promise<void> {
  await turns(20);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
