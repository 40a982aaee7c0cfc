import type { DeIdentificationChoice, DeIdentifiedItem, PseudonymMapping } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import {
  BASIC_PROFILE,
  Blanking,
  type ChangeKind,
  type DeIdentificationOptions,
  dataSetPieces,
  deIdentify,
  ProjectKey,
  patientKeyOf,
  pixelWarnings,
} from '../dicom/dataset/de-identification/index.ts';
import { memorySource, type Part10File, readPart10, Tag } from '../dicom/dataset/index.ts';
import { dataSetEncodingOf } from '../dicom/dataset/transfer-syntaxes.ts';
import { type CodecWorker, createCodecWorker } from '../transcoding/index.ts';
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
/** An image that is decoded to be blanked is held as a whole. */
const MAX_DECODED = 1024 * 1024 * 1024;

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
  const codec = createCodecWorker();
  try {
    const copy = new StudyCopy(context, args, job, codec);
    for (const [index, sopInstanceUID] of instances.entries()) {
      job.check();
      await copy.add(sopInstanceUID);
      job.progress({ done: index + 1, total: instances.length, bytes: copy.bytes });
    }
    return copy.summary();
  } finally {
    await codec.close();
  }
}

class StudyCopy {
  bytes = 0;
  readonly #context: JobContext;
  readonly #args: DeIdentifyArgs;
  readonly #job: JobReporter<DeIdentifiedItem>;
  readonly #codec: CodecWorker;
  readonly #key: ProjectKey;
  readonly #options: DeIdentificationOptions;
  readonly #counts: Record<ChangeKind, number> = { removed: 0, emptied: 0, replaced: 0, cleaned: 0, mapped: 0, shifted: 0, kept: 0 };
  readonly #shown = new Set<string>();
  readonly #failed: string[] = [];
  #done = 0;
  #failures = 0;
  #warnings = 0;
  #mapping: PseudonymMapping | undefined;

  constructor(context: JobContext, args: DeIdentifyArgs, job: JobReporter<DeIdentifiedItem>, codec: CodecWorker) {
    this.#context = context;
    this.#args = args;
    this.#job = job;
    this.#codec = codec;
    this.#key = new ProjectKey(args.project, Buffer.from(args.secret, 'hex'));
    const { blank: _, ...chosen } = args.options;
    const defined = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
    this.#options = { ...BASIC_PROFILE, ...defined };
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
    const seriesInstanceUID = source.part10.dataset.uid(Tag.SeriesInstanceUID);
    const rectangles = (this.#args.options.blank ?? []).filter(
      (one) => one.seriesInstanceUID === undefined || one.seriesInstanceUID === seriesInstanceUID,
    );
    const blanks = rectangles.length > 0 && source.part10.pixelData !== undefined;
    const isFirst = this.#args.preview && !this.#shown.has(seriesInstanceUID);
    this.#shown.add(seriesInstanceUID);
    const file = blanks && !this.#args.preview ? await this.#native(source) : source.part10;
    const done = deIdentify({
      dataset: file.dataset,
      key: this.#key,
      options: this.#options,
      cleansPixels: blanks,
      ...(isFirst ? { maxChanges: MAX_CHANGES } : {}),
    });
    for (const kind of Object.keys(this.#counts) as ChangeKind[]) this.#counts[kind] += done.report.counts[kind];
    await this.#tell(file, seriesInstanceUID, done.changes, blanks);
    if (!this.#args.preview) await this.#store(file, done, blanks ? rectangles : []);
  }

  /** Compressed pixels are decoded to be blanked, where that loses nothing. */
  async #native(source: ExportSource): Promise<Part10File> {
    const { pixelData } = source.part10;
    if (pixelData === undefined || !pixelData.encapsulated) return source.part10;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of await source.explicit({ codec: this.#codec, allowLossyConversion: false, signal: this.#job.signal })) {
      bytes += chunk.length;
      if (bytes > MAX_DECODED) throw new PhosphorError('limit-exceeded', 'the image is too large to be decoded');
      chunks.push(chunk);
    }
    return readPart10(memorySource(Buffer.concat(chunks)));
  }

  async #tell(
    file: Part10File,
    seriesInstanceUID: string,
    changes: ReturnType<typeof deIdentify>['changes'],
    blanks: boolean,
  ): Promise<void> {
    for (const { kind, ...change } of changes) await this.#job.item({ kind: 'change', seriesInstanceUID, change: kind, ...change });
    for (const warning of pixelWarnings(file.dataset)) {
      if (blanks && warning.startsWith('burned-in')) continue;
      this.#warnings += 1;
      await this.#job.item({ kind: 'pixel-warning', seriesInstanceUID, sopInstanceUID: file.dataset.uid(Tag.SOPInstanceUID), warning });
    }
  }

  async #store(
    file: Part10File,
    { dataset, sopClassUID, sopInstanceUID, pseudonym }: ReturnType<typeof deIdentify>,
    rectangles: ConstructorParameters<typeof Blanking>[1],
  ): Promise<void> {
    const { transferSyntaxUID } = file.meta;
    const { bigEndian } = dataSetEncodingOf(transferSyntaxUID);
    const blanking = rectangles.length === 0 ? undefined : new Blanking(file.dataset, rectangles, bigEndian);
    const arrival = this.#context.arrivals().begin({ sopClassUID, sopInstanceUID, transferSyntaxUID }, { kind: 'import', path: '' });
    try {
      const { source, pixelData } = file;
      for await (const piece of dataSetPieces(dataset, { source, pixelData, transferSyntaxUID }, blanking)) {
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
    const original = file.dataset;
    this.#mapping ??= {
      patientID: original.string(Tag.PatientID).slice(0, 1024),
      patientName: original.string(Tag.PatientName).slice(0, 1024),
      pseudonym,
      days: this.#key.days(patientKeyOf(original)),
      studyInstanceUID: this.#args.studyInstanceUID,
      newStudyInstanceUID: dataset.uid(Tag.StudyInstanceUID),
    };
  }
}

const ENDS_JOB: ReadonlySet<string> = new Set(['storage-full', 'cancelled', 'interrupted']);
const CONFLICT = 'a copy made with other options is in the archive already; delete it first';
