import charls from '@cornerstonejs/codec-charls/decodewasm?url';
import libjpegTurbo from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm?url';
import openjpeg from '@cornerstonejs/codec-openjpeg/decodewasm?url';
import openjph from '@cornerstonejs/codec-openjph/wasm?url';
import dcmjsNative from 'dcmjs-codecs/build/dcmjs-native-codecs.wasm?url';
import { provideWasm, type WasmName } from '../../shared/codecs/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';

const URLS: Readonly<Record<WasmName, string>> = { charls, 'libjpeg-turbo': libjpegTurbo, openjpeg, openjph, 'dcmjs-native': dcmjsNative };

/** Lets the decoders of this thread fetch their WebAssembly files from our own origin. */
export function provideWasmFromOrigin(): void {
  provideWasm(async (name) => {
    const response = await fetch(URLS[name]);
    if (!response.ok) throw new PhosphorError('unreadable', `the ${name} decoder could not be loaded`);
    return response.arrayBuffer();
  });
}
