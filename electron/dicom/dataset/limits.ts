import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';

/** Bounds on what comes from peers and files. Past one: PhosphorError `limit-exceeded`. */
export interface DatasetLimits {
  /** Elements and items in all, at every level. */
  readonly elements: number;
  /** Sequences within sequences. */
  readonly depth: number;
  /** Bytes of one value that is turned into text, numbers or memory. */
  readonly valueBytes: number;
  /** Bytes that a deflated data set may inflate to. */
  readonly inflatedBytes: number;
}

export const DEFAULT_LIMITS: DatasetLimits = {
  elements: 1_000_000,
  depth: 64,
  valueBytes: 64 * 1024 * 1024,
  inflatedBytes: 1024 * 1024 * 1024,
};

export function limitsFrom(changes: Partial<DatasetLimits> | undefined): DatasetLimits {
  return changes === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...changes };
}

export function exceeded(what: string): PhosphorError {
  return new PhosphorError('limit-exceeded', `the data set has too ${what}`);
}
