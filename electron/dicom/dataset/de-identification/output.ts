import { type ByteSource, SourceReader } from '../byte-source.ts';
import { BulkReference, type DataElement, Dataset, Fragments } from '../dataset.ts';
import type { Encoding } from '../element-header.ts';
import { UNDEFINED_LENGTH } from '../element-header.ts';
import { elementHeader } from '../encode.ts';
import type { PixelDataLocation } from '../part10.ts';
import { deflated } from '../re-encode.ts';
import { fittingVR } from '../re-encode-vr.ts';
import { ReEncodedOutput } from '../re-encoded-output.ts';
import { Tag as T } from '../tags.ts';
import { dataSetEncodingOf } from '../transfer-syntaxes.ts';
import { encodeValue } from '../values.ts';
import type { Blanking } from './blanking.ts';

/** Bytes of a data set to be written: in memory, or a range of the file that was read. */
export type Part = Uint8Array | BulkReference;

const PIECE = 1024 * 1024;

/**
 * A data set in the transfer syntax that it was read in, with the pixel data of the file as they are, or with rectangles blanked. Holds one piece of pixels at a
 * time. Nothing that followed the pixel data is written: signatures of what was, padding, private groups. Cut off pixel data end where they end.
 */
export async function* dataSetPieces(
  dataset: Dataset,
  file: { readonly source: ByteSource; readonly pixelData: PixelDataLocation | undefined; readonly transferSyntaxUID: string },
  blanking?: Blanking,
): AsyncGenerator<Uint8Array> {
  const encoding = dataSetEncodingOf(file.transferSyntaxUID);
  const parts = [...partsOf(dataset, encoding), ...(file.pixelData === undefined ? [] : pixelParts(file.source, file.pixelData, encoding))];
  const pixels = file.pixelData?.encapsulated === true ? undefined : file.pixelData;
  const pieces = read(parts, file.source, pixels, blanking);
  yield* encoding.deflated ? deflated(pieces) : pieces;
}

function* read(
  parts: readonly Part[],
  source: ByteSource,
  pixels: PixelDataLocation | undefined,
  blanking: Blanking | undefined,
): Generator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      yield part;
      continue;
    }
    const isPixels = part.offset === pixels?.offset;
    for (let at = 0; at < part.length; at += PIECE) {
      const piece = source.read(part.offset + at, Math.min(PIECE, part.length - at));
      yield isPixels && blanking !== undefined ? blanking.apply(piece, at) : piece;
    }
  }
}

interface Open {
  readonly elements: Iterator<DataElement>;
  readonly characterSet: string;
  /** Items of the sequence that this one is in, still to be written. */
  readonly rest: Dataset[];
}

/** Sequences and items get undefined lengths (PS3.5 §7.5), so that nothing has to be measured before. */
function partsOf(dataset: Dataset, encoding: Encoding): Part[] {
  const out = new ReEncodedOutput();
  const parts: Part[] = [];
  const stack: Open[] = [open(dataset, '', [])];
  for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
    const { value: element, done } = level.elements.next();
    if (done !== true) {
      const items = element.vr === 'SQ' ? [...itemsOf(element)] : [];
      if (element.vr !== 'SQ') writeValue(element, level.characterSet, encoding, out, parts);
      else out.header(element.tag, 'SQ', items.length === 0 ? 0 : UNDEFINED_LENGTH, encoding);
      const first = items.shift();
      if (first !== undefined) begin(first, level.characterSet, items);
      continue;
    }
    stack.pop();
    const parent = stack.at(-1);
    if (parent === undefined) break;
    out.item(T.ItemDelimitationItem, 0, encoding.bigEndian);
    const next = level.rest.shift();
    if (next !== undefined) begin(next, parent.characterSet, level.rest);
    else out.item(T.SequenceDelimitationItem, 0, encoding.bigEndian);
  }
  return [...parts, ...out.take()];

  function begin(item: Dataset, inherited: string, rest: Dataset[]): void {
    out.item(T.Item, UNDEFINED_LENGTH, encoding.bigEndian);
    stack.push(open(item, inherited, rest));
  }
}

function open(dataset: Dataset, inherited: string, rest: Dataset[]): Open {
  const own = dataset.has(T.SpecificCharacterSet) ? dataset.strings(T.SpecificCharacterSet).join('\\') : inherited;
  return { elements: dataset[Symbol.iterator](), characterSet: own, rest };
}

function* itemsOf({ value }: DataElement): Generator<Dataset> {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  for (const item of items) if (item instanceof Dataset) yield item;
}

function writeValue(element: DataElement, characterSet: string, encoding: Encoding, out: ReEncodedOutput, parts: Part[]): void {
  const { tag, vr, value } = element;
  if (value instanceof BulkReference) {
    const odd = value.length % 2;
    out.header(tag, encoding.explicitVR ? fittingVR(vr, value.length + odd) : vr, value.length + odd, encoding);
    parts.push(...out.take(), value);
    if (odd === 1) out.value(Uint8Array.of(0), 1);
  } else if (value instanceof Fragments) {
    out.header(tag, vr, UNDEFINED_LENGTH, encoding);
    for (const fragment of value.items) {
      out.item(T.Item, fragment.length, encoding.bigEndian);
      parts.push(...out.take(), fragment);
    }
    out.item(T.SequenceDelimitationItem, 0, encoding.bigEndian);
  } else {
    const bytes = encodeValue(element, encoding.bigEndian, characterSet) ?? new Uint8Array(0);
    out.header(tag, encoding.explicitVR ? fittingVR(vr, bytes.length) : vr, bytes.length, encoding);
    out.value(bytes, 1);
  }
}

function pixelParts(source: ByteSource, pixels: PixelDataLocation, encoding: Encoding): Part[] {
  const { vr, offset, length } = pixels;
  const tag = vr === 'OF' ? T.FloatPixelData : vr === 'OD' ? T.DoubleFloatPixelData : T.PixelData;
  if (!pixels.encapsulated) {
    const header = elementHeader(tag, vr, length + (length % 2), encoding);
    return [header, new BulkReference(offset, length), new Uint8Array(length % 2)];
  }
  const parts: Part[] = [elementHeader(tag, vr, UNDEFINED_LENGTH, encoding)];
  const reader = new SourceReader(source);
  let at = offset;
  while (at + 8 <= source.size && reader.uint16(at, true) === 0xfffe && reader.uint16(at + 2, true) === 0xe000) {
    const end = at + 8 + reader.uint32(at + 4, true);
    if (end > source.size) break;
    at = end;
  }
  const delimiter = new ReEncodedOutput();
  delimiter.item(T.SequenceDelimitationItem, 0, false);
  return [...parts, new BulkReference(offset, at - offset), ...delimiter.take()];
}
