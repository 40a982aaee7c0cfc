import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { ImportedItem } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { elementHeader } from '../dicom/dataset/encode.ts';
import { type ByteSource, type DataElement, Dataset, encodeDataset, Tag, TransferSyntaxUID, tagOf } from '../dicom/dataset/index.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { locateInstance } from './layout.ts';
import { headerOf, identityFrom, newUID, now } from './new-instance.ts';
import { instancesOfStudy } from './study-instances.ts';
import { wrapJPEG } from './wrap-jpeg.ts';
import { wrapMP4 } from './wrap-mp4.ts';
import { wrapMPEG2 } from './wrap-mpeg2.ts';
import { wrapPDF } from './wrap-pdf.ts';
import { wrapPNG } from './wrap-png.ts';

export interface WrapArgs {
  readonly studyInstanceUID: string;
  readonly paths: readonly string[];
  readonly endoscopic: boolean;
}

export interface WrapSummary {
  readonly wrapped: number;
  readonly refused: number;
  readonly bytes: number;
  readonly patientID: string;
}

/** A foreign file as an instance: what its own modules say, and where its bytes go. */
export interface Wrapped {
  readonly sopClassUID: string;
  readonly transferSyntaxUID: string;
  readonly modality: string;
  readonly attributes: Dataset;
  readonly content:
    | { readonly kind: 'pixels'; readonly bytes: Uint8Array }
    /** The whole file, as the one fragment of encapsulated pixel data. */
    | { readonly kind: 'fragment' }
    /** The whole file, as Encapsulated Document (0042,0011). */
    | { readonly kind: 'document' };
}

/** What the wrappers work with: the file, and what a person calls it. */
export interface ForeignFile {
  readonly source: ByteSource;
  /** Its name without folder and ending. */
  readonly title: string;
  readonly endoscopic: boolean;
}

const PIECE = 1024 * 1024;
/** The longest value that has a length (PS3.5 §7.1.1). */
const LONGEST = 0xfffffffe;

/**
 * Wraps files that are not DICOM as new instances of a study that is here: PDF, JPEG, PNG, MP4, MPEG-2, known by their first bytes. Patient and study are those of the
 * study's first instance; each kind of file makes a series of its own. Each file ends as one item. Rejects with PhosphorError `not-found`,
 * `cancelled`, and what the disk says.
 */
export async function wrapFiles(context: JobContext, args: WrapArgs, job: JobReporter<ImportedItem>): Promise<WrapSummary> {
  const [first = ''] = instancesOfStudy(context.location, args.studyInstanceUID);
  const template = await headerOf(locateInstance(context.location, first));
  const wrapping = new Wrapping(context, template);
  const summary = { wrapped: 0, refused: 0, bytes: 0 };
  for (const file of args.paths) {
    job.check();
    try {
      const { sopInstanceUID, bytes } = await wrapping.add(file, args.endoscopic);
      summary.wrapped += 1;
      summary.bytes += bytes;
      await job.item({ kind: 'file', path: file, result: 'imported', sopInstanceUID });
    } catch (thrown) {
      const error = toErrorData(thrown);
      if (ENDS_JOB.has(error.kind)) throw thrown;
      summary.refused += 1;
      await job.item({ kind: 'file', path: file, result: 'refused', error });
    }
    job.progress({ done: summary.wrapped + summary.refused, total: args.paths.length, bytes: summary.bytes });
  }
  return { ...summary, patientID: template.string(Tag.PatientID).slice(0, 64) };
}

const ENDS_JOB: ReadonlySet<string> = new Set(['storage-full', 'cancelled', 'interrupted']);

class Wrapping {
  readonly #context: JobContext;
  readonly #template: Dataset;
  readonly #series = new Map<string, { readonly uid: string; readonly number: number; instances: number }>();

  constructor(context: JobContext, template: Dataset) {
    this.#context = context;
    this.#template = template;
  }

  async add(file: string, endoscopic: boolean): Promise<{ sopInstanceUID: string; bytes: number }> {
    const handle = await open(file, 'r').catch((thrown: unknown) => {
      throw unreadable(thrown);
    });
    try {
      const source = await sourceOf(handle);
      const title = path
        .parse(file)
        .name.replace(/[\\\p{Cc}]/gu, ' ')
        .trim()
        .slice(0, 64);
      const wrapped = await recognise({ source, title, endoscopic });
      return await this.#store(wrapped, source);
    } finally {
      await handle.close();
    }
  }

