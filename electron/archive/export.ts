import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { DEFAULT_TEMPLATE, parseTemplate } from '../../shared/contract/export-fields.ts';
import type { ExportItem, ExportRequest, PseudonymMapping } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { transferSyntaxOf } from '../dicom/dataset/index.ts';
import { type CodecWorker, createCodecWorker } from '../transcoding/index.ts';
import { type DeIdentifiedExport, DeIdentifiedSources } from './export-de-identified.ts';
import { writeImages } from './export-images.ts';
import { writeMedia } from './export-media.ts';
import { Names, nameOf } from './export-names.ts';
import { Chosen, type ChosenInstance, missingOf } from './export-selection.ts';
import { ExportSource } from './export-source.ts';
import { type ExportTarget, FolderTarget, TargetError } from './export-target.ts';
import { type Turn, Turns } from './export-turns.ts';
import { ZipTarget } from './export-zip.ts';
import { openReadOnly } from './index-reader.ts';
import { inParallel, type JobReporter } from './jobs.ts';
import { folderOf, locateInstance } from './layout.ts';
import { TouchedStudies, type TouchedStudy } from './touched-studies.ts';
import type { ArchiveLocation } from './types.ts';

export interface ExportArgs extends Omit<ExportRequest, 'command' | 'label' | 'passwordId' | 'deidentify'> {
  readonly deidentify?: DeIdentifiedExport | undefined;
  /** Names what is not finished, so that it is removed when the same export is begun again; [\w-]{1,64}. */
  readonly exportId?: string | undefined;
  /** Begun again: files that stand there already with the same bytes are its own. */
  readonly isResumed?: boolean | undefined;
  /** Of the ZIP file. */
  readonly password?: string | undefined;
  /** The setting: images that are compressed with loss may be decoded where a profile wants that. */
  readonly allowLossyConversion: boolean;
}

export interface ExportSummary {
  readonly exported: number;
  readonly failed: number;
  /** Written in another transfer syntax than they are stored in. */
  readonly converted: number;
  /** Pictures in whose text letters are missing. */
  readonly lackingText: number;
  readonly bytes: number;
  /** Who stands behind the pseudonyms of a de-identified export. */
  readonly mappings: readonly PseudonymMapping[];
  /** SOP Instance UIDs, the first 10,000. */
  readonly failedSOPInstanceUIDs: readonly string[];
  /** Whose. */
  readonly touched: readonly TouchedStudy[];
}

/** What the forms of export share. */
export interface Exporting {
  readonly location: ArchiveLocation;
  readonly args: ExportArgs;
  readonly chosen: Chosen;
  readonly target: ExportTarget;
  readonly codec: CodecWorker;
  readonly signal: AbortSignal;
  /** Does `work` for every chosen instance, several at a time. One that cannot be exported becomes an item; what the target refuses ends the export. */
  each(work: (instance: ChosenInstance, order: number, source: ExportSource, turn: Turn) => Promise<Written>): Promise<void>;
}

export interface Written {
  readonly bytes: number;
  readonly converted: boolean;
  /** Letters of its text have no glyph. */
  readonly lacksText?: boolean;
}

/** Files read and written at once: enough to keep two disks busy. */
const WIDTH = 4;
const MAX_NAMED = 10_000;

/**
 * Brings instances out of the archive, on the archive worker's thread: files below a folder or in a ZIP file, whole or not there at all. Rejects with PhosphorError
 * `not-found` (nothing of it is here), `storage` and `storage-full` (of the target), `invalid-arguments` (the target is taken), `cancelled`.
 */
export async function exportInstances(location: ArchiveLocation, args: ExportArgs, job: JobReporter<ExportItem>): Promise<ExportSummary> {
  const database = openReadOnly(location);
  const codec = createCodecWorker();
  try {
    return await exportFrom(database, codec, location, args, job);
  } finally {
    database.close();
    await codec.close();
  }
}

async function exportFrom(
  database: DatabaseSync,
  codec: CodecWorker,
  location: ArchiveLocation,
  args: ExportArgs,
  job: JobReporter<ExportItem>,
): Promise<ExportSummary> {
  const chosen = new Chosen(database, args.selection);
  if (chosen.size === 0) throw new PhosphorError('not-found', 'nothing of what is to be exported is in the archive');
  const tally = new Tally(chosen.size, job);
  const deIdentified = args.deidentify === undefined ? undefined : new DeIdentifiedSources(location, args.deidentify, job.signal);
  const target = await open(location, args);
  try {
    for (const missing of missingOf(database, args.selection)) await tally.missing(missing);
    const turns = new Turns();
    const each: Exporting['each'] = (work) =>
      inParallel(chosen, WIDTH, async ({ instance, order }) => {
        const turn = turns.take();
        try {
          job.check();
          await tally.one(instance, () =>
            withSource(location, instance, (source) =>
              deIdentified === undefined
                ? work(instance, order, source, turn)
                : deIdentified.with(instance, source, (copy, copied) => work(copy, order, copied, turn)),
            ),
          );
        } finally {
          turn.pass();
        }
      });
    await FORMS[args.form]({ location, args, chosen, target, codec, signal: job.signal, each });
    job.check();
    await target.finish();
    return { ...tally.summary, mappings: deIdentified?.mappings ?? [] };
  } catch (thrown) {
    await target.abandon();
    throw thrown;
  } finally {
    await deIdentified?.close();
  }
}

