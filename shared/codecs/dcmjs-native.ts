import { PhosphorError } from '../contract/phosphor-error.ts';
import type { FrameDescription } from './types.ts';
import { instantiateWasm, type WasmInstance } from './wasm.ts';

/** In the order of the native enumeration. */
const PHOTOMETRIC = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_PARTIAL_422',
  'YBR_PARTIAL_420',
  'YBR_ICT',
  'YBR_RCT',
  'CMYK',
  'ARGB',
  'HSV',
];

type Call = (...args: number[]) => number;

/**
 * The decoder of the package dcmjs-codecs (libijg for 8, 12 and 16 bits), called directly: the package's own wrapper needs eval, which
 * our Content-Security-Policy forbids. `bytes` are little-endian samples, those of a pixel side by side, without colour conversion.
 * Throws PhosphorError `damaged`.
 */
export async function decodeNativeJPEG(
  encoded: Uint8Array,
  image: FrameDescription,
): Promise<{ bytes: Uint8Array; bitsAllocated: number }> {
  loading ??= load();
  const native = await loading.catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  try {
    return native.decode(encoded, image);
  } catch {
    // What threw may have left the module's memory in any state.
    loading = undefined;
    throw new PhosphorError('damaged', 'the JPEG decoder rejects the frame');
  }
}

let loading: Promise<NativeDecoder> | undefined;

async function load(): Promise<NativeDecoder> {
  let memory: WebAssemblyMemory | undefined;
  const instance = await instantiateWasm('dcmjs-native', {
    wasi_snapshot_preview1: {
      environ_get: () => 0,
      environ_sizes_get(count: number, size: number) {
        const view = new DataView(memory?.buffer ?? new ArrayBuffer(0));
        view.setUint32(count, 0, true);
        view.setUint32(size, 0, true);
        return 0;
      },
      proc_exit: fail,
      clock_time_get(_clock: number, _precision: bigint, time: number) {
        new DataView(memory?.buffer ?? new ArrayBuffer(0)).setBigUint64(time, 0n, true);
        return 0;
      },
      // Swallows what the decoder prints: it may quote the file.
      fd_write(_file: number, vectors: number, count: number, written: number) {
        const view = new DataView(memory?.buffer ?? new ArrayBuffer(0));
        let total = 0;
        for (let i = 0; i < count; i++) total += view.getUint32(vectors + 8 * i + 4, true);
        view.setUint32(written, total, true);
        return 0;
      },
      fd_seek: () => 0,
      fd_close: () => 0,
    },
    env: {
      emscripten_notify_memory_growth: () => undefined,
      onCodecsInfo: () => undefined,
      onCodecsTrace: () => undefined,
      onCodecsException: fail,
    },
  });
  memory = instance.exports.memory as WebAssemblyMemory;
  return new NativeDecoder(instance, memory);
}

interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}

function fail(): never {
  throw new PhosphorError('damaged', 'the JPEG decoder gave up');
}

class NativeDecoder {
  readonly #instance: WasmInstance;
  readonly #memory: WebAssemblyMemory;

  constructor(instance: WasmInstance, memory: WebAssemblyMemory) {
    this.#instance = instance;
    this.#memory = memory;
  }

  decode(encoded: Uint8Array, image: FrameDescription): { bytes: Uint8Array; bitsAllocated: number } {
    const context = this.#call('CreateCodecsContext');
    this.#call('SetColumns', context, image.columns);
    this.#call('SetRows', context, image.rows);
    this.#call('SetBitsAllocated', context, image.bitsAllocated);
    this.#call('SetBitsStored', context, image.bitsStored);
    this.#call('SetSamplesPerPixel', context, image.samplesPerPixel);
    this.#call('SetPixelRepresentation', context, image.pixelRepresentation);
    this.#call('SetPlanarConfiguration', context, 0);
    this.#call('SetPhotometricInterpretation', context, Math.max(0, PHOTOMETRIC.indexOf(image.photometricInterpretation)));
    this.#call('SetEncodedBufferSize', context, encoded.length);
    new Uint8Array(this.#memory.buffer).set(encoded, this.#call('GetEncodedBuffer', context));
    const parameters = this.#call('CreateDecoderParameters');
    this.#call('SetConvertColorspaceToRgb', parameters, 0);
    this.#call('DecodeJpeg', context, parameters);
    this.#call('ReleaseDecoderParameters', parameters);
    const at = this.#call('GetDecodedBuffer', context);
    const bytes = new Uint8Array(this.#memory.buffer, at, this.#call('GetDecodedBufferSize', context)).slice();
    const bitsAllocated = this.#call('GetBitsAllocated', context);
    this.#call('ReleaseCodecsContext', context);
    return { bytes, bitsAllocated };
  }

  #call(name: string, ...args: number[]): number {
    return (this.#instance.exports[name] as Call)(...args);
  }
}
