import type { DeIdentificationChoice, PseudonymMapping } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import {
  BASIC_PROFILE,
  Blanking,
  type DeIdentificationOptions,
  type DeIdentified,
  dataSetPieces,
  deIdentify,
  ProjectKey,
  patientKeyOf,
} from '../dicom/dataset/de-identification/index.ts';
import { memorySource, type Part10File, readPart10, Tag } from '../dicom/dataset/index.ts';
import { dataSetEncodingOf } from '../dicom/dataset/transfer-syntaxes.ts';
import { type CodecWorker, createCodecWorker } from '../transcoding/index.ts';
import type { ExportSource } from './export-source.ts';

/** An image that is decoded to be blanked is held as a whole. */
const MAX_DECODED = 1024 * 1024 * 1024;

/** An instance without identity, its pieces not yet read. */
interface Copy {
  /** What it was made of: the stored file, or that with its pixels decoded. */
  readonly file: Part10File;
  readonly done: DeIdentified;
  readonly pieces: AsyncGenerator<Uint8Array>;
  /** Rectangles of it are black. */
  readonly blanks: boolean;
}

/** Takes the identity out of stored instances, one after the other, by one project and one choice of options. */
export class InstanceDeIdentifier {
  readonly #key: ProjectKey;
  readonly #options: DeIdentificationOptions;
  readonly #blank: NonNullable<DeIdentificationChoice['blank']>;
  readonly #signal: AbortSignal;
  readonly #codec: CodecWorker = createCodecWorker();

  constructor({
    project,
    secret,
    options,
    signal,
  }: {
    readonly project: string;
    /** As hex. */
    readonly secret: string;
    readonly options: DeIdentificationChoice;
    readonly signal: AbortSignal;
  }) {
    this.#key = new ProjectKey(project, Buffer.from(secret, 'hex'));
    const { blank = [], ...chosen } = options;
    const defined = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
    this.#options = { ...BASIC_PROFILE, ...defined };
    this.#blank = blank;
    this.#signal = signal;
  }

  /** `preview`: pixels are left as they are. Rejects with PhosphorError `damaged`, `unsupported` (pixels that cannot be blanked without loss), `limit-exceeded`. */
  async of(
    source: ExportSource,
    { preview = false, maxChanges = 0 }: { readonly preview?: boolean; readonly maxChanges?: number },
  ): Promise<Copy> {
    const stored = source.part10;
    const series = stored.dataset.uid(Tag.SeriesInstanceUID);
    const rectangles = this.#blank.filter(({ seriesInstanceUID }) => seriesInstanceUID === undefined || seriesInstanceUID === series);
    const blanks = rectangles.length > 0 && stored.pixelData !== undefined;
    const file = blanks && !preview ? await this.#native(source) : stored;
    const done = deIdentify({ dataset: file.dataset, key: this.#key, options: this.#options, cleansPixels: blanks, maxChanges });
    const { transferSyntaxUID } = file.meta;
    const { bigEndian } = dataSetEncodingOf(transferSyntaxUID);
    const blanking = blanks && !preview ? new Blanking(file.dataset, rectangles, bigEndian) : undefined;
    const pieces = dataSetPieces(done.dataset, { source: file.source, pixelData: file.pixelData, transferSyntaxUID }, blanking);
    return { file, done, pieces, blanks };
  }

  mappingOf({ dataset }: Part10File, { dataset: copy, pseudonym }: DeIdentified): PseudonymMapping {
    return {
      patientID: dataset.string(Tag.PatientID).slice(0, 1024),
      patientName: dataset.string(Tag.PatientName).slice(0, 1024),
      pseudonym,
      days: this.#key.days(patientKeyOf(dataset)),
      studyInstanceUID: dataset.uid(Tag.StudyInstanceUID),
      newStudyInstanceUID: copy.uid(Tag.StudyInstanceUID),
    };
  }

  close(): Promise<void> {
    return this.#codec.close();
  }

  /** Compressed pixels are decoded to be blanked, where that loses nothing. */
  async #native(source: ExportSource): Promise<Part10File> {
    if (source.part10.pixelData?.encapsulated !== true) return source.part10;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of await source.explicit({ codec: this.#codec, allowLossyConversion: false, signal: this.#signal })) {
      bytes += chunk.length;
      if (bytes > MAX_DECODED) throw new PhosphorError('limit-exceeded', 'the image is too large to be decoded');
      chunks.push(chunk);
    }
    return readPart10(memorySource(Buffer.concat(chunks)));
  }
}
