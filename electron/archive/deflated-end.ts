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
  readonly #over: Promise<void>;
  #bytes = 0;
  #isOver = false;
  #isEnough = false;
  #hasFailed = false;

  constructor() {
    this.#over = new Promise((resolve) => {
      const over = (): void => {
        this.#isOver = true;
        resolve();
      };
      this.#inflate.on('end', over).on('close', over);
      this.#inflate.on('error', () => {
        this.#hasFailed = true;
        over();
      });
    });
    this.#inflate.on('data', (bytes: Uint8Array) => {
      this.#bytes += bytes.length;
      if (!this.#header.push(bytes) && this.#bytes <= MOST) return;
      this.#isEnough = true;
      this.#inflate.destroy();
    });
  }

  /** The piece is free when it resolves. */
  async push(piece: Uint8Array): Promise<void> {
    if (this.#isOver) return;
    const taken = new Promise<void>((resolve) => this.#inflate.write(piece, () => resolve()));
    // Of what stands behind the end of the stream zlib never says that it took it.
    await Promise.race([taken, this.#over]);
  }

  /** After the last piece. */
  async isTruncated(): Promise<boolean> {
    if (!this.#isOver) this.#inflate.end();
    await this.#over;
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
