import zlib from 'node:zlib';
import { PhosphorError, systemCode } from '../../../shared/contract/phosphor-error.ts';
import { type ByteSource, memorySource, SourceReader } from './byte-source.ts';
import { characterSetOr } from './character-sets.ts';
import { BulkReference, Dataset, Fragments } from './dataset.ts';
import { isPrivate, isSignDependent, type Tag, vrOf } from './dictionary.ts';
import { type ElementHeader, type Encoding, IMPLICIT_LITTLE, readElementHeader, readTag, UNDEFINED_LENGTH } from './element-header.ts';
import { type DatasetLimits, exceeded, limitsFrom } from './limits.ts';
import { Tag as T } from './tags.ts';
import { dataSetEncodingOf } from './transfer-syntaxes.ts';
import { decodeValue } from './values.ts';
import type { VR } from './vr.ts';

/**
 * Reads a whole data set (PS3.5 §7) into memory: implicit, explicit, big endian, deflated; sequences and items of defined and undefined
 * length at any depth up to the limit. Byte values are views of `bytes`. Throws PhosphorError `damaged` or `limit-exceeded`, nothing else.
 */
export function decodeDataset(
  bytes: Uint8Array,
  transferSyntaxUID: string,
  limits?: Partial<DatasetLimits>,
  fallbackCharacterSet = '',
): Dataset {
  const encoding = dataSetEncodingOf(transferSyntaxUID);
  const bounds = limitsFrom(limits);
  const plain = encoding.deflated ? inflate(bytes, bounds.inflatedBytes) : bytes;
  return readDataset(memorySource(plain), 0, encoding, bounds, { fallbackCharacterSet }).dataset;
}

export interface ReadOptions {
  /** Values longer than this stay where they are, as BulkReference. Default: none do. */
  readonly bulkAbove?: number;
  /** Values of these tags stay where they are already when longer than a KiB: lookup tables, overlays. */
  readonly leaveInSource?: (tag: Tag) => boolean;
  /** Stop at (top level) pixel data and tell where it is, instead of reading it. */
  readonly stopAtPixelData?: boolean;
  /** A data set that ends too early gives what there is, with `truncated`, instead of throwing. */
  readonly tolerant?: boolean;
  /** Specific Character Set of data sets that declare none, or none that is known. Default: none. */
  readonly fallbackCharacterSet?: string;
  /** Tag before which to stop at top level (used for the File Meta Information). */
  readonly stopBefore?: (tag: Tag) => boolean;
}

export interface ReadResult {
  readonly dataset: Dataset;
  /** Header of the pixel data element that reading stopped at. */
  readonly pixelData: ElementHeader | undefined;
  readonly truncated: boolean;
  /** Where reading stopped. */
  readonly offset: number;
}

/** One open item (or the data set itself) or one open sequence. No recursion: the depth of a data set cannot overflow the stack. */
interface Level {
  readonly kind: 'item' | 'sequence' | 'fragments';
  /** The data set being filled; for a sequence the one that will get it. */
  readonly dataset: Dataset;
  /** The element that a sequence level reads. */
  readonly header: ElementHeader | undefined;
  readonly items: Dataset[];
  readonly ranges: BulkReference[];
  /** Absolute end; of an undefined length, the end of what encloses it. */
  readonly end: number;
  readonly undefinedLength: boolean;
  readonly encoding: Encoding;
  characterSet: string;
}

/** The walker behind every reader of data sets. */
export function readDataset(
  source: ByteSource,
  offset: number,
  encoding: Encoding,
  limits: DatasetLimits,
  options: ReadOptions = {},
): ReadResult {
  const walk = new Walk(source, encoding, limits, options, offset);
  let truncated = false;
  try {
    while (walk.step());
  } catch (error) {
    if (options.tolerant !== true || !(error instanceof PhosphorError) || error.kind !== 'damaged') throw error;
    truncated = true;
    walk.closeAll();
  }
  return { dataset: walk.root, pixelData: walk.pixelData, truncated: truncated || walk.truncated, offset: walk.at };
}

class Walk {
  readonly root = new Dataset();
  pixelData: ElementHeader | undefined;
  truncated = false;
  at: number;
  readonly #reader: SourceReader;
  readonly #limits: DatasetLimits;
  readonly #options: ReadOptions;
  readonly #levels: Level[];
  #elements = 0;

