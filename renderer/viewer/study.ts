import { type ContractEvent, type PhosphorErrorData, type SeriesManifest, toErrorData } from '../../shared/contract/index.ts';
import { readingOrder } from '../../shared/contract/reading-order.ts';
import type { Client } from '../api/types.ts';
import type { Arrival, OpenStudy } from './open-study.ts';
import { buildStack, type StackFrame } from './stack.ts';

const EMPTY: Omit<OpenStudy, 'studyInstanceUID'> = { study: undefined, series: [], arrival: undefined, error: undefined, loading: true };

/**
 * A study of the archive with the manifests of all its series, kept up to date while it arrives: series that did not change are not
 * asked for again, and their frames stay the same objects.
 */
export class StudyFeed {
  readonly studyInstanceUID: string;
  readonly #client: Client;
  readonly #changed: () => void;
  readonly #firstImage: Promise<void>;
  readonly #known = new Map<string, { instances: number; frames: StackFrame[] }>();
  readonly #end: () => void;
  #state: OpenStudy;
  #live = true;
  #running = false;
  #again = false;

  /** `firstImage`: until then a long series is known by its beginning. */
  constructor(client: Client, studyInstanceUID: string, changed: () => void, firstImage: Promise<void> = Promise.resolve()) {
    this.#client = client;
    this.#firstImage = firstImage;
    this.studyInstanceUID = studyInstanceUID;
    this.#state = { ...EMPTY, studyInstanceUID };
    this.#changed = changed;
    this.#end = client.subscribe((event) => {
      const arrival = arrivalOf(event, studyInstanceUID);
      if (arrival !== undefined) this.#set({ arrival: arrival ?? undefined });
      if (event.type === 'StudiesChanged' && (event.everything || event.studyInstanceUIDs.includes(studyInstanceUID))) void this.load();
    });
    void this.load();
  }

  get state(): OpenStudy {
    return this.#state;
  }

  close(): void {
    this.#live = false;
    this.#end();
  }

  /** Asks for what is new; also after a failure, when the reader asks to try again. */
  async load(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    try {
      do {
        this.#again = false;
        const started = performance.now();
        await loadStudy(this.#client, this.studyInstanceUID, this.#known, (change) => this.#set(change), this.#firstImage);
        // Taking in a large manifest costs the window time: the larger it is, the longer the pause before the next.
        if (this.#known.size > 0) await pause(Math.max(REFRESH_MS, REST * (performance.now() - started)));
      } while (this.#again && this.#live);
    } catch (thrown) {
      this.#set({ loading: false, error: toErrorData(thrown) });
    } finally {
      this.#running = false;
    }
  }

  #set(change: Partial<OpenStudy>): void {
    if (!this.#live) return;
    this.#state = { ...this.#state, ...change };
    this.#changed();
  }
}

/** While a study arrives, its manifests are asked for at most this often, and at most every tenth of the time. */
const REFRESH_MS = 250;
const REST = 9;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** The first image does not wait until the thousands behind it are told. */
const FIRST = 32;

/**
 * Asks for series and manifests; reports after each one, so that the first image does not wait for the rest: the beginning of the first series, what
 * is left of it, the other series.
 */
async function loadStudy(
  client: Client,
  studyInstanceUID: string,
  known: Map<string, { instances: number; frames: StackFrame[] }>,
  report: (change: Partial<OpenStudy>) => void,
  firstImage: Promise<void>,
): Promise<void> {
  const opening = known.size > 0 ? undefined : client.invoke('archive.manifest', { studyInstanceUID, first: FIRST }).catch(() => undefined);
  const { series } = await client.invoke('archive.series', { studyInstanceUID });
  const ordered = [...series].sort(readingOrder);
  const current = () => ordered.map((entry) => ({ series: entry, frames: known.get(entry.seriesInstanceUID)?.frames ?? [] }));
  let failure: PhosphorErrorData | undefined;
  const take = (manifest: SeriesManifest, beginning = false): void => {
    known.set(manifest.series.seriesInstanceUID, { instances: manifest.instances.length, frames: buildStack(manifest) });
    report({ study: manifest.study, series: current(), error: undefined, loading: false, beginning });
  };
  const beginning = (await opening)?.manifest;
  if (beginning) take(beginning, true);
  if (beginning?.instances.some(({ image }) => image !== undefined)) await firstImage;
  for (const { seriesInstanceUID } of ordered) {
    const before = known.get(seriesInstanceUID);
    const args = { studyInstanceUID, seriesInstanceUID, ...(before === undefined ? {} : { known: before.instances }) };
    const manifest = await client.invoke('archive.manifest', args).then(
      (answer) => answer.manifest,
      (thrown: unknown) => {
        // The other series are worth showing without this one.
        failure ??= toErrorData(thrown);
        return null;
      },
    );
    if (manifest !== null) take(manifest);
  }
  report({ series: current(), error: known.size === 0 ? failure : undefined, loading: false, beginning: false });
}

/** What an event says about instances on their way into this study; null = nothing is on its way (any more); undefined = says nothing. */
function arrivalOf(event: ContractEvent, studyInstanceUID: string): Arrival | null | undefined {
  if (event.type !== 'ActionUpdate' && event.type !== 'ActionComplete') return undefined;
  const { action, counts } = event;
  if (action.command !== 'retrieve' || action.studyInstanceUID !== studyInstanceUID || action.destination !== undefined) return undefined;
  const { received, expected } = counts;
  if (event.type === 'ActionUpdate') return { state: 'arriving', received, expected };
  const complete = event.outcome === 'success' || expected === undefined || received >= expected;
  return complete ? null : { state: 'incomplete', received, expected };
}
