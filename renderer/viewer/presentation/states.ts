import { type FileRange, readDicomJson } from '../../../shared/contract/dicom-json.ts';
import type { InstanceHeaderJson } from '../../../shared/contract/index.ts';
import type { Client } from '../../api/index.ts';
import { Item } from '../dataset/item.ts';
import type { OpenStudy } from '../open-study.ts';
import { bulkOfState, isPresentationState, readState } from './read-state.ts';
import { type PresentationState, refersTo } from './state.ts';

/** More states than anybody chooses from. */
const MAX_STATES = 500;

/** The presentation states of the open studies, read in the background one after the other; found by the image that they are about. */
export class PresentationStates {
  readonly #client: Pick<Client, 'invoke' | 'instanceRequest'>;
  readonly #listeners = new Set<() => void>();
  readonly #asked = new Set<string>();
  #waiting: string[] = [];
  #running = false;
  #list: readonly PresentationState[] = [];

  constructor(client: Pick<Client, 'invoke' | 'instanceRequest'>) {
    this.#client = client;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** All that were read; a new list with each one. */
  readonly snapshot = (): readonly PresentationState[] => this.#list;

  /** Reads the states of these studies that were not read yet. */
  take(studies: readonly OpenStudy[]): void {
    for (const { instance } of studies.flatMap(({ series }) => series.flatMap(({ frames }) => frames))) {
      const { sopInstanceUID, sopClassUID } = instance;
      if (!isPresentationState(sopClassUID) || this.#asked.has(sopInstanceUID) || this.#asked.size >= MAX_STATES) continue;
      this.#asked.add(sopInstanceUID);
      this.#waiting.push(sopInstanceUID);
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
      // One that cannot be read is not offered; its instance says why in its own pane.
      const state = await this.#read(next).catch(() => undefined);
      if (state === undefined) continue;
      this.#list = [...this.#list, state].sort((a, b) => (a.date + a.time < b.date + b.time ? -1 : 1));
      for (const listener of this.#listeners) listener();
    }
    this.#running = false;
  }

  async #read(sopInstanceUID: string): Promise<PresentationState | undefined> {
    const { header } = await this.#client.invoke('archive.header', { sopInstanceUID });
    const dataset = new Item(readDicomJson(header.json));
    const tables = new Map<string, Uint8Array>();
    // Of a deflated data set the tables are not where the header counts them.
    for (const range of header.deflatedFrom === undefined ? bulkOfState(dataset) : [])
      tables.set(nameOf(range), await this.#fetch(header, range));
    return readState(dataset, (range) => tables.get(nameOf(range)));
  }

  async #fetch({ sopInstanceUID, bigEndian }: InstanceHeaderJson, range: FileRange): Promise<Uint8Array> {
    if (range.length > MAX_TABLE_BYTES) return new Uint8Array(0);
    const { url, headers } = this.#client.instanceRequest(sopInstanceUID, range);
    const response = await fetch(url, { headers });
    const bytes = new Uint8Array(await response.arrayBuffer()).subarray(0, range.length);
    if (bigEndian !== true) return bytes;
    return Uint8Array.from(bytes, (_, i) => bytes[i ^ 1] ?? 0);
  }
}

/** 65,536 entries of 16 bits. */
const MAX_TABLE_BYTES = 131_072;

function nameOf({ offset, length }: FileRange): string {
  return `${offset},${length}`;
}

/** Of some states those that are about a frame (0-based) of an image. */
export function statesOf(states: readonly PresentationState[], sopInstanceUID: string, frame: number): PresentationState[] {
  return states.filter(({ images }) => refersTo(images, sopInstanceUID, frame));
}
