import { createArrivalWriter } from '../../electron/archive/arrival.ts';
import { type Archive, type ArchiveJob, type ArchiveLocation, openArchive } from '../../electron/archive/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { STORE, sample } from '../unit/archive/samples.ts';

/** A torture of the archive alone: it brings its own stage and is over when its cases are. */
export interface ArchiveTorture {
  readonly torture: (arena: ArchiveArena) => Promise<void>;
  readonly seed: number;
  /** Part of it that the short form does. */
  readonly short: number;
}

export interface ArchiveArena {
  readonly seed: number;
  readonly scale: number;
  readonly folder: string;
  /** Runs one case and counts its outcome; what it throws is a failure of the torture. */
  attempt(label: string, run: () => Promise<string>): Promise<void>;
  count(what: string, by?: number): void;
}

/** What every torture tells of its cases. */
export interface CaseReport {
  readonly name: string;
  readonly seed: number;
  readonly scale: number;
  readonly seconds: number;
  readonly cases: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly figures: Readonly<Record<string, number>>;
  readonly longestMs: number;
  readonly longest: string;
  readonly failures: readonly string[];
  readonly ok: boolean;
}

/** Far more than any case takes on a busy machine: past it, something waits for ever. */
const DEADLINE_MS = 120_000;

export async function runArchiveTorture(
  name: string,
  torture: ArchiveTorture['torture'],
  seed: number,
  scale: number,
): Promise<CaseReport> {
  await using folder = await temporaryFolder(`torture-${name}`);
  const tally = { cases: 0, longestMs: 0, longest: '', outcomes: {} as Record<string, number>, figures: {} as Record<string, number> };
  const failures: string[] = [];
  const started = performance.now();
  await torture({
    seed,
    scale,
    folder: folder.path,
    attempt: async (label, run) => {
      const begun = performance.now();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<string>((resolve) => {
        timer = setTimeout(() => resolve('HANG'), DEADLINE_MS);
      });
      const outcome = await Promise.race([run(), late]).catch((thrown: unknown) => {
        failures.push(`${label}: ${thrown instanceof Error ? thrown.message : String(thrown)}`.slice(0, 1000));
        return 'FAILED';
      });
      clearTimeout(timer);
      const milliseconds = performance.now() - begun;
      tally.cases += 1;
      tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1;
      if (milliseconds > tally.longestMs) Object.assign(tally, { longestMs: milliseconds, longest: label });
      // What hangs may hold the disk or the archive that the next case needs: the torture ends here.
      if (outcome === 'HANG') throw new Error(`${label}: not over after ${DEADLINE_MS / 1000} s`);
    },
    count: (what, by = 1) => {
      tally.figures[what] = (tally.figures[what] ?? 0) + by;
    },
  });
  const seconds = (performance.now() - started) / 1000;
  return { name, seed, scale, seconds, ...tally, failures, ok: failures.length === 0 && tally.cases > 0 };
}

/** Throws what is wrong, in words. */
export function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

export const everything = { query: {}, sort: { by: 'studyDate', descending: true }, offset: 0, limit: 1000 } as const;

/** A job to its end. */
export async function ended<Item, Result>(job: ArchiveJob<Item, Result>): Promise<{ result: Result; items: Item[] }> {
  const items: Item[] = [];
  job.onItems((some) => {
    items.push(...some);
    job.acknowledge(1);
  });
  return { result: await job.done, items };
}

/** Stores instances one after the other until it is told to stop; knows which were acknowledged, and why others were not. */
export class Storing {
  readonly acknowledged = new Set<string>();
  readonly refusals: Record<string, number> = {};
  readonly #archive: Archive;
  readonly #prefix: string;
  #stopped = false;
  /** Resolves when it may go on. */
  #pause: Promise<void> | undefined;
  #done: Promise<void>;

  constructor(archive: Archive, prefix: string, rows = 64) {
    this.#archive = archive;
    this.#prefix = prefix;
    this.#done = this.#store(rows);
    this.#done.catch(() => undefined);
  }

  /** Nothing is begun until the answer is called. */
  pause(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pause = promise;
    return resolve;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  /** Resolves when so many more were acknowledged. */
  async further(count: number): Promise<void> {
    const wanted = this.acknowledged.size + count;
    while (this.acknowledged.size < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async #store(rows: number): Promise<void> {
    const writer = createArrivalWriter(this.#archive.location, this.#archive.arrivalPort());
    for (let i = 0; !this.#stopped; i += 1) {
      await this.#pause;
      const uid = `${this.#prefix}.${i}`;
      const one = sample(uid, { StudyInstanceUID: this.#prefix, SeriesInstanceUID: `${this.#prefix}.0` }, { rows });
      try {
        const arrival = writer.begin(one, STORE);
        await arrival.write(one.bytes);
        await arrival.finish();
        this.acknowledged.add(uid);
      } catch (thrown) {
        const { kind = 'unknown', code } = (thrown as { data?: { kind?: string; code?: string } }).data ?? {};
        const refusal = code === undefined ? kind : `${kind} ${code}`;
        this.refusals[refusal] = (this.refusals[refusal] ?? 0) + 1;
        // A sender that is refused does not try a thousand times a second.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      // As fast as a modality sends; faster only fills the disk.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await writer.close();
  }
}

/** Everything that was acknowledged is in the archive, and nothing in it is half. */
export async function mustBeWhole(archive: Archive, acknowledged: Iterable<string>): Promise<void> {
  await archive.settled();
  const wanted = [...acknowledged];
  const present = new Set(await archive.present(wanted));
  const lost = wanted.filter((uid) => !present.has(uid));
  must(lost.length === 0, `${lost.length} acknowledged instances are lost`);
  const { result, items } = await ended(archive.verify({ restart: true }));
  must(items.length === 0, `verify finds ${items.map(({ problem, file }) => `${problem} ${file.slice(0, 20)}`).join(', ')}`);
  must(result.checked >= wanted.length, `${result.checked} of ${wanted.length} instances are in the index`);
}

/** An open archive that is closed at the end of the block. */
export async function opened(location: ArchiveLocation): Promise<{ archive: Archive; notices: string[] } & AsyncDisposable> {
  const archive = await openArchive(location);
  const notices: string[] = [];
  archive.onNotice(({ sentence }) => notices.push(sentence));
  return { archive, notices, [Symbol.asyncDispose]: () => archive.close() };
}

/** Resolves when a notice says so. */
export async function told(notices: readonly string[], what: RegExp): Promise<void> {
  while (!notices.some((sentence) => what.test(sentence))) await new Promise((resolve) => setTimeout(resolve, 50));
}