function open(
  location: ArchiveLocation,
  { container, to, replace = false, password, exportId = randomUUID(), isResumed = false }: ExportArgs,
): Promise<ExportTarget> {
  if (container === 'folder') return FolderTarget.open(to, { replace, exportId, isResumed });
  return ZipTarget.open(to, { replace, exportId, isResumed, password, spill: folderOf.incoming(location) });
}

const FORMS: Readonly<Record<ExportArgs['form'], (exporting: Exporting) => Promise<void>>> = {
  files: writeFiles,
  media: writeMedia,
  images: writeImages,
};

/** Each file as it is stored, named by the template. */
async function writeFiles({ args, target, signal, each }: Exporting): Promise<void> {
  const template = parseTemplate(args.template ?? DEFAULT_TEMPLATE);
  if (template === undefined) throw new PhosphorError('invalid-arguments', 'the template cannot be used');
  const names = new Names();
  await each(async (instance, _order, source, turn) => {
    const wanted = nameOf(template, instance.values, instance.owner);
    await turn.come();
    const first = names.path(wanted, '.dcm');
    turn.pass();
    await target.write(
      firstOf(first, () => names.path(wanted, '.dcm')),
      source.whole(instance.sha256, signal),
      isCompressed(instance.transferSyntaxUID),
    );
    return { bytes: source.size, converted: false };
  });
}

/** A name, and others where that one is taken. */
export function firstOf(name: readonly string[], others: () => readonly string[]): () => readonly string[] {
  let asked = false;
  return () => {
    if (asked) return others();
    asked = true;
    return name;
  };
}

/** Pixels in fragments, or the whole data set deflated: a ZIP file cannot make that smaller. */
export function isCompressed(transferSyntaxUID: string): boolean {
  const syntax = transferSyntaxOf(transferSyntaxUID);
  return syntax?.encapsulated === true || syntax?.deflated === true;
}

async function withSource<T>(
  location: ArchiveLocation,
  { sopInstanceUID }: ChosenInstance,
  work: (source: ExportSource) => Promise<T>,
): Promise<T> {
  const source = await ExportSource.open(locateInstance(location, sopInstanceUID));
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

/** Counts, names what failed, reports progress. */
class Tally {
  readonly #total: number;
  readonly #job: JobReporter<ExportItem>;
  readonly #failed: string[] = [];
  readonly #touched = new TouchedStudies();
  #counts = { exported: 0, failed: 0, converted: 0, lackingText: 0, bytes: 0 };

  constructor(total: number, job: JobReporter<ExportItem>) {
    this.#total = total;
    this.#job = job;
  }

  get summary(): Omit<ExportSummary, 'mappings'> {
    return { ...this.#counts, failedSOPInstanceUIDs: this.#failed, touched: this.#touched.list };
  }

  async one({ sopInstanceUID, owner, values }: ChosenInstance, work: () => Promise<Written>): Promise<void> {
    try {
      const { bytes, converted, lacksText = false } = await work();
      this.#counts.exported += 1;
      this.#touched.add({ studyInstanceUID: owner.study, patientID: values.PatientID });
      this.#counts.bytes += bytes;
      if (converted) this.#counts.converted += 1;
      if (lacksText) this.#counts.lackingText += 1;
    } catch (thrown) {
      if (thrown instanceof TargetError || (thrown instanceof PhosphorError && thrown.kind === 'cancelled')) throw thrown;
      this.#job.check();
      if (this.#failed.length < MAX_NAMED) this.#failed.push(sopInstanceUID);
      await this.#fail({ level: 'image', name: sopInstanceUID }, thrown);
    }
    const { exported, failed, bytes } = this.#counts;
    this.#job.progress({ done: exported + failed, total: Math.max(this.#total, exported + failed), bytes });
  }

  async missing(named: Pick<ExportItem, 'level' | 'name'>): Promise<void> {
    await this.#fail(named, new PhosphorError('not-found', 'not in the archive'));
  }

  async #fail(named: Pick<ExportItem, 'level' | 'name'>, thrown: unknown): Promise<void> {
    this.#counts.failed += 1;
    await this.#job.item({ kind: 'export-failed', ...named, error: toErrorData(thrown) });
  }
}
