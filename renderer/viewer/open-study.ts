import type { LocalSeries, LocalStudy, PhosphorErrorData } from '../../shared/contract/index.ts';
import type { StackFrame } from './stack.ts';

export interface OpenSeries {
  readonly series: LocalSeries;
  readonly frames: readonly StackFrame[];
}

export interface OpenStudy {
  readonly studyInstanceUID: string;
  readonly study: LocalStudy | undefined;
  readonly series: readonly OpenSeries[];
  readonly arrival: Arrival | undefined;
  readonly error: PhosphorErrorData | undefined;
  readonly loading: boolean;
  /** Of its first series only the beginning is known yet. */
  readonly beginning?: boolean;
}

/** Instances of the study that are on their way, or that a retrieve left out. */
export interface Arrival {
  readonly state: 'arriving' | 'incomplete';
  readonly received: number;
  readonly expected: number | undefined;
}
