import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { provideWasm, type WasmName } from '../../shared/codecs/index.ts';

const require = createRequire(import.meta.url);

const WASM_FILES: Readonly<Record<WasmName, string>> = {
  charls: '@cornerstonejs/codec-charls/decodewasm',
  'libjpeg-turbo': '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm',
  openjpeg: '@cornerstonejs/codec-openjpeg/decodewasm',
  openjph: '@cornerstonejs/codec-openjph/wasm',
  'dcmjs-native': 'dcmjs-codecs/build/dcmjs-native-codecs.wasm',
};

/** Lets the decoders find their WebAssembly files under node_modules. */
export function provideWasmFromPackages(): void {
  provideWasm(async (name) => new Uint8Array(await readFile(require.resolve(WASM_FILES[name]))));
}
