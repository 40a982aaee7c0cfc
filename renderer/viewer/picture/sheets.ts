/** Paper with its margins taken off, mm. */
export const PAPERS = {
  A4: { width: 210, height: 297 },
  Letter: { width: 215.9, height: 279.4 },
} as const;
export type PaperName = keyof typeof PAPERS;

export const MARGIN = 10;
/** Room of the header and the footer on a page, mm. */
const HEAD = 16;
const FOOT = 6;

export interface SheetSize {
  readonly width: number;
  readonly height: number;
}

/** What is left for images, mm. */
export function imageArea(paper: PaperName, landscape: boolean): SheetSize {
  const { width, height } = paperArea(paper, landscape);
  return { width: width - 2 * MARGIN, height: height - 2 * MARGIN - HEAD - FOOT };
}

/** The whole sheet, mm: a document brings its own margins. */
export function paperArea(paper: PaperName, landscape: boolean): SheetSize {
  const { width, height } = PAPERS[paper];
  return landscape ? { width: height, height: width } : { width, height };
}

/** How many images stand on a page: columns by rows, on upright paper. */
export const GRIDS = [
  { columns: 1, rows: 1 },
  { columns: 1, rows: 2 },
  { columns: 2, rows: 2 },
  { columns: 2, rows: 3 },
  { columns: 3, rows: 4 },
  { columns: 4, rows: 5 },
] as const;
export type Grid = (typeof GRIDS)[number];

/** Pages of at most `perPage` things, none with those of two studies: each page has one patient at its head. */
export function pagesOf<T extends { readonly studyInstanceUID: string }>(things: readonly T[], perPage: number): T[][] {
  const pages: T[][] = [];
  for (const thing of things) {
    const last = pages.at(-1);
    if (last !== undefined && last.length < perPage && last[0]?.studyInstanceUID === thing.studyInstanceUID) last.push(thing);
    else pages.push([thing]);
  }
  return pages;
}
