import fs from 'node:fs';
import path from 'node:path';
import type { VerifiedItem } from '../../shared/contract/index.ts';
import type { ArchiveLocation } from './types.ts';

/** How far a verify has come; kept beside the index, so that one which was interrupted goes on. */
export interface VerifyCursor {
  /** Rows of the index up to this one are done. */
  readonly last: number;
  readonly checked: number;
  readonly bytes: number;
  readonly problems: number;
  readonly startedAt: number;
  /** The first problems, to be named again. */
  readonly found: readonly VerifiedItem[];
}

/** An older one says too little about how the files are now. */
const MAX_AGE_MS = 7 * 24 * 3_600_000;
const MAX_BYTES = 4_000_000;
const PROBLEMS: ReadonlySet<unknown> = new Set<VerifiedItem['problem']>(['missing-file', 'altered', 'not-indexed', 'unreadable']);

export function readVerifyCursor(location: ArchiveLocation): VerifyCursor | undefined {
  try {
    const file = cursorFile(location);
    if (fs.statSync(file).size > MAX_BYTES) return undefined;
    const parsed: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    return isCursor(parsed) && Date.now() - parsed.startedAt < MAX_AGE_MS ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function writeVerifyCursor(location: ArchiveLocation, cursor: VerifyCursor): void {
  const file = cursorFile(location);
  fs.writeFileSync(`${file}.new`, JSON.stringify(cursor), { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}

export function removeVerifyCursor(location: ArchiveLocation): void {
  fs.rmSync(cursorFile(location), { force: true });
}

const cursorFile = (location: ArchiveLocation): string => path.join(location.databases, 'verify-cursor.json');

function isCursor(value: unknown): value is VerifyCursor {
  if (typeof value !== 'object' || value === null) return false;
  const { last, checked, bytes, problems, startedAt, found } = value as Partial<Record<keyof VerifyCursor, unknown>>;
  return (
    [last, checked, bytes, problems, startedAt].every((one) => Number.isSafeInteger(one)) && Array.isArray(found) && found.every(isItem)
  );
}

function isItem(value: unknown): value is VerifiedItem {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, sopInstanceUID, problem, file } = value as Partial<Record<keyof VerifiedItem, unknown>>;
  return kind === 'problem' && PROBLEMS.has(problem) && typeof file === 'string' && ['string', 'undefined'].includes(typeof sopInstanceUID);
}
