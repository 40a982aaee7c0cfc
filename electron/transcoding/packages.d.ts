// Packages that bring no types, as far as they are used.

declare module 'opentype.js/dist/opentype.mjs' {
  interface Point {
    readonly x: number;
    readonly y: number;
  }
  interface Control {
    readonly x1: number;
    readonly y1: number;
  }
  type Move = Point & { readonly type: 'M' };
  type Line = Point & { readonly type: 'L' };
  type Quadratic = Point & Control & { readonly type: 'Q' };
  type Cubic = Point & Control & { readonly type: 'C'; readonly x2: number; readonly y2: number };
  export type PathCommand = Move | Line | Quadratic | Cubic | { readonly type: 'Z' };
  export interface Glyph {
    readonly advanceWidth?: number;
    getPath(x: number, y: number, fontSize: number): { readonly commands: readonly PathCommand[] };
  }
  export interface Font {
    readonly unitsPerEm: number;
    charToGlyphIndex(character: string): number;
    charToGlyph(character: string): Glyph;
  }
  export function parse(buffer: ArrayBuffer): Font;
}

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/wasmjs' {
  interface JPEGEncoder {
    getDecodedBuffer(frame: {
      width: number;
      height: number;
      bitsPerSample: number;
      componentCount: number;
      isSigned: boolean;
    }): Uint8Array;
    setQuality(quality: number): void;
    encode(): void;
    getEncodedBuffer(): Uint8Array;
    delete(): void;
  }
  const create: (options: {
    wasmBinary: Uint8Array;
    print(): void;
    printErr(): void;
  }) => Promise<{ readonly JPEGEncoder: new () => JPEGEncoder }>;
  export default create;
}
