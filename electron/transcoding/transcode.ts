import type { Exactness, FrameDescription } from '../../shared/codecs/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { elementHeader } from '../dicom/dataset/encode.ts';
import { type ByteSource, type Dataset, type Part10File, readFrameFragments, readPart10, Tag } from '../dicom/dataset/index.ts';
import { deflated, reEncode } from '../dicom/dataset/re-encode.ts';
import { wordBytes } from '../dicom/dataset/re-encode-vr.ts';
import { ReEncodedOutput } from '../dicom/dataset/re-encoded-output.ts';
import { type Edit, ReEncoder } from '../dicom/dataset/re-encoder.ts';
import { dataSetEncodingOf, TransferSyntaxUID } from '../dicom/dataset/transfer-syntaxes.ts';
import type { NativeFrames } from './codec-jobs.ts';
import type { CodecWorker } from './codec-worker.ts';
import { type CodestreamKind, checkExactness, codestreamKindOf, descriptionOf, pixelEdits } from './conversion.ts';

/** A Part 10 file: small pieces at once, for its header; large ones when they have been read. */
export interface TranscodeSource extends ByteSource {
  /** Exactly these bytes, or rejects. */
  fetch(offset: number, length: number): Promise<Uint8Array>;
}

export interface TranscodeOptions {
  /** One of NATIVE_TRANSFER_SYNTAXES. */
  readonly to: string;
  readonly codec: CodecWorker;
  readonly allowLossyConversion: boolean;
  readonly signal: AbortSignal;
}

/** Frames go to the codec worker in batches of about this many bytes, decoded or encoded. */
const BATCH_BYTES = 2 * 1024 * 1024;
const BATCH_FRAMES = 64;
/** Images up to this size are decoded before the first byte is given out, so that damage shows before. */
const HELD_BYTES = 2 * 1024 * 1024;
const READ_BYTES = 512 * 1024;
/** By then a codestream has told how it was compressed, nearly always and always. */
const CODESTREAM_HEAD_BYTES = 4096;
const LONGEST_CODESTREAM_HEAD = 1024 * 1024;
const LONGEST_PIXEL_DATA = 0xfffffffe;

/**
 * The data set of a file with encapsulated pixel data, decoded (PS3.5 A.4 → A.1, A.2, A.3, A.5). Resolves when nothing speaks against it any more but
 * damage in later frames of an image of more than 2 MiB, which the iteration throws. Other elements stay as ReEncoder has it; the Image Pixel
 * module says what the pixels are now, see pixelEdits.
 *
 * Rejects with PhosphorError `unsupported` (reason in the message: video, loss that is not allowed, bytes that would be ambiguous), `damaged`,
 * `limit-exceeded`, and what the codec worker says.
 */
export async function transcode(file: TranscodeSource, options: TranscodeOptions): Promise<AsyncIterable<Uint8Array>> {
  const part10 = readPart10(file);
  const { pixelData, meta } = part10;
  if (pixelData === undefined || !pixelData.encapsulated) {
    const whole = pieces(file, meta.dataSetOffset, file.size);
    return reEncode(whole, TransferSyntaxUID.ExplicitVRLittleEndian, options.to);
  }
  const image = new ImageToDecode(file, part10, options);
  await image.checkCodestreams();
  const batches = image.batches();
  const held = await heldOf(batches, image.decodedBytes);
  const [first] = held;
  if (first === undefined) throw new PhosphorError('damaged', 'the image has no frames');
  const bitsStored = Math.max(...held.map((batch) => batch.bitsStored));
  const described = { ...first, bitsStored };
  for (const batch of held) checkAlike(batch, described);
  const target = dataSetEncodingOf(options.to);
  const edits = image.edits(described);
  const pixels = pixelElement(first, image.frames, options.to);
  const encoder = new ReEncoder(dataSetEncodingOf(TransferSyntaxUID.ExplicitVRLittleEndian), target, edits);
  const before: Uint8Array[] = [];
  for await (const chunk of pieces(file, meta.dataSetOffset, pixelData.offset - PIXEL_DATA_HEADER)) before.push(...encoder.push(chunk));
  before.push(...encoder.before(Tag.PixelData), pixels.header);
  const after: Uint8Array[] = [];
  for await (const chunk of pieces(file, image.end, file.size)) after.push(...encoder.push(chunk));
  after.push(...encoder.finish());
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield* before;
    for await (const batch of joined(held, batches, described)) yield* pixels.value(batch);
    if (pixels.isOdd) yield Uint8Array.of(0);
    yield* after;
  };
  return target.deflated ? deflated(all()) : all();
}

