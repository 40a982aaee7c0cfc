import { uid } from '../../shared/contract/index.ts';

/** What a second window is to show. */
export interface WindowStart {
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  /** 0-based place in the series. */
  readonly index: number;
}

/** Undefined for what names no series and no place in it. */
export function startIn(value: unknown): WindowStart | undefined {
  if (!isObject(value)) return undefined;
  const [study, series] = [uid.safeParse(value.studyInstanceUID), uid.safeParse(value.seriesInstanceUID)];
  const { index } = value;
  if (!study.success || !series.success || typeof index !== 'number' || !Number.isInteger(index) || index < 0) return undefined;
  return { studyInstanceUID: study.data, seriesInstanceUID: series.data, index };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
