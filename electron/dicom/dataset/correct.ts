import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { SourceReader } from './byte-source.ts';
import { decodeText, encodeText } from './character-sets.ts';
import { type DataElement, Dataset } from './dataset.ts';
import { type Tag, vrOf } from './dictionary.ts';
import { encodeDataset } from './encode.ts';
import type { Part10File } from './part10.ts';
import { deflated } from './re-encode.ts';
import { type Edit, ReEncoder } from './re-encoder.ts';
import { Tag as T } from './tags.ts';
import { dataSetEncodingOf, TransferSyntaxUID } from './transfer-syntaxes.ts';
import type { VR } from './vr.ts';

/** One attribute's new text; '' empties it. */
export interface Correction {
  readonly tag: Tag;
  readonly value: string;
}

/**
 * What has to be written instead so that a data set holds other values at top level, and says so in Original Attributes Sequence (0400,0561; PS3.3
 * C.12.1.1.9); undefined where nothing differs. Earlier items of that sequence stay. Throws PhosphorError `unsupported` where the character set of the data set
 * does not hold a new value and cannot be widened without touching other text.
 */
export function correctionEdits(
  { dataset, meta }: Pick<Part10File, 'dataset' | 'meta'>,
  corrections: readonly Correction[],
  { at, modifyingSystem }: { readonly at: Date; readonly modifyingSystem: string },
): Edit[] | undefined {
  const changed = corrections.filter(({ tag, value }) => dataset.string(tag) !== value);
  if (changed.length === 0) return undefined;
  const characterSet = characterSetFor(dataset, changed);
  const edits = changed.map(
    ({ tag, value }): Edit => ({ tag, element: { tag, vr: vrOf(tag), value: encodeText([value], characterSet, vrOf(tag)) } }),
  );
  if (characterSet !== characterSetOf(dataset)) {
    edits.push({ tag: T.SpecificCharacterSet, element: { tag: T.SpecificCharacterSet, vr: 'CS', value: [characterSet] } });
  }
  const before = new Dataset();
  for (const { tag } of changed) before.setElement(dataset.get(tag) ?? { tag, vr: vrOf(tag), value: [] });
  const original = Dataset.of({
    SourceOfPreviousValues: '',
    AttributeModificationDateTime: dateTime(at),
    ModifyingSystem: modifyingSystem,
    ReasonForTheAttributeModification: 'CORRECT',
    ModifiedAttributesSequence: [before],
  });
  const items = [...dataset.items(ORIGINAL_ATTRIBUTES), original];
  edits.push({ tag: ORIGINAL_ATTRIBUTES, element: encodedSequence(items, characterSet, meta.transferSyntaxUID) });
  return edits;
}

/**
 * The data set with edits, every other byte of it as it is but for the lengths of sequences and groups (see ReEncoder); pixel data pass through. Throws PhosphorError
 * `damaged`, `unsupported`.
 */
export async function* editedPieces(file: Part10File, edits: readonly Edit[]): AsyncGenerator<Uint8Array> {
  const encoding = dataSetEncodingOf(file.meta.transferSyntaxUID);
  yield* encoding.deflated ? deflated(edited(file, edits)) : edited(file, edits);
}

function* edited({ source, meta, pixelData }: Part10File, edits: readonly Edit[]): Generator<Uint8Array> {
  const encoding = dataSetEncodingOf(meta.transferSyntaxUID);
  const encoder = new ReEncoder(encoding, encoding, edits);
  const start = encoding.deflated ? 0 : meta.dataSetOffset;
  const through = function* (from: number, to: number): Generator<Uint8Array> {
    for (let at = from; at < to; at += PIECE) yield* encoder.push(source.read(at, Math.min(PIECE, to - at)));
  };
  if (pixelData === undefined || !pixelData.encapsulated) {
    yield* through(start, source.size);
  } else {
    const header = pixelData.offset - ENCAPSULATED_HEADER;
    const end = endOfFragments(source, pixelData.offset);
    yield* through(start, header);
    yield* encoder.before(T.PixelData);
    for (let at = header; at < end; at += PIECE) yield source.read(at, Math.min(PIECE, end - at));
    yield* through(end, source.size);
  }
  yield* encoder.finish();
}

