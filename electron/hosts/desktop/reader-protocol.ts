/** Bytes of one chunk between reader thread and main. */
export const MAX_CHUNK = 1024 * 1024;

export type ToReader =
  | { readonly kind: 'open'; readonly id: number; readonly sopInstanceUID: string; readonly range: string | null }
  | { readonly kind: 'next'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number };

export type FromReader =
  | { readonly kind: 'opened'; readonly id: number; readonly status: 404 }
  | { readonly kind: 'opened'; readonly id: number; readonly status: 416; readonly bytes: number }
  | {
      readonly kind: 'opened';
      readonly id: number;
      readonly status: 200 | 206;
      readonly bytes: number;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly kind: 'chunk'; readonly id: number; readonly chunk: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number };
