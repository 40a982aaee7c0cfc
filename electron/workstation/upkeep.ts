import type { ActionRequest, Settings } from '../../shared/contract/index.ts';

export interface UpkeepParts {
  settings(): Settings;
  request(action: ActionRequest): Promise<unknown>;
  /** Whether there is anything in the trash. */
  hasTrash(): Promise<boolean>;
}

/** Two clocks that the upkeep compares, in milliseconds; tests put others in. */
export interface UpkeepClocks {
  /** Since the epoch: may be set. */
  now(): number;
  /** Since any moment: goes on evenly. */
  monotonic(): number;
}

const CLOCKS: UpkeepClocks = { now: () => Date.now(), monotonic: () => performance.now() };
/** The clock was set, or the computer slept: nothing goes for good by a clock that has just jumped. */
const JUMP_MS = 3_600_000;

/** A start is busy enough with what people want. */
const FIRST_MS = 5 * 60_000;
const EVERY_MS = 6 * 3_600_000;

/** What a workstation that runs for days does by itself: what has been in the trash long enough goes for good, and the cleaning rules. */
export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #timers: NodeJS.Timeout[];
  readonly #clocks: UpkeepClocks;
  #drift: number;

  constructor(parts: UpkeepParts, clocks: UpkeepClocks = CLOCKS, first = FIRST_MS, every = EVERY_MS) {
    this.#parts = parts;
    this.#clocks = clocks;
    this.#drift = clocks.now() - clocks.monotonic();
    this.#timers = [setTimeout(() => void this.run(), first).unref(), setInterval(() => void this.run(), every).unref()];
  }

  /** Never rejects: what fails is tried again the next time, and its action says why. */
  async run(): Promise<void> {
    const { trashDays, cleaning } = this.#parts.settings();
    const drift = this.#clocks.now() - this.#clocks.monotonic();
    const hasJumped = Math.abs(drift - this.#drift) > JUMP_MS;
    this.#drift = drift;
    if (hasJumped) return;
    try {
      if (await this.#parts.hasTrash()) await this.#parts.request({ command: 'purge', olderThanDays: trashDays });
      if (cleaning.enabled) await this.#parts.request({ command: 'clean', dryRun: false });
    } catch {
      // The workstation is closing, or the disk is away.
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
