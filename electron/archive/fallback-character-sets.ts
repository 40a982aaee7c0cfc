import { hash } from 'node:crypto';
import type { ArchiveLocation } from './types.ts';

/**
 * Specific Character Sets by which text is read that declares none, or none that is known (PS3.3 C.12.1.1.2). The files stay as they came; what
 * the lists show is read by these, and read anew when they change.
 */
export interface FallbackCharacterSets {
  /** '' = none. */
  readonly all: string;
  /** AE title that instances came from → its own. */
  readonly bySource: Readonly<Record<string, string>>;
}

export function fallbackFor({ characterSets }: Pick<ArchiveLocation, 'characterSets'>, sourceAETitle: string): string {
  if (characterSets === undefined) return '';
  const source = sourceAETitle.trim();
  return (Object.hasOwn(characterSets.bySource, source) ? characterSets.bySource[source] : undefined) ?? characterSets.all;
}

/** A number for each choice, 0 for none: by it an index knows how its text was read. */
export function characterSetsKey({ characterSets }: Pick<ArchiveLocation, 'characterSets'>): number {
  if (characterSets === undefined) return 0;
  const sources = Object.entries(characterSets.bySource).sort(([a], [b]) => (a < b ? -1 : 1));
  if (characterSets.all === '' && sources.length === 0) return 0;
  return Number.parseInt(hash('sha256', JSON.stringify([characterSets.all, sources])).slice(0, 12), 16);
}
