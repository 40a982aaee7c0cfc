import type { Settings } from '../../shared/contract/index.ts';
import type { Archive, WatchSummary } from '../archive/types.ts';
import type { Notices } from './notices.ts';

export interface WatchParts {
  readonly archive: Pick<Archive, 'job'>;
  settings(): Settings;
  readonly raise: Notices['raise'];
  /** Something was taken in: for the audit trail. Rejects when that does not take it. */
  imported(folder: string, summary: WatchSummary): Promise<void>;
}

/** Looks at the watched folder again and again, one look at a time, and says what a person has to know of it once. */
export class WatchedFolder {
  readonly #parts: WatchParts;
  #timer: NodeJS.Timeout | undefined;
  #running: { cancel(): void } | undefined;
  #closed = false;
  #said = '';

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#wait();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#running?.cancel();
  }

  #wait(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look().finally(() => this.#wait()), this.#parts.settings().watch.everySeconds * 1000).unref();
  }

  async #look(): Promise<void> {
    const { folder, move } = this.#parts.settings().watch;
    if (folder === '') return;
    try {
      const job = this.#parts.archive.job('watch', { folder, move });
      this.#running = job;
      job.onItems(() => job.acknowledge(1));
      const summary = await job.done;
      const { conflict, refused, missing, reasons, inPart } = summary;
      if (summary.touched.length > 0) await this.#parts.imported(folder, summary);
      const left = conflict + missing + refused - (reasons['not-dicom'] ?? 0);
      this.#said = '';
      if (inPart > 0) this.#parts.raise('warning', IN_PART(inPart));
      else if (left > 0) this.#parts.raise('warning', LEFT(left));
    } catch {
      if (!this.#closed && this.#said !== folder) this.#parts.raise('warning', UNREADABLE);
      this.#said = folder;
    } finally {
      this.#running = undefined;
    }
  }
}

const UNREADABLE = 'The watched folder cannot be read. What is put into it is taken in when it can be read again.';
const IN_PART = (count: number): string =>
  count === 1
    ? 'Of a ZIP file in the watched folder not everything was taken in. It is in the folder “refused” there, with a report beside it.'
    : `Of ${count} ZIP files in the watched folder not everything was taken in. They are in the folder “refused” there, each with a report.`;
const LEFT = (count: number): string =>
  count === 1
    ? 'A file in the watched folder was not taken in. Import the folder by hand to see the reason.'
    : `${count} files in the watched folder were not taken in. Import the folder by hand to see the reasons.`;
