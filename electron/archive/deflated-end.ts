import { createInflateRaw } from 'node:zlib';
import { StreamingHeader } from '../dicom/dataset/index.ts';

const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const DEFLATED = '1.2.840.10008.1.2.1.99';
/** What inflates to more is not judged: a bomb would keep a thread for minutes. */
const MOST = 1 << 30;

export const isDeflated = (transferSyntaxUID: string): boolean => transferSyntaxUID === DEFLATED;

/** Inflates a deflated data set (PS3.5 A.5) for nothing but to see whether all of it is there. Its bytes are counted and let go. */
export class DeflatedEnd {
  readonly #inflate = createInflateRaw();
  readonly #header = new StreamingHeader(EXPLICIT_VR_LITTLE_ENDIAN, {}, true);
  #bytes = 0;
  #isEnough = false;
  #hasFailed = false;

  constructor() {
    this.#inflate.on('data', (bytes: Uint8Array) => {
      this.#bytes += bytes.length;
      if (!this.#header.push(bytes) && this.#bytes <= MOST) return;
      this.#isEnough = true;
      this.#inflate.destroy();
    });
    this.#inflate.on('error', () => {
      this.#hasFailed = true;
    });
  }

  /** The piece is free when it resolves. */
  push(piece: Uint8Array): Promise<void> | undefined {
    if (this.#isEnough || this.#hasFailed) return undefined;
    return new Promise((resolve) => this.#inflate.write(piece, () => resolve()));
  }

  /** After the last piece. */
  async isTruncated(): Promise<boolean> {
    if (!this.#isEnough && !this.#hasFailed) {
      await new Promise<void>((resolve) => {
        this.#inflate.once('close', resolve);
        this.#inflate.end();
      });
    }
    this.#inflate.destroy();
    return !this.#isEnough && (this.#hasFailed || this.#header.truncated);
  }
}

/** The same of a data set whose pieces can be read at once. */
export async function isDeflatedCut(pieces: Iterable<Uint8Array>): Promise<boolean> {
  const end = new DeflatedEnd();
  for (const piece of pieces) await end.push(piece);
  return end.isTruncated();
}