/** Tag, VR, reserved bytes, length (PS3.5 table 7.1-1). */
const PIXEL_DATA_HEADER = 12;
const ITEM_HEADER = 8;

type Batch = NativeFrames & { readonly frames: number };

class ImageToDecode {
  readonly image: FrameDescription;
  readonly frames: number;
  /** Where the data set goes on behind the pixel data. */
  readonly end: number;
  readonly #file: TranscodeSource;
  readonly #dataset: Dataset;
  readonly #options: TranscodeOptions;
  readonly #transferSyntaxUID: string;
  readonly #kind: CodestreamKind;
  readonly #ranges: [offset: number, length: number][][];
  #isLossy = false;

  constructor(file: TranscodeSource, { dataset, pixelData, meta }: Part10File, options: TranscodeOptions) {
    this.#file = file;
    this.#dataset = dataset;
    this.#options = options;
    this.#transferSyntaxUID = meta.transferSyntaxUID;
    this.#kind = codestreamKindOf(meta.transferSyntaxUID);
    this.image = descriptionOf(dataset);
    this.frames = dataset.has(Tag.NumberOfFrames) ? (dataset.number(Tag.NumberOfFrames) ?? 0) : 1;
    if (!Number.isInteger(this.frames) || this.frames < 1) throw new PhosphorError('damaged', 'the number of frames is none');
    const extendedOffsetTable = dataset.bytes(Tag.ExtendedOffsetTable);
    const table = extendedOffsetTable === undefined ? {} : { extendedOffsetTable };
    const location = pixelData ?? { offset: 0, length: 0 };
    const found = readFrameFragments(file, location, this.frames, table);
    if (found.truncated || found.frames.some((fragments) => fragments.length === 0)) {
      throw new PhosphorError('damaged', 'the frames of the pixel data cannot all be found');
    }
    if (this.frames > 1 && (this.image.rows * this.image.columns * this.image.samplesPerPixel * this.image.bitsAllocated) % 8 !== 0) {
      throw new PhosphorError('unsupported', 'frames of single bits that do not fill their bytes are not converted');
    }
    this.#ranges = found.frames;
    this.end = found.frames.flat().reduce((last, [offset, length]) => Math.max(last, offset + length), 0) + ITEM_HEADER;
  }

  /** Of all frames, as far as the description tells. */
  get decodedBytes(): number {
    const { rows, columns, samplesPerPixel, bitsAllocated } = this.image;
    return this.frames * rows * columns * samplesPerPixel * Math.max(1, bitsAllocated / 8);
  }

