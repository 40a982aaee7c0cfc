import { comparePictures, comparePixels, compareSeriesFile, type Outcome } from './compare.ts';
import { type Row, readTable } from './tables.ts';

/** One line of a table of references, and how we stand to it. */
export interface Finding {
  readonly name: string;
  readonly outcome: Outcome;
}

/** Decoded pixels of every file of REFERENCE.tsv. */
export const referencePixels = (folder: string): AsyncGenerator<Finding> => each(folder, 'REFERENCE.tsv', comparePixels);

/** Drawn pictures of every file of REFERENCE.tsv. */
export const referencePictures = (folder: string): AsyncGenerator<Finding> => each(folder, 'REFERENCE.tsv', comparePictures);

/** Decoded pixels of every file of SERIES-REFERENCE.tsv. */
export const seriesPixels = (folder: string): AsyncGenerator<Finding> => each(folder, 'SERIES-REFERENCE.tsv', compareSeriesFile);

async function* each(folder: string, table: string, compare: (folder: string, row: Row) => Promise<Outcome>): AsyncGenerator<Finding> {
  for (const row of readTable(folder, table)) {
    const outcome = await compare(folder, row);
    if (outcome.kind !== 'none') yield { name: row.path ?? '', outcome };
  }
}

/** Findings counted by kind. */
export interface Count {
  readonly files: number;
  readonly equal: number;
  readonly within: number;
  readonly different: readonly Finding[];
  readonly refused: readonly Finding[];
}

export async function countFindings(findings: AsyncIterable<Finding>): Promise<Count> {
  const all: Finding[] = [];
  for await (const finding of findings) all.push(finding);
  const of = (kind: Outcome['kind']) => all.filter(({ outcome }) => outcome.kind === kind);
  return {
    files: all.length,
    equal: of('equal').length,
    within: of('within tolerance').length,
    different: of('different'),
    refused: of('refused'),
  };
}
