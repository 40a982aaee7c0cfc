import type { OpenStudy } from '../open-study.ts';

/** A stored document that was found in a study, and how it is read; undefined where it tells of nothing. */
export interface Found<Told> {
  readonly sopInstanceUID: string;
  read(): Promise<Told | undefined>;
}

/** Documents of the open studies, read in the background one after the other. */
export class StudyDocuments<Told extends { readonly date: string; readonly time: string }> {
  readonly #find: (studies: readonly OpenStudy[]) => readonly Found<Told>[];
  readonly #most: number;
  readonly #listeners = new Set<() => void>();
  readonly #asked = new Set<string>();
  #waiting: Found<Told>[] = [];
  #running = false;
  #list: readonly Told[] = [];

  /** @param most that are read; the others are left out */
  constructor(most: number, find: (studies: readonly OpenStudy[]) => readonly Found<Told>[]) {
    this.#most = most;
    this.#find = find;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** All that were read, oldest first; a new list with each one. */
  readonly snapshot = (): readonly Told[] => this.#list;

  /** Reads those of these studies that were not read yet. */
  take(studies: readonly OpenStudy[]): void {
    for (const found of this.#find(studies)) {
      if (this.#asked.has(found.sopInstanceUID) || this.#asked.size >= this.#most) continue;
      this.#asked.add(found.sopInstanceUID);
      this.#waiting.push(found);
    }
    void this.#run();
  }

  close(): void {
    this.#waiting = [];
    this.#listeners.clear();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      // One that cannot be read is not offered; its own pane says why.
      const told = await next.read().catch(() => undefined);
      if (told === undefined) continue;
      this.#list = [...this.#list, told].sort((a, b) => (a.date + a.time < b.date + b.time ? -1 : 1));
      for (const listener of this.#listeners) listener();
    }
    this.#running = false;
  }
}
