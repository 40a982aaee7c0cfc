import type { DeIdentificationChoice, DeIdentifiedItem, PseudonymMapping } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { type Change, type ChangeKind, type DeIdentified, pixelWarnings } from '../dicom/dataset/de-identification/index.ts';
import { type Part10File, Tag } from '../dicom/dataset/index.ts';
import { InstanceDeIdentifier } from './de-identify-instance.ts';
import { ExportSource } from './export-source.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { locateInstance } from './layout.ts';
import { instancesOfStudy } from './study-instances.ts';

export interface DeIdentifyArgs {
  readonly studyInstanceUID: string;
  readonly project: string;
  /** Of the project, as hex. */
  readonly secret: string;
  readonly options: DeIdentificationChoice;
  readonly preview: boolean;
}

export interface DeIdentifySummary {
  readonly instances: number;
  readonly failed: number;
  readonly warnings: number;
  readonly bytes: number;
  /** Attributes by what became of them. */
  readonly counts: Readonly<Record<ChangeKind, number>>;
  readonly failedSOPInstanceUIDs: readonly string[];
  /** Undefined for a preview. */
  readonly mapping: PseudonymMapping | undefined;
}

const MAX_NAMED = 10_000;
/** Attributes shown per series. */
const MAX_CHANGES = 2000;

/**
 * Copies a study without identity into the archive, as a new study, or shows what that would change. The original is only read. Rejects with
 * PhosphorError `not-found`, `unsupported` (UIDs that are kept would be those of the original), `cancelled`, and what the disk says.
 */
export async function deIdentifyStudy(
  context: JobContext,
  args: DeIdentifyArgs,
  job: JobReporter<DeIdentifiedItem>,
): Promise<DeIdentifySummary> {
  const { options, preview, studyInstanceUID } = args;
  if (options.retainUIDs === true && !preview) {
    throw new PhosphorError('unsupported', 'a copy with the UIDs of the original cannot stand beside it in the archive');
  }
  const instances = instancesOfStudy(context.location, studyInstanceUID);
  const deIdentifier = new InstanceDeIdentifier({ ...args, signal: job.signal });
  try {
    const copy = new StudyCopy(context, args, job, deIdentifier);
    for (const [index, sopInstanceUID] of instances.entries()) {
      job.check();
      await copy.add(sopInstanceUID);
      job.progress({ done: index + 1, total: instances.length, bytes: copy.bytes });
    }
    return copy.summary();
  } finally {
    await deIdentifier.close();
  }
}

class StudyCopy {
  bytes = 0;
  readonly #context: JobContext;
  readonly #args: DeIdentifyArgs;
  readonly #job: JobReporter<DeIdentifiedItem>;
  readonly #deIdentifier: InstanceDeIdentifier;
  readonly #counts: Record<ChangeKind, number> = { removed: 0, emptied: 0, replaced: 0, cleaned: 0, mapped: 0, shifted: 0, kept: 0 };
  readonly #shown = new Set<string>();
  readonly #failed: string[] = [];
  #done = 0;
  #failures = 0;
  #warnings = 0;
  #mapping: PseudonymMapping | undefined;

  constructor(context: JobContext, args: DeIdentifyArgs, job: JobReporter<DeIdentifiedItem>, deIdentifier: InstanceDeIdentifier) {
    this.#context = context;
    this.#args = args;
    this.#job = job;
    this.#deIdentifier = deIdentifier;
  }

  async add(sopInstanceUID: string): Promise<void> {
    try {
      const source = await ExportSource.open(locateInstance(this.#context.location, sopInstanceUID));
      try {
        await this.#copy(source);
      } finally {
        await source.close();
      }
      this.#done += 1;
    } catch (thrown) {
      const error = toErrorData(thrown);
      if (ENDS_JOB.has(error.kind)) throw thrown;
      this.#failures += 1;
      if (this.#failed.length < MAX_NAMED) this.#failed.push(sopInstanceUID);
      await this.#job.item({ kind: 'instance-failed', sopInstanceUID, error });
    }
  }

  summary(): DeIdentifySummary {
    return {
      instances: this.#done,
      failed: this.#failures,
      warnings: this.#warnings,
      bytes: this.bytes,
      counts: this.#counts,
      failedSOPInstanceUIDs: this.#failed,
      mapping: this.#args.preview ? undefined : this.#mapping,
    };
  }

  async #copy(source: ExportSource): Promise<void> {
    const { preview } = this.#args;
    const seriesInstanceUID = source.part10.dataset.uid(Tag.SeriesInstanceUID);
    const isFirst = preview && !this.#shown.has(seriesInstanceUID);
    this.#shown.add(seriesInstanceUID);
    const { file, done, pieces, blanks } = await this.#deIdentifier.of(source, { preview, maxChanges: isFirst ? MAX_CHANGES : 0 });
    for (const kind of Object.keys(this.#counts) as ChangeKind[]) this.#counts[kind] += done.report.counts[kind];
    await this.#tell(file, seriesInstanceUID, done.changes, blanks);
    if (!preview) await this.#store(file, done, pieces);
  }

  async #tell(file: Part10File, seriesInstanceUID: string, changes: readonly Change[], blanks: boolean): Promise<void> {
    for (const { kind, ...change } of changes) await this.#job.item({ kind: 'change', seriesInstanceUID, change: kind, ...change });
    for (const warning of pixelWarnings(file.dataset)) {
      if (blanks && warning.startsWith('burned-in')) continue;
      this.#warnings += 1;
      await this.#job.item({ kind: 'pixel-warning', seriesInstanceUID, sopInstanceUID: file.dataset.uid(Tag.SOPInstanceUID), warning });
    }
  }

  async #store(file: Part10File, done: DeIdentified, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const { sopClassUID, sopInstanceUID } = done;
    const { transferSyntaxUID } = file.meta;
    const arrival = this.#context.arrivals().begin({ sopClassUID, sopInstanceUID, transferSyntaxUID }, { kind: 'import', path: '' });
    try {
      for await (const piece of pieces) {
        this.#job.check();
        await arrival.write(piece);
      }
    } catch (thrown) {
      await arrival.abort();
      throw thrown;
    }
    const receipt = await arrival.finish();
    if (receipt.result === 'conflict') throw new PhosphorError('storage', CONFLICT);
    this.bytes += receipt.dataSetBytes;
    this.#mapping ??= this.#deIdentifier.mappingOf(file, done);
  }
}

const ENDS_JOB: ReadonlySet<string> = new Set(['storage-full', 'cancelled', 'interrupted']);
const CONFLICT = 'a copy made with other options is in the archive already; delete it first';