  async #store(wrapped: Wrapped, source: ByteSource): Promise<{ sopInstanceUID: string; bytes: number }> {
    const { sopClassUID, transferSyntaxUID } = wrapped;
    const sopInstanceUID = newUID();
    const dataset = this.#dataset(wrapped, sopInstanceUID);
    const arrival = this.#context.arrivals().begin({ sopClassUID, sopInstanceUID, transferSyntaxUID }, { kind: 'import', path: '' });
    try {
      for (const piece of pieces(dataset, wrapped, source)) await arrival.write(piece);
    } catch (thrown) {
      await arrival.abort();
      throw thrown;
    }
    const { dataSetBytes } = await arrival.finish();
    return { sopInstanceUID, bytes: dataSetBytes };
  }

  #dataset({ attributes, modality, sopClassUID }: Wrapped, sopInstanceUID: string): Dataset {
    const dataset = identityFrom(this.#template);
    const { date, time } = now();
    const key = `${sopClassUID} ${modality}`;
    const series = this.#series.get(key) ?? { uid: newUID(), number: 9001 + this.#series.size, instances: 0 };
    series.instances += 1;
    this.#series.set(key, series);
    const own = Dataset.of({
      SOPClassUID: sopClassUID,
      SOPInstanceUID: sopInstanceUID,
      InstanceCreationDate: date,
      InstanceCreationTime: time,
      Modality: modality,
      SeriesInstanceUID: series.uid,
      SeriesNumber: series.number,
      SeriesDate: date,
      SeriesTime: time,
      InstanceNumber: series.instances,
      ContentDate: date,
      ContentTime: time,
      Manufacturer: '',
      Laterality: '',
    });
    if (modality === 'DOC') own.delete(tagOf('Laterality') ?? 0);
    for (const element of [...own, ...attributes]) dataset.setElement(element);
    if (!dataset.has(Tag.SpecificCharacterSet)) withCharacterSet(dataset);
    return dataset;
  }
}

/** A file's name may need more than the study has; plain ASCII is the same in UTF-8. */
function withCharacterSet(dataset: Dataset): void {
  const isPlain = (element: DataElement): boolean =>
    !Array.isArray(element.value) || !element.value.some((one) => typeof one === 'string' && /[^\x20-\x7e]/.test(one));
  if (!dataset.elements().every(isPlain)) dataset.set('SpecificCharacterSet', 'ISO_IR 192');
}

async function recognise(file: ForeignFile): Promise<Wrapped> {
  if (file.source.size > LONGEST) throw new PhosphorError('limit-exceeded', 'the file is longer than a value can be');
  const head = Buffer.from(file.source.read(0, 1024));
  if (head.includes('%PDF-')) return wrapPDF(file);
  if (head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return wrapJPEG(file);
  if (head.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return wrapPNG(file);
  if (head.toString('latin1', 4, 8) === 'ftyp') return wrapMP4(file);
  if (isMPEG2(head)) return wrapMPEG2(file);
  throw new PhosphorError('unsupported', 'neither PDF, JPEG, PNG, MP4 nor MPEG-2');
}

/** A sequence header or a pack header. */
function isMPEG2(head: Buffer): boolean {
  return head.length > 4 && head.readUIntBE(0, 3) === 1 && (head[3] === 0xb3 || head[3] === 0xba);
}

function* pieces(dataset: Dataset, { content, transferSyntaxUID }: Wrapped, source: ByteSource): Generator<Uint8Array> {
  const explicit = { explicitVR: true, bigEndian: false };
  const tag = content.kind === 'document' ? DOCUMENT : Tag.PixelData;
  // In ascending order: the document stands among the others, pixels behind them.
  const [before, after] = [new Dataset(), new Dataset()];
  for (const element of dataset) (element.tag < tag ? before : after).setElement(element);
  yield encodeDataset(before, TransferSyntaxUID.ExplicitVRLittleEndian);
  const odd = source.size % 2;
  if (content.kind === 'pixels') {
    const vr = dataset.number(Tag.BitsAllocated) === 16 ? 'OW' : 'OB';
    yield elementHeader(tag, vr, content.bytes.length + (content.bytes.length % 2), explicit);
    yield content.bytes;
    yield new Uint8Array(content.bytes.length % 2);
  } else {
    if (content.kind === 'document') yield elementHeader(tag, 'OB', source.size + odd, explicit);
    else {
      yield elementHeader(tag, 'OB', 0xffffffff, explicit);
      yield item(Tag.Item, 0);
      yield item(Tag.Item, source.size + odd);
    }
    for (let at = 0; at < source.size; at += PIECE) yield source.read(at, Math.min(PIECE, source.size - at));
    yield new Uint8Array(odd);
    if (content.kind === 'fragment') yield item(Tag.SequenceDelimitationItem, 0);
  }
  if (after.size > 0) yield encodeDataset(after, transferSyntaxUID);
}

const DOCUMENT = 0x00420011;

function item(tag: number, length: number): Uint8Array {
  return elementHeader(tag, 'UN', length, { explicitVR: false, bigEndian: false });
}

async function sourceOf(handle: FileHandle): Promise<ByteSource> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new PhosphorError('unsupported', 'not a file');
  const { size } = stat;
  return {
    size,
    read(offset, length) {
      const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)));
      try {
        const read = readSync(handle.fd, buffer, 0, buffer.length, offset);
        if (read < buffer.length) throw new PhosphorError('damaged', 'the file became shorter while it was read');
      } catch (thrown) {
        throw unreadable(thrown);
      }
      return buffer;
    },
  };
}

function unreadable(thrown: unknown): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = systemCode(thrown);
  return new PhosphorError(code === 'ENOENT' ? 'not-found' : 'unreadable', 'the file cannot be read', code === undefined ? {} : { code });
}