const PIECE = 1024 * 1024;
/** Tag, VR, reserved bytes, length. */
const ENCAPSULATED_HEADER = 12;
const ORIGINAL_ATTRIBUTES = 0x04000561;

/** Behind the delimiter of encapsulated pixel data. */
function endOfFragments(source: Part10File['source'], offset: number): number {
  const reader = new SourceReader(source);
  for (let at = offset; at + 8 <= source.size; ) {
    const tag = reader.uint16(at, true) * 0x10000 + reader.uint16(at + 2, true);
    if (tag === T.SequenceDelimitationItem) return at + 8;
    if (tag !== T.Item) break;
    at += 8 + reader.uint32(at + 4, true);
  }
  throw new PhosphorError('damaged', 'the pixel data are cut off');
}

function characterSetOf(dataset: Dataset): string {
  return dataset.strings(T.SpecificCharacterSet).join('\\');
}

/** The data set's own, or UTF-8 where all its text is plain ASCII, which is the same in both. */
function characterSetFor(dataset: Dataset, changed: readonly Correction[]): string {
  const own = characterSetOf(dataset);
  const holds = (characterSet: string): boolean =>
    changed.every(
      ({ tag, value }) => decodeText(encodeText([value], characterSet, vrOf(tag)), characterSet, vrOf(tag)).join('\\') === value,
    );
  if (isAscii(changed.map(({ value }) => value)) || (own !== '' && own !== 'ISO_IR 6' && holds(own))) return own;
  if (isAscii(textsOf(dataset))) return 'ISO_IR 192';
  throw new PhosphorError('unsupported', 'the character set of the study does not hold the new value');
}

function isAscii(texts: Iterable<string>): boolean {
  for (const text of texts) if (/[^\t\n\f\r\x20-\x7e]/.test(text)) return false;
  return true;
}

function* textsOf(root: Dataset): Generator<string> {
  const stack = [root];
  for (let dataset = stack.pop(); dataset !== undefined; dataset = stack.pop()) {
    for (const { tag, vr, value } of dataset) {
      if (vr === 'SQ') stack.push(...dataset.items(tag));
      else if (TEXT.has(vr) && Array.isArray(value)) for (const one of value) yield String(one);
    }
  }
}

const TEXT: ReadonlySet<VR> = new Set(['LO', 'SH', 'PN', 'ST', 'LT', 'UT', 'UC']);

/** A sequence's value as bytes, for an edit. */
function encodedSequence(items: readonly Dataset[], characterSet: string, transferSyntaxUID: string): DataElement {
  const { explicitVR, bigEndian } = dataSetEncodingOf(transferSyntaxUID);
  const holder = new Dataset();
  if (characterSet !== '') holder.setElement({ tag: T.SpecificCharacterSet, vr: 'CS', value: [characterSet] });
  const plain = explicitVR
    ? bigEndian
      ? TransferSyntaxUID.ExplicitVRBigEndian
      : TransferSyntaxUID.ExplicitVRLittleEndian
    : transferSyntaxUID;
  const without = encodeDataset(holder, plain).length;
  holder.setElement({ tag: ORIGINAL_ATTRIBUTES, vr: 'SQ', value: items });
  const value = encodeDataset(holder, plain).subarray(without + (explicitVR ? 12 : 8));
  return { tag: ORIGINAL_ATTRIBUTES, vr: 'SQ', value };
}

/** DT in UTC. */
function dateTime(at: Date): string {
  return `${at
    .toISOString()
    .replace(/[-:TZ]/g, '')
    .slice(0, 18)}+0000`;
}
