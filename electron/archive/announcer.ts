import type { Applied } from './index-store.ts';
import type { IndexWriterEvent } from './index-writer-messages.ts';

/** At most four times a second, and with so many studies by name. */
const CHANGED_MS = 250;
const MAX_CHANGED = 1_000;
const ODD_QUIET_MS = 1_000;
const ODD_MAX_MS = 20_000;

/** Tells what the batches of the index changed, gathered: a retrieve writes many of them in a second. */
export class Announcer {
  readonly #emit: (event: IndexWriterEvent) => void;
  #changed = new Set<string>();
  #changedTimer: NodeJS.Timeout | undefined;
  #oddities = { identityChanges: 0, conflicts: 0 };
  #oddSince: number | undefined;
  #oddTimer: NodeJS.Timeout | undefined;

  constructor(emit: (event: IndexWriterEvent) => void) {
    this.#emit = emit;
  }

  applied({ studyInstanceUIDs, identityChanges, conflicts }: Applied): void {
    for (const studyInstanceUID of studyInstanceUIDs) this.#changed.add(studyInstanceUID);
    if (studyInstanceUIDs.size > 0) this.#changedTimer ??= setTimeout(() => this.#tellChanged(), CHANGED_MS);
    this.#oddities.identityChanges += identityChanges;
    this.#oddities.conflicts += conflicts;
    if (identityChanges + conflicts > 0) this.#waitForQuiet();
  }

  /** What is odd is still told; what changed is read anew at the next start. */
  close(): void {
    clearTimeout(this.#changedTimer);
    this.#tellOddities();
  }

  #tellChanged(): void {
    this.#changedTimer = undefined;
    const studyInstanceUIDs = [...this.#changed];
    this.#changed = new Set();
    const everything = studyInstanceUIDs.length > MAX_CHANGED;
    this.#emit({ type: 'changed', studyInstanceUIDs: everything ? [] : studyInstanceUIDs, everything });
  }

  /** One notice for a whole import or retrieve, not one for each batch: told once it is quiet, or after a while. */
  #waitForQuiet(): void {
    const now = performance.now();
    this.#oddSince ??= now;
    clearTimeout(this.#oddTimer);
    this.#oddTimer = setTimeout(() => this.#tellOddities(), Math.max(0, Math.min(ODD_QUIET_MS, this.#oddSince + ODD_MAX_MS - now)));
  }

  #tellOddities(): void {
    clearTimeout(this.#oddTimer);
    this.#oddSince = undefined;
    const { identityChanges, conflicts } = this.#oddities;
    this.#oddities = { identityChanges: 0, conflicts: 0 };
    if (identityChanges > 0) this.#emit({ type: 'identity-changed', count: identityChanges });
    if (conflicts > 0) this.#emit({ type: 'conflicts', count: conflicts });
  }
}
