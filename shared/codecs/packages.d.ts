// The codec packages bring no types. These are their Embind classes as far as they are used.

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const create: import('./emscripten.ts').EmscriptenFactory<{ JpegLSDecoder: import('./emscripten.ts').EmbindDecoderClass }>;
  export default create;
}
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const create: import('./emscripten.ts').EmscriptenFactory<{ JPEGDecoder: import('./emscripten.ts').EmbindDecoderClass }>;
  export default create;
}
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const create: import('./emscripten.ts').EmscriptenFactory<{ J2KDecoder: import('./emscripten.ts').EmbindDecoderClass }>;
  export default create;
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const create: import('./emscripten.ts').EmscriptenFactory<{ HTJ2KDecoder: import('./emscripten.ts').EmbindDecoderClass }>;
  export default create;
}
