export { decodeFrame, isDecodable } from './decode.ts';
export { type Exactness, exactnessOf } from './exactness.ts';
export { inflate } from './inflate.ts';
export { nativeFrameBits } from './native.ts';
export { type PaletteTable, readPaletteTable } from './palette.ts';
export { toRGBA } from './photometric.ts';
export type { DecodedFrame, EncodedFrame, FrameDescription, Samples } from './types.ts';
export { provideWasm, type WasmName, type WasmSource } from './wasm.ts';
