import path from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { ErrorKind, ImportedItem } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { dropFolder, droppedFiles, droppedNames } from './drop-folder.ts';
import type { LaneFile, LaneOutcome } from './import-lane-messages.ts';
import { ImportLanes } from './import-lanes.ts';
import { missingFiles, NamedFolders } from './import-media.ts';
import { unpack } from './import-zip.ts';
import type { JobReporter } from './jobs.ts';
import { type Found, scan } from './scan.ts';
import { isSlowMedium } from './slow-media.ts';
import { TouchedStudies } from './touched-studies.ts';
import type { ArchiveLocation, ImportSummary } from './types.ts';

/** Two threads fill two cores; more only compete with the index. */
const LANES = 2;
/** A ZIP in a ZIP is opened, one within that is not. */
const ZIP_DEPTH = 2;

/** What an import works with. */
export interface ImportParts {
  readonly location: ArchiveLocation;
  /** A line to the index for one more thread. */
  arrivalLine(): MessagePort;
}

/** Who hears of an import. */
export type ImportReporter = Pick<JobReporter<ImportedItem>, 'signal' | 'check' | 'progress' | 'item'>;

/**
 * Takes in every file below `paths`: DICOM in whatever wrapping, what ZIPs hold, what a DICOMDIR should have named. Each file ends as one
 * item; only a full or failing disk ends the job. Resolves when everything taken in is durable.
 */
export async function importPaths(paths: readonly string[], parts: ImportParts, job: ImportReporter): Promise<ImportSummary> {
  const run = new ImportRun(parts, job);
  try {
    await run.read(paths, await isSlowMedium(paths));
  } finally {
    await run.end();
  }
  job.check();
  return run.summary();
}

/** The same for what a window handed over: its files are called as people know them, and lie under names of ours. */
export async function importDrop(dropId: string, parts: ImportParts, job: ImportReporter): Promise<ImportSummary> {
  const run = new ImportRun(parts, job);
  try {
    await run.readDrop(dropFolder(parts.location, dropId));
  } finally {
    await run.end();
  }
  job.check();
  return run.summary();
}

interface Container {
  readonly kind: 'zip' | 'directory';
  readonly path: string;
  readonly source: string | Uint8Array;
  readonly depth: number;
  readonly release: () => void;
}

type Source = LaneFile & { readonly depth?: number; readonly release?: () => void };

class ImportRun {
  readonly #parts: ImportParts;
  readonly #job: ImportReporter;
  readonly #lanes: { fast?: ImportLanes } = {};
  readonly #containers: Container[] = [];
  readonly #counts = { imported: 0, known: 0, conflict: 0, refused: 0, bytes: 0, truncated: 0, missing: 0, directories: 0 };
  readonly #touched = new TouchedStudies();
  readonly #reasons: Partial<Record<ErrorKind, number>> = {};
  /** Folder of the drop that is read. */
  #drop: string | undefined;

  constructor(parts: ImportParts, job: ImportReporter) {
    this.#parts = parts;
    this.#job = job;
  }

  summary(): ImportSummary {
    return { ...this.#counts, reasons: this.#reasons, touched: this.#touched.list };
  }

  async read(paths: readonly string[], isSlow: boolean): Promise<void> {
    const named = new Set(paths.map((one) => path.resolve(one)));
    await this.#readAll(scan(paths, this.#job.signal), named, isSlow);
  }

  async readDrop(folder: string): Promise<void> {
    this.#drop = folder;
    await this.#readAll(droppedFiles(folder), new Set(), false);
  }

  async #readAll(all: AsyncIterable<Found>, named: Set<string>, isSlow: boolean): Promise<void> {
    const { location, arrivalLine } = this.#parts;
    // On a disc or a stick two readers at once are slower than one.
    const lanes = new ImportLanes(location, arrivalLine, isSlow ? 1 : LANES, this.#job.signal);
    this.#lanes.fast = lanes;
    for await (const found of all) {
      await this.#found(lanes, found, isSlow);
      await this.#openContainers(lanes, named, isSlow);
    }
    for (;;) {
      await lanes.drain();
      if (this.#containers.length === 0) return;
      await this.#openContainers(lanes, named, isSlow);
    }
  }

  async end(): Promise<void> {
    await this.#lanes.fast?.end();
    for (const { release } of this.#containers) release();
  }

  async #found(lanes: ImportLanes, found: Found, isSlow: boolean): Promise<void> {
    if ('error' in found) await this.#refused(found.path, found.error);
    else await this.#take(lanes, { ...found, ...(isSlow ? { isSlow } : {}) });
  }

  async #take(lanes: ImportLanes, { depth = 0, release = () => undefined, ...file }: Source): Promise<void> {
    this.#job.check();
    try {
      await lanes.take(file, async (outcome) => {
        if ('container' in outcome) {
          this.#containers.push({ kind: outcome.container, path: outcome.path, source: file.source ?? file.path, depth, release });
          return;
        }
        release();
        await this.#ended(outcome);
      });
    } catch (thrown) {
      release();
      throw thrown;
    }
  }

  /** What turned out to hold other files. Opened here, one after the other, and not where it was found: a lane must not wait for itself. */
  async #openContainers(lanes: ImportLanes, named: Set<string>, isSlow: boolean): Promise<void> {
    for (let next = this.#containers.shift(); next !== undefined; next = this.#containers.shift()) {
      try {
        if (next.kind === 'zip') await this.#openZip(lanes, next);
        else await this.#openDirectory(lanes, next, named, isSlow);
      } finally {
        next.release();
      }
    }
  }

