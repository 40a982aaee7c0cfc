import { create } from 'zustand';
import { LEVELS, type Measured } from './gsdf.ts';
import type { Pattern } from './patterns.ts';

interface Patterns {
  /** Which pattern covers which pane. */
  readonly shown: Readonly<Partial<Record<string, Pattern>>>;
  /** Level of the measuring patch. */
  readonly level: number;
  /** What the reader has measured in this window. */
  readonly measured: readonly Measured[];
  readonly ambient: number;
}

export const usePatterns = create<Patterns>(() => ({ shown: {}, level: LEVELS.at(-1) ?? 255, measured: [], ambient: 0 }));

export function showPattern(pane: string, pattern: Pattern | undefined): void {
  usePatterns.setState(({ shown }) => ({ shown: { ...shown, [pane]: pattern } }));
}
