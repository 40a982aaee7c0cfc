import fs from 'node:fs';
import path from 'node:path';
import type { IndexEntry } from './arrival-messages.ts';
import { folderOf } from './layout.ts';
import { adoptable } from './repair.ts';
import type { ArchiveLocation } from './types.ts';

const AGAIN_MS = 1_000;

/**
 * Arrivals whose names could not be found because the archive's folder was away at that moment. A gap that is shorter than what the watch of the
 * disk notices is noticed by nobody else. Their names belong to no other archive, should another disk be in the place of ours.
 */
export class StrayedArrivals {
  readonly #location: ArchiveLocation;
  readonly #adopt: (entries: readonly IndexEntry[]) => void;
  readonly #names = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(location: ArchiveLocation, adopt: (entries: readonly IndexEntry[]) => void) {
    this.#location = location;
    this.#adopt = adopt;
  }

  /** Names that are not found in incoming/. Where that is because the folder is away, they are looked for again when that is back. */
  notFound(entryNames: readonly string[]): void {
    if (this.#closed || entryNames.length === 0 || fs.existsSync(folderOf.incoming(this.#location))) return;
    for (const name of entryNames) this.#names.add(name);
    this.#timer ??= setTimeout(() => this.#look(), AGAIN_MS);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #look(): void {
    const incoming = folderOf.incoming(this.#location);
    this.#timer = undefined;
    if (!fs.existsSync(incoming)) {
      this.#timer = setTimeout(() => this.#look(), AGAIN_MS);
      return;
    }
    const names = [...this.#names];
    this.#names.clear();
    const standing = names.filter((name) => fs.existsSync(path.join(incoming, name)));
    void adoptable(this.#location, standing).then((entries) => {
      if (this.#closed) return;
      this.#adopt(entries);
      // Gone again in between.
      const adopted = new Set(entries.map(({ entryName }) => entryName));
      this.notFound(names.filter((name) => !adopted.has(name)));
    });
  }
}
