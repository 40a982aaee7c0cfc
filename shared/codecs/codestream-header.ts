import { PhosphorError } from '../contract/phosphor-error.ts';

/** What a codestream says about itself, read before a decoder sees it. */
export interface CodestreamHeader {
  readonly columns: number;
  readonly rows: number;
  readonly components: number;
  readonly bitsPerSample: number;
}

export interface JPEGHeader extends CodestreamHeader {
  /** Low byte of the SOF marker: C0 baseline, C1 extended, C3 lossless, F7 JPEG-LS. */
  readonly process: number;
  /** Says itself that its components are YCbCr (JFIF or Adobe transform 1) or RGB (Adobe transform 0 or ids R G B); else it is silent. */
  readonly colour: 'YBR' | 'RGB' | undefined;
}

export interface JPEG2000Header extends CodestreamHeader {
  /** The multiple component transformation (RCT or ICT) was used. */
  readonly colourTransform: boolean;
  /** The 5/3 wavelet in every component: decoding gives back exactly what was encoded. */
  readonly reversible: boolean;
}

const SOF = new Set([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf, 0xf7]);

/** Header of a JPEG or JPEG-LS codestream (ITU-T T.81 annex B, T.87 annex C). Throws PhosphorError `damaged` where there is none. */
export function readJPEGHeader(bytes: Uint8Array): JPEGHeader {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new PhosphorError('damaged', 'not a JPEG codestream');
  let jfif = false;
  let adobe: number | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new PhosphorError('damaged', 'JPEG marker expected');
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = uint16(bytes, at + 2);
    const body = at + 4;
    if (marker === 0xe0 && ascii(bytes, body, 4) === 'JFIF') jfif = true;
    if (marker === 0xee && ascii(bytes, body, 5) === 'Adobe') adobe = bytes[body + 11];
    if (SOF.has(marker)) {
      const components = bytes[body + 5] ?? 0;
      const ids = components === 3 ? [6, 9, 12].map((offset) => ascii(bytes, body + offset, 1)).join('') : '';
      const colour = adobe === 0 || ids === 'RGB' ? 'RGB' : adobe === 1 || jfif ? 'YBR' : undefined;
      return {
        process: marker,
        bitsPerSample: bytes[body] ?? 0,
        rows: uint16(bytes, body + 1),
        columns: uint16(bytes, body + 3),
        components,
        colour,
      };
    }
    if (marker === 0xda || length < 2) break;
    at += 2 + length;
  }
  throw new PhosphorError('damaged', 'JPEG codestream without frame header');
}

/** Header of a JPEG 2000 or HTJ2K codestream, also inside a JP2 box (ISO/IEC 15444-1 annex A). Throws PhosphorError `damaged`. */
export function readJPEG2000Header(bytes: Uint8Array): JPEG2000Header {
  const start = findSOC(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const siz = start + 2;
  if (siz + 41 > bytes.length || view.getUint16(siz) !== 0xff51) throw new PhosphorError('damaged', 'JPEG 2000 codestream without SIZ');
  const columns = view.getUint32(siz + 6) - view.getUint32(siz + 14);
  const rows = view.getUint32(siz + 10) - view.getUint32(siz + 18);
  const components = view.getUint16(siz + 38);
  const bitsPerSample = ((bytes[siz + 40] ?? 0) & 0x7f) + 1;
  let colourTransform = false;
  let reversible = false;
  const wide = components > 256 ? 1 : 0;
  let at = siz + 2 + view.getUint16(siz + 2);
  while (at + 9 < bytes.length) {
    const marker = view.getUint16(at);
    if (marker === 0xff90) break;
    if (marker === 0xff52) {
      colourTransform = bytes[at + 8] === 1;
      reversible = bytes[at + 13] === 1;
    }
    // COC: its component's index, its style, four bytes of code blocks, its transformation.
    if (marker === 0xff53) reversible &&= bytes[at + 10 + wide] === 1;
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return { columns, rows, components, bitsPerSample, colourTransform, reversible };
}

/** A codestream starts with SOC; some writers put the whole JP2 file into the fragment. */
function findSOC(bytes: Uint8Array): number {
  if (bytes[0] === 0xff && bytes[1] === 0x4f) return 0;
  const until = Math.min(bytes.length - 3, 4096);
  for (let i = 0; i < until; i++) {
    if (bytes[i] === 0xff && bytes[i + 1] === 0x4f && bytes[i + 2] === 0xff && bytes[i + 3] === 0x51) return i;
  }
  throw new PhosphorError('damaged', 'not a JPEG 2000 codestream');
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
