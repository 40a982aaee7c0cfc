import { numberAssociations } from '../dicom/network/index.ts';
import { Batcher } from './batcher.ts';

/** Lines of a thread that are told per second; who associates without end must not keep the main thread busy, nor fill the log. */
const LINES_PER_SECOND = 100;
/** A line names titles and says what ended an association; nothing in it is long. */
const MAX_CHARACTERS = 500;

let open: AssociationLog | undefined;

/** One line about an association of this thread, beginning with its name `LOCAL->REMOTE(7)`. Nobody hears it before `openAssociationLog`. */
export function logAssociation(line: string): void {
  open?.add(line);
}

/**
 * Makes this thread tell what happens to its associations.
 *
 * @param deliver takes batches of at most 64 lines or 50 ms
 * @param numbers shared by all threads of the process, so that no two associations have the same number
 */
export function openAssociationLog(deliver: (lines: string[]) => void, numbers?: SharedArrayBuffer): AssociationLog {
  if (numbers) {
    const counter = new Int32Array(numbers);
    numberAssociations(() => Atomics.add(counter, 0, 1) + 1);
  }
  open = new AssociationLog(deliver);
  return open;
}

/** Lines on their way to the main thread, in batches and bounded in their rate. */
export class AssociationLog {
  readonly #lines: Batcher<string>;
  #second = 0;
  #count = 0;
  #leftOut = 0;

  constructor(deliver: (lines: string[]) => void) {
    this.#lines = new Batcher(deliver);
  }

  add(line: string, now = performance.now()): void {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#tellLeftOut();
      this.#second = second;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > LINES_PER_SECOND) this.#leftOut += 1;
    else this.#lines.add(line.slice(0, MAX_CHARACTERS));
  }

  flush(): void {
    this.#tellLeftOut();
    this.#lines.flush();
  }

  #tellLeftOut(): void {
    if (this.#leftOut > 0) this.#lines.add(`${this.#leftOut} lines about associations left out`);
    this.#leftOut = 0;
  }
}
