import { readDicomJson } from '../../../shared/contract/dicom-json.ts';
import type { Client } from '../../api/types.ts';
import { Item } from '../dataset/item.ts';
import type { OpenStudy } from '../open-study.ts';
import { readKeyObjects, readMeasurements, type ToldMark } from './read-measurements.ts';

/** A stored document that tells of marks or key images. */
export interface ToldReport {
  readonly sopInstanceUID: string;
  readonly studyInstanceUID: string;
  readonly kind: 'measurements' | 'key-images';
  /** Series Description, else what it says about itself. */
  readonly title: string;
  /** Content Date and Time, as stored. */
  readonly date: string;
  readonly time: string;
  readonly marks: readonly ToldMark[];
}

/** More documents than anybody reads beside the images. */
const MAX_REPORTS = 200;
const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';
/** Enhanced, Comprehensive, Comprehensive 3D. */
const WITH_MEASUREMENTS: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.88.22',
  '1.2.840.10008.5.1.4.1.1.88.33',
  '1.2.840.10008.5.1.4.1.1.88.34',
]);

/** Reports and key object selections of the open studies, read in the background one after the other. */
export class ToldReports {
  readonly #client: Pick<Client, 'invoke'>;
  readonly #listeners = new Set<() => void>();
  readonly #asked = new Set<string>();
  #waiting: { readonly sopInstanceUID: string; readonly studyInstanceUID: string; readonly sopClassUID: string }[] = [];
  #running = false;
  #list: readonly ToldReport[] = [];

  constructor(client: Pick<Client, 'invoke'>) {
    this.#client = client;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** All that were read and tell of something, oldest first; a new list with each one. */
  readonly snapshot = (): readonly ToldReport[] => this.#list;

  /** Reads those of these studies that were not read yet. */
  take(studies: readonly OpenStudy[]): void {
    for (const { studyInstanceUID, series } of studies) {
      for (const { frames } of series) {
        // Documents have series of their own, without images.
        if (frames[0]?.image !== undefined) continue;
        for (const { instance } of frames) {
          const { sopInstanceUID, sopClassUID } = instance;
          if (sopClassUID !== KEY_OBJECT_SELECTION && !WITH_MEASUREMENTS.has(sopClassUID)) continue;
          if (this.#asked.has(sopInstanceUID) || this.#asked.size >= MAX_REPORTS) continue;
          this.#asked.add(sopInstanceUID);
          this.#waiting.push({ sopInstanceUID, studyInstanceUID, sopClassUID });
        }
      }
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
      const { sopInstanceUID, studyInstanceUID, sopClassUID } = next;
      // One that cannot be read tells of nothing here; its own pane says why.
      const report = await this.#read(sopInstanceUID, studyInstanceUID, sopClassUID).catch(() => undefined);
      if (report === undefined || report.marks.length === 0) continue;
      this.#list = [...this.#list, report].sort((a, b) => (a.date + a.time < b.date + b.time ? -1 : 1));
      for (const listener of this.#listeners) listener();
    }
    this.#running = false;
  }

  async #read(sopInstanceUID: string, studyInstanceUID: string, sopClassUID: string): Promise<ToldReport> {
    const { header } = await this.#client.invoke('archive.header', { sopInstanceUID });
    const dataset = new Item(readDicomJson(header.json));
    const common = { sopInstanceUID, studyInstanceUID, date: dataset.string('00080023'), time: dataset.string('00080033') };
    const described = dataset.string('0008103E').slice(0, 128);
    if (sopClassUID !== KEY_OBJECT_SELECTION)
      return { ...common, kind: 'measurements', title: described, marks: readMeasurements(dataset) };
    const { title, description, images } = readKeyObjects(dataset);
    const marks = images.map((image) => ({
      trackingUID: '',
      name: description,
      comment: '',
      figures: [],
      image,
      drawn: { kind: 'key-image' as const, points: [] },
    }));
    return { ...common, kind: 'key-images', title: described || title, marks };
  }
}