  /** Every frame is looked at before the first one is decoded. */
  async checkCodestreams(): Promise<void> {
    if (this.#kind === 'exact') return;
    for (const [index, fragments] of this.#ranges.entries()) {
      if (index % BATCH_FRAMES === 0) this.#options.signal.throwIfAborted();
      const [offset, length] = fragments[0] ?? [0, 0];
      const { isLossy } = await this.#exactness(offset, length, CODESTREAM_HEAD_BYTES);
      this.#isLossy ||= isLossy;
    }
  }

  async #exactness(offset: number, length: number, bytes: number): Promise<Exactness> {
    const head = await this.#file.fetch(offset, Math.min(length, bytes));
    try {
      return checkExactness(head, this.#kind, this.#options.allowLossyConversion);
    } catch (thrown) {
      // A colour profile may stand before what tells.
      const isMore = bytes < LONGEST_CODESTREAM_HEAD && length > bytes;
      if (!(thrown instanceof PhosphorError) || thrown.kind !== 'damaged' || !isMore) throw thrown;
      return await this.#exactness(offset, length, LONGEST_CODESTREAM_HEAD);
    }
  }

  /** The frames, decoded as they are asked for. */
  async *batches(): AsyncGenerator<Batch> {
    for (let at = 0; at < this.frames; ) {
      const count = this.#batchAt(at);
      this.#options.signal.throwIfAborted();
      const frames: { fragments: Uint8Array[] }[] = [];
      for (const ranges of this.#ranges.slice(at, at + count)) {
        const fragments: Uint8Array[] = [];
        for (const [offset, length] of ranges) fragments.push(await this.#file.fetch(offset, length));
        frames.push({ fragments });
      }
      const { image } = this;
      const decoded = await this.#options.codec.run('nativeFrames', { transferSyntaxUID: this.#transferSyntaxUID, image, frames });
      yield { ...decoded, frames: count };
      at += count;
    }
  }

  edits(frames: Omit<NativeFrames, 'bytes'>): Edit[] {
    const keepsLayout = this.#transferSyntaxUID === DEFLATED_FRAMES || this.#transferSyntaxUID === UNCOMPRESSED_FRAMES;
    const { allowLossyConversion } = this.#options;
    return pixelEdits(this.#dataset, this.image, frames, { isLossy: this.#isLossy, keepsLayout, allowLossyConversion });
  }

  #batchAt(first: number): number {
    const decoded = this.decodedBytes / this.frames;
    let encoded = 0;
    let count = 0;
    while (count < BATCH_FRAMES && first + count < this.frames) {
      encoded += (this.#ranges[first + count] ?? []).reduce((sum, [, length]) => sum + length, 0);
      if (count > 0 && (encoded > BATCH_BYTES || (count + 1) * decoded > BATCH_BYTES)) break;
      count += 1;
    }
    return count;
  }
}

const UNCOMPRESSED_FRAMES = '1.2.840.10008.1.2.1.98';
const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1';

/** All batches of an image that may be held, else its first one. */
async function heldOf(batches: AsyncGenerator<Batch>, decodedBytes: number): Promise<Batch[]> {
  const held: Batch[] = [];
  do {
    const { value, done } = await batches.next();
    if (done === true) break;
    held.push(value);
  } while (decodedBytes <= HELD_BYTES);
  return held;
}

async function* joined(held: readonly Batch[], rest: AsyncIterable<Batch>, described: Omit<NativeFrames, 'bytes'>): AsyncGenerator<Batch> {
  yield* held;
  for await (const batch of rest) {
    checkAlike(batch, described);
    yield batch;
  }
}

/** The header is written for all of them. */
function checkAlike(batch: Batch, described: Omit<NativeFrames, 'bytes'>): void {
  const { photometricInterpretation, bitsAllocated, bitsStored } = described;
  if (
    batch.photometricInterpretation === photometricInterpretation &&
    batch.bitsAllocated === bitsAllocated &&
    batch.bitsStored <= bitsStored
  ) {
    return;
  }
  throw new PhosphorError('damaged', 'the frames differ in colour space or depth');
}

interface PixelElement {
  readonly header: Uint8Array;
  readonly isOdd: boolean;
  value(batch: Batch): Uint8Array[];
}

/** Native Pixel Data: OW above 8 bits, else OB (PS3.5 A.2); OW where nobody says (A.1). */
function pixelElement(first: Batch, frames: number, to: string): PixelElement {
  const encoding = dataSetEncodingOf(to);
  const frameBytes = first.bytes.length / first.frames;
  const length = frameBytes * frames;
  if (length > LONGEST_PIXEL_DATA) throw new PhosphorError('limit-exceeded', 'the image is longer than uncompressed pixel data can be');
  const vr = first.bitsAllocated > 8 ? 'OW' : 'OB';
  const unit = encoding.bigEndian ? wordBytes(Tag.PixelData, vr, length, { bitsAllocated: first.bitsAllocated }) : 1;
  return {
    header: elementHeader(Tag.PixelData, vr, length + (length % 2), encoding),
    isOdd: length % 2 === 1,
    value(batch) {
      if (batch.bytes.length !== frameBytes * batch.frames) throw new PhosphorError('damaged', 'the frames differ in size');
      const out = new ReEncodedOutput();
      out.value(batch.bytes, unit);
      return out.take();
    },
  };
}

async function* pieces(file: TranscodeSource, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += READ_BYTES) yield await file.fetch(at, Math.min(READ_BYTES, end - at));
}
