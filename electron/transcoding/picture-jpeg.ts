import { readFile } from 'node:fs/promises';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { Picture } from './picture.ts';

interface Encoder {
  getDecodedBuffer(frame: { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned: boolean }): Uint8Array;
  setQuality(quality: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
  delete(): void;
}

/** The full build: the one that only decodes is what everything else uses. */
const WASM_URL = import.meta.resolve('@cornerstonejs/codec-libjpeg-turbo-8bit/wasm');

let loading: Promise<new () => Encoder> | undefined;

/** A baseline JPEG file of 8-bit samples. Throws PhosphorError `unsupported` where the encoder refuses. */
export async function encodeJPEG({ width, height, channels, data }: Picture, quality: number): Promise<Uint8Array> {
  loading ??= load();
  const encoder = new (await loading)();
  try {
    encoder.getDecodedBuffer({ width, height, bitsPerSample: 8, componentCount: channels, isSigned: false }).set(data);
    encoder.setQuality(quality);
    encoder.encode();
    return encoder.getEncodedBuffer().slice();
  } catch {
    loading = undefined;
    throw new PhosphorError('unsupported', 'the image cannot be made a JPEG');
  } finally {
    encoder.delete();
  }
}

async function load(): Promise<new () => Encoder> {
  const { default: create } = await import('@cornerstonejs/codec-libjpeg-turbo-8bit/wasmjs');
  const wasmBinary = await readFile(new URL(WASM_URL));
  return (await create({ wasmBinary, print: () => undefined, printErr: () => undefined })).JPEGEncoder;
}
