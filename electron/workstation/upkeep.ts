import type { ActionRequest, Settings } from '../../shared/contract/index.ts';

export interface UpkeepParts {
  settings(): Settings;
  request(action: ActionRequest): Promise<unknown>;
  /** Whether there is anything in the trash. */
  hasTrash(): Promise<boolean>;
}

/** A start is busy enough with what people want. */
const FIRST_MS = 5 * 60_000;
const EVERY_MS = 6 * 3_600_000;

/** What a workstation that runs for days does by itself: what has been in the trash long enough goes for good, and the cleaning rules. */
export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #timers: NodeJS.Timeout[];

  constructor(parts: UpkeepParts, first = FIRST_MS, every = EVERY_MS) {
    this.#parts = parts;
    this.#timers = [setTimeout(() => void this.run(), first).unref(), setInterval(() => void this.run(), every).unref()];
  }

  /** Never rejects: what fails is tried again the next time, and its action says why. */
  async run(): Promise<void> {
    const { trashDays, cleaning } = this.#parts.settings();
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
