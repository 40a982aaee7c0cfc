/** What the process with the archive answers to each task of the index benches (index-process.ts). */
export interface IndexTasks {
  'index-insert': { args: { folder: string; instances: number }; result: InsertFigures };
  /** Makes the index of a large archive, in a process that ends before anything is measured. */
  'fill-index': { args: { folder: string; instances: number }; result: object };
  'search-1M': { args: { folder: string; instances: number }; result: SearchFigures };
  /** Leaves an archive as a process does that was killed while much arrived; kills itself. */
  'leave-killed': { args: { folder: string; instances: number; inFlight: number }; result: never };
  'start-1M': { args: { folder: string; instances: number; inFlight: number }; result: StartFigures };
  'open-5000': { args: { folder: string; slices: number }; result: OpenFigures };
}

export interface InsertFigures {
  readonly instances: number;
  readonly perSecond: number;
  readonly firstPerSecond: number;
  readonly lastPerSecond: number;
}

export interface SearchFigures {
  readonly studies: number;
  readonly instances: number;
  /** Rows a second that the writer took meanwhile. */
  readonly writtenPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** Per kind of search, p95. */
  readonly kinds: Readonly<Record<string, number>>;
}

export interface StartFigures {
  readonly instances: number;
  /** Complete arrivals that stood in incoming/, and were repaired. */
  readonly inFlight: number;
  /** To an archive that answers, after the process that wrote it was killed; and the next start, with nothing to repair. */
  readonly ms: number;
  readonly cleanMs: number;
}

export interface OpenFigures {
  readonly slices: number;
  readonly ms: number;
  /** Of the first in an archive that was just opened. */
  readonly coldMs: number;
  readonly megabytes: number;
}