  constructor(source: ByteSource, encoding: Encoding, limits: DatasetLimits, options: ReadOptions, offset: number) {
    this.#reader = new SourceReader(source);
    this.#limits = limits;
    this.#options = options;
    this.at = offset;
    this.#levels = [
      {
        kind: 'item',
        dataset: this.root,
        header: undefined,
        items: [],
        ranges: [],
        end: source.size,
        undefinedLength: false,
        encoding,
        characterSet: options.fallbackCharacterSet ?? '',
      },
    ];
  }

  /** Takes in one element, item or delimiter; false when the data set is complete. */
  step(): boolean {
    const level = this.#levels.at(-1);
    if (level === undefined) return false;
    if (this.at >= level.end) {
      if (level.undefinedLength) throw new PhosphorError('damaged', 'a sequence or item is not closed');
      this.#close();
      return this.#levels.length > 0;
    }
    this.#elements += 1;
    if (this.#elements > this.#limits.elements) throw exceeded('many elements');
    return level.kind === 'item' ? this.#element(level) : this.#item(level);
  }

  /** Gives every open sequence what was read of it (truncated data). */
  closeAll(): void {
    while (this.#levels.length > 0) this.#close();
  }

  #element(level: Level): boolean {
    if (level.dataset === this.root && this.#options.stopBefore !== undefined) {
      const next = readTag(this.#reader, this.at, !level.encoding.bigEndian);
      if (this.#options.stopBefore(next)) return this.#finish();
    }
    const header = readElementHeader(this.#reader, this.at, level.end, level.encoding);
    if (header.tag === T.ItemDelimitationItem || header.tag === T.SequenceDelimitationItem) return this.#delimiter(level, header);
    if (level.dataset === this.root && this.#options.stopAtPixelData === true && isPixelData(header.tag)) {
      this.pixelData = header;
      return this.#finish();
    }
    if (header.length === UNDEFINED_LENGTH || header.vr === 'SQ') {
      this.#open(level, header);
      return true;
    }
    if (header.valueOffset + header.length > level.end) throw new PhosphorError('damaged', 'an element is longer than what holds it');
    this.#value(level, header);
    this.at = header.valueOffset + header.length;
    return true;
  }

  #value(level: Level, header: ElementHeader): void {
    if (level.dataset.has(header.tag)) return;
    const { tag, length, valueOffset } = header;
    const { vr, bigEndian } = knownForm(header, level);
    if (this.#staysInSource(tag, length)) {
      level.dataset.setElement({ tag, vr, value: new BulkReference(valueOffset, length) });
      return;
    }
    if (length > this.#limits.valueBytes) throw exceeded('long a value');
    const bytes = this.#reader.keep(valueOffset, length);
    const value = decodeValue(bytes, vr, bigEndian, level.characterSet);
    level.dataset.setElement({ tag, vr, value });
    if (tag === T.SpecificCharacterSet && vr === 'CS') {
      level.characterSet = characterSetOr(level.dataset.strings(tag).join('\\'), this.#options.fallbackCharacterSet ?? '');
    }
  }

  #staysInSource(tag: Tag, length: number): boolean {
    const { bulkAbove = Number.POSITIVE_INFINITY, leaveInSource } = this.#options;
    if (leaveInSource?.(tag) === true) return length > KEPT_ANYWAY;
    return length > bulkAbove && !isLookupTable(tag, length);
  }

  /** Opens a sequence, or the fragments of encapsulated pixel data. UN of undefined length holds implicit VR little endian (PS3.5 §6.2.2). */
  #open(level: Level, header: ElementHeader): void {
    const undefinedLength = header.length === UNDEFINED_LENGTH;
    const end = undefinedLength ? level.end : header.valueOffset + header.length;
    if (end > level.end) throw new PhosphorError('damaged', 'a sequence is longer than what holds it');
    const fragments = undefinedLength && (header.vr === 'OB' || header.vr === 'OW');
    this.#push({
      kind: fragments ? 'fragments' : 'sequence',
      dataset: level.dataset,
      header,
      items: [],
      ranges: [],
      end,
      undefinedLength,
      encoding: header.vr === 'UN' ? IMPLICIT_LITTLE : level.encoding,
      characterSet: level.characterSet,
    });
    this.at = header.valueOffset;
  }

  #item(level: Level): boolean {
    const little = !level.encoding.bigEndian;
    const tag = readTag(this.#reader, this.at, little);
    const length = this.#reader.uint32(this.at + 4, little);
    const start = this.at + 8;
    if (tag === T.SequenceDelimitationItem) {
      this.at = start;
      this.#close();
      return true;
    }
    if (tag !== T.Item) throw new PhosphorError('damaged', 'a sequence holds something that is not an item');
    const undefinedLength = length === UNDEFINED_LENGTH;
    const end = undefinedLength ? level.end : start + length;
    if (end > level.end) throw new PhosphorError('damaged', 'an item is longer than its sequence');
    this.at = start;
    if (level.kind === 'fragments') {
      if (undefinedLength) throw new PhosphorError('damaged', 'a fragment has no length');
      level.ranges.push(new BulkReference(start, length));
      this.at = end;
      return true;
    }
    const dataset = new Dataset();
    level.items.push(dataset);
    const { encoding, characterSet } = level;
    this.#push({ kind: 'item', dataset, header: undefined, items: [], ranges: [], end, undefinedLength, encoding, characterSet });
    return true;
  }

  /** A delimiter where an element was expected: closes the item, and for a missing item delimiter its sequence too. */
  #delimiter(level: Level, header: ElementHeader): boolean {
    if (level.dataset === this.root) throw new PhosphorError('damaged', 'a delimiter outside any sequence');
    this.#close();
    if (header.tag === T.ItemDelimitationItem) this.at = header.valueOffset;
    return true;
  }

  #push(level: Level): void {
    if (this.#levels.length > this.#limits.depth * 2) throw exceeded('many levels');
    this.#levels.push(level);
  }

  #close(): void {
    const level = this.#levels.pop();
    if (level?.header === undefined || level.dataset.has(level.header.tag)) return;
    const { tag } = level.header;
    if (level.kind === 'fragments') level.dataset.setElement({ tag, vr: level.header.vr, value: new Fragments(level.ranges) });
    else level.dataset.setElement({ tag, vr: 'SQ', value: level.items });
  }

  #finish(): boolean {
    this.closeAll();
    return false;
  }
}

