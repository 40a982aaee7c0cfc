import { constants, inflateRawSync } from 'node:zlib';
import { dataSetEncodingOf, Tag } from '../dicom/dataset/index.ts';

export interface SniffedUIDs {
  readonly studyInstanceUID?: string;
  readonly seriesInstanceUID?: string;
}

/** Both UIDs stand in group 0020, after text only: a data set that has not shown them within this many bytes does not belong here. */
const SNIFF_BYTES = 1_048_576;
const UNDEFINED_LENGTH = 0xffff_ffff;
const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

/**
 * Reads Study and Series Instance UID off the head of a data set that is arriving, to tell which retrieve it belongs to before anything of
 * it is written. Holds the bytes meanwhile, at most 1 MiB.
 */
export class UIDSniffer {
  readonly #encoding: { explicitVR: boolean; bigEndian: boolean; deflated: boolean };
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(transferSyntaxUID: string) {
    this.#encoding = dataSetEncodingOf(transferSyntaxUID);
  }

  /** Everything taken so far, in order. */
  get held(): readonly Uint8Array[] {
    return this.#chunks;
  }

  /** Copies the chunk. Undefined: more is needed. */
  take(chunk: Uint8Array): SniffedUIDs | undefined {
    this.#chunks.push(Uint8Array.from(chunk));
    this.#bytes += chunk.length;
    return this.#look(this.#bytes >= SNIFF_BYTES);
  }

  /** The data set is complete: what it has shown. */
  end(): SniffedUIDs {
    return this.#look(true) ?? {};
  }

  #look(last: boolean): SniffedUIDs | undefined {
    const joined = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks);
    try {
      return sniff(this.#encoding.deflated ? inflated(joined) : joined, this.#encoding, last);
    } catch {
      return {};
    }
  }
}

function inflated(bytes: Uint8Array): Uint8Array {
  return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 64 * SNIFF_BYTES });
}

/** Walks the elements (PS3.5 §7.1) until one lies beyond the Series Instance UID. */
function sniff(
  bytes: Uint8Array,
  { explicitVR, bigEndian }: { explicitVR: boolean; bigEndian: boolean },
  last: boolean,
): SniffedUIDs | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !bigEndian;
  const found: { studyInstanceUID?: string; seriesInstanceUID?: string } = {};
  let depth = 0;
  let at = 0;
  while (at + 12 <= bytes.length) {
    const tag = view.getUint16(at, little) * 0x1_0000 + view.getUint16(at + 2, little);
    if (depth === 0 && tag > Tag.SeriesInstanceUID) return found;
    const { length, header } = lengthOf(view, at, tag, explicitVR, little);
    at += header;
    if (tag === Tag.SequenceDelimitationItem) depth = Math.max(0, depth - 1);
    else if (length === UNDEFINED_LENGTH) depth += tag === Tag.Item ? 0 : 1;
    else if (depth === 0 && at + length <= bytes.length) {
      if (tag === Tag.StudyInstanceUID) found.studyInstanceUID = text(bytes.subarray(at, at + length));
      if (tag === Tag.SeriesInstanceUID) found.seriesInstanceUID = text(bytes.subarray(at, at + length));
    }
    if (length !== UNDEFINED_LENGTH) at += length;
    if (found.seriesInstanceUID !== undefined) return found;
  }
  return last ? found : undefined;
}

function lengthOf(view: DataView, at: number, tag: number, explicitVR: boolean, little: boolean): { length: number; header: number } {
  if (!explicitVR || tag >= Tag.Item) return { length: view.getUint32(at + 4, little), header: 8 };
  const vr = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5));
  if (LONG_VRS.has(vr)) return { length: view.getUint32(at + 8, little), header: 12 };
  return { length: view.getUint16(at + 6, little), header: 8 };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 128))
    .toString('latin1')
    .replace(/[\0 ]+$/, '');
}
