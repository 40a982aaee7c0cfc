import { PhosphorError } from '../contract/phosphor-error.ts';
import { interleavePlanes, viewSamples } from './bits.ts';
import { type JPEGHeader, readJPEG2000Header, readJPEGHeader } from './codestream-header.ts';
import { decodeNativeJPEG } from './dcmjs-native.ts';
import { emscriptenDecoder } from './emscripten.ts';
import type { CodestreamFrame, FrameDescription } from './types.ts';

type Decode = (bytes: Uint8Array, image: FrameDescription) => Promise<CodestreamFrame>;

const turbo = emscriptenDecoder('libjpeg-turbo', async (options) => {
  const { default: create } = await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs');
  return (await create(options)).JPEGDecoder;
});
const charls = emscriptenDecoder('charls', async (options) => {
  const { default: create } = await import('@cornerstonejs/codec-charls/decodewasmjs');
  return (await create(options)).JpegLSDecoder;
});
const openjpeg = emscriptenDecoder('openjpeg', async (options) => {
  const { default: create } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
  return (await create(options)).J2KDecoder;
});
const openjph = emscriptenDecoder('openjph', async (options) => {
  const { default: create } = await import('@cornerstonejs/codec-openjph/wasmjs');
  return (await create(options)).HTJ2KDecoder;
});

/**
 * Every JPEG process of ITU-T T.81 by what the codestream says it is, not by the transfer syntax: files that announce one and hold
 * another are common. 8-bit lossy goes to libjpeg-turbo (fastest), all else to libijg, which is exact for 12 and 16 bits.
 */
export const decodeJPEG: Decode = async (bytes, image) => {
  const header = readJPEGHeader(bytes);
  if (header.process === 0xf7) return decodeJPEGLS(bytes, image);
  const lossy8 = (header.process === 0xc0 || header.process === 0xc1 || header.process === 0xc2) && header.bitsPerSample === 8;
  if (lossy8 && !storesRGB(header, image)) {
    const { info, bytes: samples } = await turbo(bytes);
    return {
      columns: info.width,
      rows: info.height,
      components: info.componentCount,
      bitsPerSample: 8,
      signed: false,
      photometricInterpretation: info.componentCount === 3 ? 'RGB' : image.photometricInterpretation,
      bytes: samples,
    };
  }
  const { bytes: samples, bitsAllocated } = await decodeNativeJPEG(bytes, { ...image, ...sizeOf(header) });
  return {
    columns: header.columns,
    rows: header.rows,
    components: header.components,
    bitsPerSample: bitsAllocated === 8 ? Math.min(8, header.bitsPerSample) : header.bitsPerSample,
    signed: false,
    photometricInterpretation: header.components === 3 && lossy8 ? 'RGB' : image.photometricInterpretation,
    bytes: samples,
  };
};

/** JPEG-LS (ITU-T T.87), lossless and near-lossless. */
export const decodeJPEGLS: Decode = async (bytes, image) => {
  readJPEGHeader(bytes);
  // CharLS takes seconds to give up on a codestream that is cut off.
  if (!endsWithEOI(bytes)) throw new PhosphorError('damaged', 'the JPEG-LS codestream is cut off');
  const { info, bytes: samples, interleaveMode } = await charls(bytes);
  const wide = info.bitsPerSample > 8;
  const planar = interleaveMode === 0 && info.componentCount > 1;
  const cells = planar
    ? interleavePlanes(viewSamples(samples, wide ? 16 : 8, false), info.width * info.height, info.componentCount)
    : samples;
  return {
    columns: info.width,
    rows: info.height,
    components: info.componentCount,
    bitsPerSample: info.bitsPerSample,
    signed: false,
    photometricInterpretation: image.photometricInterpretation,
    bytes: new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength),
  };
};

/** End of image within the last bytes, padding behind it allowed; bit stuffing keeps the marker out of the coded data. */
function endsWithEOI(bytes: Uint8Array): boolean {
  for (let i = bytes.length - 2; i >= Math.max(0, bytes.length - 1024); i--) if (bytes[i] === 0xff && bytes[i + 1] === 0xd9) return true;
  return false;
}

/** JPEG 2000 (ISO/IEC 15444-1). */
export const decodeJPEG2000: Decode = (bytes, image) => wavelet(openjpeg, bytes, image);

/** HTJ2K (ISO/IEC 15444-15). */
export const decodeHTJ2K: Decode = (bytes, image) => wavelet(openjph, bytes, image);

async function wavelet(decode: typeof openjpeg, bytes: Uint8Array, image: FrameDescription): Promise<CodestreamFrame> {
  const header = readJPEG2000Header(bytes);
  const { info, bytes: samples } = await decode(bytes);
  return {
    columns: info.width,
    rows: info.height,
    components: info.componentCount,
    bitsPerSample: info.bitsPerSample,
    signed: info.isSigned === true,
    // The decoder undoes the component transformation; without one the components are what the description says.
    photometricInterpretation: header.colourTransform ? 'RGB' : image.photometricInterpretation.replace(/^YBR_(RCT|ICT)$/, 'RGB'),
    bytes: samples,
  };
}

/** The header's word on size and depth, refused where it disagrees with the description: nothing may be decoded past its bounds. */
export function checkCodestream(
  header: { columns: number; rows: number; components: number; bitsPerSample: number },
  image: FrameDescription,
): void {
  if (header.columns !== image.columns || header.rows !== image.rows) {
    throw new PhosphorError('damaged', `codestream of ${header.columns} × ${header.rows} for an image of ${image.columns} × ${image.rows}`);
  }
  if (header.components !== image.samplesPerPixel) {
    throw new PhosphorError('damaged', `codestream of ${header.components} components for ${image.samplesPerPixel} samples per pixel`);
  }
  if (header.bitsPerSample < 1 || header.bitsPerSample > 16) {
    throw new PhosphorError('unsupported', `codestream of ${header.bitsPerSample} bits`);
  }
}

/** Colour components that were stored without transformation, which libjpeg-turbo would take for YCbCr. */
function storesRGB(header: JPEGHeader, image: FrameDescription): boolean {
  return header.components === 3 && image.photometricInterpretation === 'RGB' && header.colour === undefined;
}

function sizeOf(header: JPEGHeader) {
  const bitsAllocated = header.bitsPerSample > 8 ? 16 : 8;
  return {
    rows: header.rows,
    columns: header.columns,
    samplesPerPixel: header.components,
    bitsAllocated,
    bitsStored: header.bitsPerSample,
    highBit: header.bitsPerSample - 1,
  };
}
