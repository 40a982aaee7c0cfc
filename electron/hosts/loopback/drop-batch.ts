import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { LONGEST_NAME } from '../../archive/drop-folder.ts';

// Several small files in one request: the length of a list in UTF-8 (4 bytes, big-endian), the list as JSON, and the files' bytes one after the other.

/** One file of a batch. */
export interface BatchFile {
  readonly number: number;
  readonly size: number;
  /** Shown, and nothing else. */
  readonly name: string;
}

/** Files of one request. */
const MOST_FILES = 128;
/** Bytes of their list: a character takes six at most. */
const LONGEST_LIST = MOST_FILES * (LONGEST_NAME * 6 + 64);
const HIGHEST_NUMBER = 9_999_999;

/** Bytes of a request, taken as they come. */
export class RequestBytes {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array();

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, in pieces. Throws PhosphorError `connection-lost` where they end before. */
  async *take(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.#held.length === 0) {
        const { done, value } = await this.#chunks.next();
        if (done === true) throw new PhosphorError('connection-lost', 'the window went away in the middle of a file');
        this.#held = value;
      }
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Reads what is left of the request to its end. */
  async skipAll(): Promise<void> {
    this.#held = new Uint8Array();
    try {
      while ((await this.#chunks.next()).done !== true);
    } catch {
      // It was cut off: nobody waits for an answer.
    }
  }
}

/** What a batch brings. Throws PhosphorError `invalid-arguments` unless files and list make up `length` bytes, `limit-exceeded`, `connection-lost`. */
export async function readBatchList(bytes: RequestBytes, length: number): Promise<readonly BatchFile[]> {
  if (length < 4) throw notABatch();
  const listed = (await whole(bytes, 4)).readUInt32BE();
  if (listed > LONGEST_LIST) throw new PhosphorError('limit-exceeded', 'the list of files is too long');
  if (listed > length - 4) throw notABatch();
  const files = filesIn((await whole(bytes, listed)).toString('utf8'));
  if (4 + listed + files.reduce((sum, { size }) => sum + size, 0) !== length) throw notABatch();
  return files;
}

async function whole(bytes: RequestBytes, length: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes.take(length)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function filesIn(text: string): readonly BatchFile[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw notABatch();
  }
  if (!Array.isArray(list) || list.length === 0) throw notABatch();
  if (list.length > MOST_FILES) throw new PhosphorError('limit-exceeded', 'too many files in one request');
  const files = list.map(fileIn);
  if (new Set(files.map(({ number }) => number)).size !== files.length) throw notABatch();
  return files;
}

function fileIn(value: unknown): BatchFile {
  if (!Array.isArray(value) || value.length !== 3) throw notABatch();
  const [number, size, name]: readonly unknown[] = value;
  if (!isWhole(number) || number === 0 || number > HIGHEST_NUMBER || !isWhole(size) || typeof name !== 'string' || name === '')
    throw notABatch();
  if (name.length > LONGEST_NAME) throw new PhosphorError('limit-exceeded', 'the name is too long');
  return { number, size, name };
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function notABatch(): PhosphorError {
  return new PhosphorError('invalid-arguments', 'not a list of files and their bytes');
}
