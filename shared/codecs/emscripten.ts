import { PhosphorError } from '../contract/phosphor-error.ts';
import { compileWasm, instantiateWasm, type WasmName } from './wasm.ts';

/** What every one of these decoders gives back about the frame it decoded. */
export interface EmbindFrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned?: boolean;
}

export interface EmbindDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): EmbindFrameInfo;
  /** JPEG-LS only: 0 = planes, 1 = by line, 2 = by sample. */
  getInterleaveMode?(): number;
  delete(): void;
}
export type EmbindDecoderClass = new () => EmbindDecoder;

interface EmscriptenOptions {
  instantiateWasm(imports: object, done: (instance: object) => void): object;
  print(): void;
  printErr(): void;
  onAbort(): void;
}
export type EmscriptenFactory<Module> = (options: EmscriptenOptions) => Promise<Module>;

export interface EmscriptenFrame {
  readonly info: EmbindFrameInfo;
  readonly interleaveMode: number;
  /** A copy: the decoder's memory is used again. */
  readonly bytes: Uint8Array;
}

/**
 * A decoder of one of the Emscripten packages, loaded with the first frame. Decoding throws PhosphorError `damaged` for whatever the
 * decoder rejects; a decoder that broke down is thrown away and a fresh one is made for the next frame.
 */
export function emscriptenDecoder(name: WasmName, loadClass: (options: EmscriptenOptions) => Promise<EmbindDecoderClass>) {
  let loading: Promise<EmbindDecoderClass> | undefined;

  return async function decode(encoded: Uint8Array): Promise<EmscriptenFrame> {
    loading ??= compileWasm(name).then(() => loadClass(quietOptions(name)));
    let Decoder: EmbindDecoderClass;
    try {
      Decoder = await loading;
    } catch (error) {
      loading = undefined;
      throw error;
    }
    const decoder = new Decoder();
    try {
      decoder.getEncodedBuffer(encoded.length).set(encoded);
      decoder.decode();
      const info = decoder.getFrameInfo();
      const bytes = decoder.getDecodedBuffer().slice();
      return { info, bytes, interleaveMode: decoder.getInterleaveMode?.() ?? 2 };
    } catch {
      // After an abort or a trap the module's memory cannot be trusted.
      loading = undefined;
      throw new PhosphorError('damaged', `the ${name} decoder rejects the frame`);
    } finally {
      try {
        decoder.delete();
      } catch {
        loading = undefined;
      }
    }
  };
}

/** Decoders write file contents to the console when something is wrong: not here. */
function quietOptions(name: WasmName): EmscriptenOptions {
  return {
    instantiateWasm(imports, done) {
      void instantiateWasm(name, imports).then(done);
      return {};
    },
    print: () => undefined,
    printErr: () => undefined,
    onAbort: () => undefined,
  };
}
