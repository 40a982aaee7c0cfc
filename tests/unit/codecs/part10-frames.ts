import { inflateRawSync } from 'node:zlib';
import type { FrameDescription } from '../../../shared/codecs/index.ts';

export interface TestFile {
  readonly transferSyntaxUID: string;
  readonly image: FrameDescription;
  /** Fragments of each frame; native frames have one piece each. */
  readonly frames: { fragments: Uint8Array[]; bitOffset: number }[];
}

/**
 * Frames of a Part 10 file, for tests of the decoders only: trusts the file's structure and keeps to the top level of the data set.
 */
export function readFrames(file: Uint8Array): TestFile {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = view.getUint32(128) === 0x4449434d ? 132 : 0;
  let transferSyntaxUID = '1.2.840.10008.1.2';
  while (at + 8 <= file.length && view.getUint16(at, true) === 2) {
    const element = header(view, at, true, true);
    const value = file.subarray(element.value, element.value + element.length);
    if (view.getUint16(at + 2, true) === 0x10) transferSyntaxUID = text(value);
    at = element.value + element.length;
  }
  let body = file.subarray(at);
  if (transferSyntaxUID === '1.2.840.10008.1.2.1.99') body = inflateRawSync(body);
  const explicit = transferSyntaxUID !== '1.2.840.10008.1.2';
  return readDataSet(body, transferSyntaxUID, explicit, transferSyntaxUID !== '1.2.840.10008.1.2.2');
}

function readDataSet(body: Uint8Array, transferSyntaxUID: string, explicit: boolean, little: boolean): TestFile {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const values = new Map<number, Uint8Array>();
  let at = 0;
  while (at + 8 <= body.length) {
    const tag = view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little);
    const element = header(view, at, explicit, little);
    if (tag === 0x7fe00010) {
      const number = (wanted: number, absent: number) => {
        const value = values.get(wanted);
        return value === undefined || value.length < 2 ? absent : new DataView(value.buffer, value.byteOffset).getUint16(0, little);
      };
      const image: FrameDescription = {
        rows: number(0x00280010, 0),
        columns: number(0x00280011, 0),
        samplesPerPixel: number(0x00280002, 1),
        photometricInterpretation: text(values.get(0x00280004) ?? new Uint8Array()),
        planarConfiguration: number(0x00280006, 0),
        bitsAllocated: number(0x00280100, 0),
        bitsStored: number(0x00280101, 0),
        highBit: number(0x00280102, 0),
        pixelRepresentation: number(0x00280103, 0),
      };
      const count = Number.parseInt(text(values.get(0x00280008) ?? new Uint8Array()) || '1', 10);
      if (element.length !== 0xffffffff) {
        const pixels = body.subarray(element.value, element.value + element.length);
        return { transferSyntaxUID, image, frames: nativeFrames(pixels, image, count) };
      }
      return { transferSyntaxUID, image, frames: encapsulatedFrames(body, view, element.value, count) };
    }
    if (element.length === 0xffffffff) at = skipSequence(view, element.value, explicit && element.vr !== 'UN', little);
    else {
      values.set(tag, body.subarray(element.value, element.value + element.length));
      at = element.value + element.length;
    }
  }
  throw new Error('no pixel data');
}

function nativeFrames(pixels: Uint8Array, image: FrameDescription, count: number) {
  const perPixel = /_422$/.test(image.photometricInterpretation) ? 2 : image.samplesPerPixel;
  const bits = image.rows * image.columns * perPixel * image.bitsAllocated;
  return Array.from({ length: count }, (_, i) => ({
    fragments: [pixels.subarray(Math.floor((bits * i) / 8), Math.ceil((bits * (i + 1)) / 8))],
    bitOffset: (bits * i) % 8,
  }));
}

function encapsulatedFrames(body: Uint8Array, view: DataView, start: number, count: number) {
  const items: { offset: number; bytes: Uint8Array }[] = [];
  let at = start;
  while (at + 8 <= body.length && view.getUint32(at, true) === 0xe000fffe) {
    const length = view.getUint32(at + 4, true);
    items.push({ offset: at, bytes: body.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  const [table, ...fragments] = items;
  const first = fragments[0]?.offset ?? 0;
  const frames: { fragments: Uint8Array[]; bitOffset: number }[] = [];
  const offsets = new Set<number>();
  const tableBytes = table?.bytes ?? new Uint8Array();
  const tableView = new DataView(tableBytes.buffer, tableBytes.byteOffset, tableBytes.byteLength);
  for (let i = 0; i + 4 <= tableBytes.length; i += 4) offsets.add(tableView.getUint32(i, true));
  const useTable = offsets.size === count;
  for (const [index, { offset, bytes }] of fragments.entries()) {
    const startsFrame =
      index === 0 ||
      (count > 1 &&
        (useTable
          ? offsets.has(offset - first)
          : fragments.length === count || (bytes[0] === 0xff && (bytes[1] === 0xd8 || bytes[1] === 0x4f))));
    if (startsFrame) frames.push({ fragments: [bytes], bitOffset: 0 });
    else frames.at(-1)?.fragments.push(bytes);
  }
  return frames;
}

const LONG = new Set(['OB', 'OW', 'OF', 'OD', 'OL', 'OV', 'SQ', 'UT', 'UN', 'UC', 'UR', 'SV', 'UV']);

function header(view: DataView, at: number, explicit: boolean, little: boolean): { value: number; length: number; vr: string } {
  if (!explicit || view.getUint16(at, little) === 0xfffe) return { value: at + 8, length: view.getUint32(at + 4, little), vr: '' };
  const vr = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5));
  if (LONG.has(vr)) return { value: at + 12, length: view.getUint32(at + 8, little), vr };
  return { value: at + 8, length: view.getUint16(at + 6, little), vr };
}

function skipSequence(view: DataView, start: number, explicit: boolean, little: boolean): number {
  let at = start;
  for (;;) {
    const tag = view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little);
    const length = view.getUint32(at + 4, little);
    at += 8;
    if (tag === 0xfffee0dd) return at;
    if (length !== 0xffffffff) {
      at += length;
      continue;
    }
    for (;;) {
      const inner = view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little);
      if (inner === 0xfffee00d) {
        at += 8;
        break;
      }
      const element = header(view, at, explicit, little);
      at = element.length === 0xffffffff ? skipSequence(view, element.value, explicit, little) : element.value + element.length;
    }
  }
}

function text(value: Uint8Array): string {
  return new TextDecoder('latin1')
    .decode(value)
    .replace(/[\0 ]+$/, '')
    .trim();
}