/**
 * The VR to read a value by. A standard element that came as UN, because some relay did not know it, is read by the dictionary, in little
 * endian (PS3.5 §6.2.2); `US or SS` of an implicit data set follows Pixel Representation (descriptors excepted: their first value is a count).
 */
function knownForm({ tag, vr }: ElementHeader, { encoding, dataset }: Level): { vr: VR; bigEndian: boolean } {
  const { explicitVR, bigEndian } = encoding;
  if (vr === 'UN' && !isPrivate(tag)) {
    const known = vrOf(tag);
    return known === 'SQ' || known === 'UN' ? { vr, bigEndian } : { vr: known, bigEndian: false };
  }
  const signed = !explicitVR && vr === 'US' && isSignDependent(tag) && !isDescriptor(tag) && dataset.number(T.PixelRepresentation) === 1;
  return { vr: signed ? 'SS' : vr, bigEndian };
}

function isDescriptor(tag: Tag): boolean {
  return (tag >= T.RedPaletteColorLookupTableDescriptor && tag <= 0x00281113) || tag === 0x00283002;
}

function isPixelData(tag: Tag): boolean {
  return tag === T.PixelData || tag === T.FloatPixelData || tag === T.DoubleFloatPixelData;
}

/** Values of `leaveInSource` up to this length are read all the same. */
const KEPT_ANYWAY = 1024;

/** Lookup tables are small, and a viewer needs them with the header: never left as bulk. */
function isLookupTable(tag: Tag, length: number): boolean {
  return length <= 256 * 1024 && ((tag >= 0x00281101 && tag <= 0x00281223) || tag === 0x00283006);
}

/** Inflates a raw deflate stream (PS3.5 A.5); a stream that ends early gives what there is. Throws `damaged` or `limit-exceeded`. */
export function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return zlib.inflateRawSync(bytes, { maxOutputLength: maxBytes, finishFlush: zlib.constants.Z_SYNC_FLUSH });
  } catch (error) {
    if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') throw exceeded('many bytes when inflated');
    throw new PhosphorError('damaged', 'the deflated data set cannot be inflated');
  }
}