  async #openZip(lanes: ImportLanes, zip: Container): Promise<void> {
    if (zip.depth >= ZIP_DEPTH) {
      await this.#refused(zip.path, new PhosphorError('unsupported', 'a ZIP within a ZIP within a ZIP is not opened'));
      return;
    }
    for await (const found of unpack(zip.source, zip.path, this.#parts.location, this.#job.signal)) {
      if ('error' in found) await this.#refused(found.path, found.error);
      else await this.#take(lanes, { ...found.file, depth: zip.depth + 1, release: found.release });
    }
  }

  /** Where the DICOMDIR of a drop is read, and what was dropped with it. */
  async #dropped({ source }: Container): Promise<{ source: string; folders: NamedFolders } | undefined> {
    if (this.#drop === undefined || typeof source !== 'string') return undefined;
    return { source, folders: new NamedFolders(await droppedNames(this.#drop)) };
  }

  /** Everything that lies beside a DICOMDIR is taken in whatever it says; what it names and is not there is named. */
  async #openDirectory(lanes: ImportLanes, directory: Container, named: Set<string>, isSlow: boolean): Promise<void> {
    let isDamaged = false;
    this.#counts.directories += 1;
    if (directory.depth === 0) {
      for await (const missing of missingFiles(directory.path, this.#job.signal, await this.#dropped(directory))) {
        if (missing === 'damaged') isDamaged = true;
        else await this.#missing(missing.path, missing.error);
      }
    }
    await this.#item({
      kind: 'file',
      path: directory.path.slice(0, 4096),
      result: 'media-directory',
      ...(isDamaged ? { error: new PhosphorError('damaged', DAMAGED_DIRECTORY).data } : {}),
    });
    if (directory.depth > 0) return;
    // Named without anything else of its medium, it stands for all of it.
    const medium = path.dirname(directory.path);
    const isBelow = (one: string): boolean => one !== directory.path && one.startsWith(medium + path.sep);
    if (!named.delete(directory.path) || [...named].some(isBelow)) return;
    for await (const found of scan([medium], this.#job.signal)) {
      if (found.path !== directory.path) await this.#found(lanes, found, isSlow);
    }
  }

  async #ended(outcome: Exclude<LaneOutcome, { container: unknown }>): Promise<void> {
    if ('error' in outcome) {
      const error = PhosphorError.from(outcome.error);
      if (ENDS_JOB.has(error.kind)) throw error;
      await this.#refused(outcome.path, error);
      return;
    }
    const { sopInstanceUID, truncated, bytes } = outcome;
    this.#touched.add(outcome);
    const result = RESULTS[outcome.result];
    this.#counts[result] += 1;
    this.#counts.bytes += bytes;
    if (truncated) this.#counts.truncated += 1;
    const conflict = result === 'conflict' ? { error: new PhosphorError('storage', CONFLICT).data } : {};
    await this.#item({
      kind: 'file',
      path: outcome.path.slice(0, 4096),
      result,
      sopInstanceUID,
      ...(truncated ? { truncated } : {}),
      ...conflict,
    });
  }

  async #refused(file: string, error: PhosphorError): Promise<void> {
    this.#counts.refused += 1;
    this.#reasons[error.kind] = (this.#reasons[error.kind] ?? 0) + 1;
    await this.#item({ kind: 'file', path: file.slice(0, 4096), result: 'refused', error: error.data });
  }

  /** No file was there to be counted among those that were found. */
  async #missing(file: string, error: PhosphorError): Promise<void> {
    this.#counts.missing += 1;
    await this.#item({ kind: 'file', path: file.slice(0, 4096), result: 'missing', error: error.data });
  }

  async #item(item: ImportedItem): Promise<void> {
    const { imported, known, conflict, refused, directories, bytes } = this.#counts;
    this.#job.progress({ done: imported + known + conflict + refused + directories, bytes });
    await this.#job.item(item);
  }
}

const RESULTS = { stored: 'imported', replaced: 'imported', known: 'known', conflict: 'conflict' } as const;
const CONFLICT = 'another version of this instance is stored already; this one was put into conflicts';
const DAMAGED_DIRECTORY = 'the directory of a medium (DICOMDIR) is damaged: the files beside it are taken in all the same';

const ENDS_JOB: ReadonlySet<string> = new Set(['storage-full', 'cancelled']);
