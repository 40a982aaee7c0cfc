import { type ActionComplete, type ErrorKind, type ImportedItem, REPORT_FORMS } from '../../shared/contract/index.ts';

/** Files of one import that are kept for its list and its report, of those taken in and of the others. */
const MOST_KEPT = 100_000;

/** What this window saw of an import. */
export interface Tally {
  readonly taken: ImportedItem[];
  readonly others: ImportedItem[];
  /** All that came by, kept or not. */
  seen: number;
}

export type ReasonName =
  | 'not-dicom'
  | 'damaged'
  | 'unreadable'
  | 'not-found'
  | 'unsupported'
  | 'limit-exceeded'
  | 'interrupted'
  | 'storage'
  | 'conflict'
  | 'truncated'
  | 'missing'
  | 'media-directory'
  | 'damaged-directory'
  | 'other';

/** Files of one reason, for the list. */
export interface ReasonGroup {
  readonly reason: ReasonName;
  readonly items: readonly ImportedItem[];
}

/** What came of an import, for people. */
export interface ImportOutcome {
  readonly counts: Readonly<
    Record<'imported' | 'known' | 'conflict' | 'refused' | 'notDicom' | 'missing' | 'truncated' | 'directories', number>
  >;
  readonly groups: readonly ReasonGroup[];
  /** Everything for a report. */
  readonly items: readonly ImportedItem[];
  /** The window did not see all of it. */
  readonly isPart: boolean;
}

const REASONS: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'not-dicom',
  'damaged',
  'unreadable',
  'not-found',
  'unsupported',
  'limit-exceeded',
  'interrupted',
  'storage',
]);

export function takeItems(tally: Tally | undefined, items: readonly ImportedItem[]): Tally {
  const into = tally ?? { taken: [], others: [], seen: 0 };
  into.seen += items.length;
  for (const item of items) {
    const list = reasonOf(item) === undefined ? into.taken : into.others;
    if (list.length < MOST_KEPT) list.push(item);
  }
  return into;
}

/** Where this window saw less than the completion counts, what the completion names stands in. */
export function outcomeOf(
  { details = {}, files = [] }: Pick<ActionComplete, 'details' | 'files'>,
  tally: Tally | undefined,
): ImportOutcome {
  const number = (name: string): number => details[name] ?? 0;
  const notDicom = number('refused: not-dicom');
  const counts = {
    imported: number('imported'),
    known: number('known'),
    conflict: number('conflict'),
    refused: number('refused') - notDicom,
    notDicom,
    missing: number('missing'),
    truncated: number('truncated'),
    directories: number('DICOMDIR'),
  };
  const all = counts.imported + counts.known + counts.conflict + number('refused') + counts.missing + counts.directories;
  const kept = tally === undefined ? 0 : tally.taken.length + tally.others.length;
  const isWhole = tally !== undefined && kept === all;
  const others = isWhole || (tally?.others.length ?? 0) > files.length ? (tally?.others ?? []) : files;
  return { counts, groups: groupsOf(others), items: isWhole ? [...others, ...tally.taken] : others, isPart: !isWhole };
}

/** The text of a report, in pieces for a Blob. */
export function reportText(items: readonly ImportedItem[], form: keyof typeof REPORT_FORMS): string[] {
  const { begin, row, end } = REPORT_FORMS[form];
  return [begin, ...items.map((item, index) => row(item, index === 0)), end];
}

function groupsOf(items: readonly ImportedItem[]): ReasonGroup[] {
  const groups = new Map<ReasonName, ImportedItem[]>();
  for (const item of items) {
    const reason = reasonOf(item) ?? 'other';
    const group = groups.get(reason);
    if (group === undefined) groups.set(reason, [item]);
    else group.push(item);
  }
  return [...groups].map(([reason, group]) => ({ reason, items: group }));
}

/** Nothing for a file that was taken in whole, or was here. */
function reasonOf({ result, truncated, error }: ImportedItem): ReasonName | undefined {
  if (result === 'conflict' || result === 'missing') return result;
  if (result === 'media-directory') return error === undefined ? result : 'damaged-directory';
  if (truncated === true) return 'truncated';
  if (result !== 'refused') return undefined;
  return error !== undefined && isReason(error.kind) ? error.kind : 'other';
}

function isReason(kind: ErrorKind): kind is ErrorKind & ReasonName {
  return REASONS.has(kind);
}
