import { StreamingHeader } from '../dicom/dataset/index.ts';

export interface SniffedUIDs {
  readonly studyInstanceUID?: string;
  readonly seriesInstanceUID?: string;
}

/** A data set that has not shown its UIDs within this many bytes does not get to occupy more memory. */
const SNIFF_BYTES = 1_048_576;

/**
 * Reads Study and Series Instance UID off the head of a data set that is arriving, to tell which retrieve it belongs to before anything of
 * it is written. Holds the bytes meanwhile, at most 1 MiB and the chunk that went past it.
 */
export class UIDSniffer {
  readonly #header: StreamingHeader;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(transferSyntaxUID: string) {
    this.#header = new StreamingHeader(transferSyntaxUID, { headerBytes: SNIFF_BYTES });
  }

  /** Everything taken so far, in order. */
  get held(): readonly Uint8Array[] {
    return this.#chunks;
  }

  /** Copies the chunk. Undefined: more is needed. */
  take(chunk: Uint8Array): SniffedUIDs | undefined {
    this.#chunks.push(Uint8Array.from(chunk));
    this.#bytes += chunk.length;
    return this.#header.push(chunk) || this.#bytes >= SNIFF_BYTES ? this.end() : undefined;
  }

  /** The data set is complete: what it has shown. Nothing where it cannot be read; the archive's own reader then says why. */
  end(): SniffedUIDs {
    try {
      const { studyInstanceUID, seriesInstanceUID } = this.#header.finish();
      return { studyInstanceUID, seriesInstanceUID };
    } catch {
      return {};
    }
  }
}
