import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { provideWasm, type WasmName } from '../../shared/codecs/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import type { CodecJobName, CodecJobs, FromCodecThread, ToCodecThread } from './codec-jobs.ts';
import { nativeFrames } from './native-frames.ts';
import { picture } from './picture.ts';
import { samplesHash } from './samples-hash.ts';

// The codec thread: bytes in, bytes out. Its only files are the decoders themselves; whoever owns it watches the clock.

const port = parentPort;
if (port === null) throw new PhosphorError('internal', 'codec-thread.ts runs as a worker thread only');

/** In exactly this form: the bundler puts the files beside the bundle and rewrites the calls. */
const WASM_URLS: Readonly<Record<WasmName, string>> = {
  charls: import.meta.resolve('@cornerstonejs/codec-charls/decodewasm'),
  'libjpeg-turbo': import.meta.resolve('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm'),
  openjpeg: import.meta.resolve('@cornerstonejs/codec-openjpeg/decodewasm'),
  openjph: import.meta.resolve('@cornerstonejs/codec-openjph/wasm'),
  'dcmjs-native': import.meta.resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm'),
};
provideWasm(async (name) => new Uint8Array(await readFile(new URL(WASM_URLS[name]))));

const JOBS: { readonly [Name in CodecJobName]: (args: CodecJobs[Name]['args']) => Promise<CodecJobs[Name]['result']> } = {
  samplesHash,
  nativeFrames,
  picture,
};

port.on('message', ({ job, args }: ToCodecThread) => {
  const answer = (message: FromCodecThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  JOBS[job](args).then(
    (result) => answer({ ok: true, result }, typeof result === 'string' ? [] : [result.bytes.buffer as ArrayBuffer]),
    (thrown: unknown) => answer({ ok: false, error: toErrorData(thrown) }),
  );
});
