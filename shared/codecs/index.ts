export { decodeFrame, isDecodable } from './decode.ts';
export { type Exactness, exactnessOf } from './exactness.ts';
export { inflate } from './inflate.ts';
export { readTable, type TableDescription, type ValueTable, valueAt } from './lookup-table.ts';
export { nativeFrameBits } from './native.ts';
export { lookUp, toPaletteTable } from './palette.ts';
export { type Palette, toRGBA } from './photometric.ts';
export type { DecodedFrame, EncodedFrame, FrameDescription, Samples } from './types.ts';
export { provideWasm, type WasmName, type WasmSource } from './wasm.ts';
