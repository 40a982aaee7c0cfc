import type { LocalStudy, StudyRow } from '../../shared/contract/index.ts';
import { formatName } from './format.ts';

/** Where a study was found besides the local archive, and how much of it that PACS says it holds. */
export interface NodeHit {
  readonly nodeId: string;
  readonly numberOfSeries: number | undefined;
  readonly numberOfInstances: number | undefined;
}

/** One study as the table shows it: merged by Study Instance UID over the archive and every PACS. Replaced, never changed. */
export interface StudyEntry {
  readonly uid: string;
  readonly study: StudyRow;
  readonly local: LocalStudy | undefined;
  readonly nodes: readonly NodeHit[];
  readonly sortKey: string;
}

export type SortColumn = 'patientName' | 'patientID' | 'studyDate' | 'modality' | 'studyDescription';

export interface Sort {
  readonly by: SortColumn;
  readonly descending: boolean;
}

/** Rows of a local answer that are merged and sorted with the PACS' rows; those after them are paged in as they scroll into view. */
export const HEAD_ROWS = 400;
export const TAIL_PAGE = 200;
const TAIL_PAGES_KEPT = 20;

export type Whereabouts = 'local' | 'part' | 'remote';

/** What of a study is here. `part` also where we hold fewer images than a PACS or a retrieve (see promisedImages) says there are. */
export function whereabouts(entry: StudyEntry, promised?: number | 'more'): Whereabouts {
  if (entry.local === undefined || entry.local.numberOfInstances === 0) return 'remote';
  const here = entry.local.numberOfInstances;
  if (promised === 'more' || (promised ?? 0) > here) return 'part';
  return entry.nodes.some((hit) => (hit.numberOfInstances ?? 0) > here) ? 'part' : 'local';
}

/** Images of the study, as far as anyone says; undefined where nobody does. */
export function imageCount(entry: StudyEntry): number | undefined {
  const counts = [entry.local?.numberOfInstances, ...entry.nodes.map((hit) => hit.numberOfInstances)].filter((n) => n !== undefined);
  return counts.length === 0 ? undefined : Math.max(...counts);
}

/**
 * The rows of one search. Batches are merged into the sorted order (k log n comparisons for k new rows), never sorted anew; a row that
 * belongs above `anchor` waits in `late` until it is asked for, so that nothing moves under the pointer.
 */
export class StudyList {
  readonly entries = new Map<string, StudyEntry>();
  order: string[] = [];
  late: string[] = [];
  /** Local matches in all, and those of them that are paged in rather than merged. */
  localTotal = 0;
  /** Local matches as of now: those of the last answer, and what arrived or left since. */
  localMatches = 0;
  /** Grows with every change. */
  version = 0;
  sort: Sort;
  readonly #tail = new Map<number, readonly string[]>();

  constructor(sort: Sort) {
    this.sort = sort;
  }

  get tailLength(): number {
    return Math.max(0, this.localTotal - HEAD_ROWS);
  }

  /** Number of study rows, those not yet paged in included. */
  get length(): number {
    return this.order.length + this.tailLength;
  }

  /** The study in row `index`; undefined while its page is not here. */
  at(index: number): StudyEntry | undefined {
    const uid = index < this.order.length ? this.order[index] : this.#tailAt(index - this.order.length);
    return uid === undefined ? undefined : this.entries.get(uid);
  }

  /** Row of a study; -1 where it has none (it waits, or its page is not here). */
  indexOf(uid: string): number {
    const merged = this.order.indexOf(uid);
    if (merged >= 0) return merged;
    for (const [page, uids] of this.#tail) {
      const place = uids.indexOf(uid);
      if (place >= 0) return this.order.length + page * TAIL_PAGE + place;
    }
    return -1;
  }

  /** The first HEAD_ROWS of a local answer. Local rows that are no longer in it go, or stay as their PACS' rows. */
  replaceLocal(studies: readonly LocalStudy[], total: number, anchor: number): void {
    const fresh = new Set(studies.map((study) => study.studyInstanceUID));
    const gone = [...this.entries.values()].filter((entry) => entry.local !== undefined && !fresh.has(entry.uid)).map((entry) => entry.uid);
    this.#tail.clear();
    this.localTotal = total;
    this.localMatches = total;
    this.#removeLocal(gone);
    this.#insert(
      studies.map((study) => this.#withLocal(study)),
      anchor,
    );
  }

  /**
   * A page behind the head, `page` counted from HEAD_ROWS in steps of TAIL_PAGE. `total`: matches as of this page; the archive may not have counted them
   * all at first, so that the list can grow longer by it, never shorter.
   */
  putTail(page: number, studies: readonly LocalStudy[], total: number): void {
    this.localMatches += Math.max(0, total - this.localTotal);
    this.localTotal = Math.max(this.localTotal, total);
    for (const study of studies) this.entries.set(study.studyInstanceUID, this.#withLocal(study));
    this.#tail.set(
      page,
      studies.map((study) => study.studyInstanceUID),
    );
    const oldest = this.#tail.keys().next();
    if (this.#tail.size > TAIL_PAGES_KEPT && !oldest.done) this.#tail.delete(oldest.value);
    this.version += 1;
  }

  hasTail(page: number): boolean {
    return this.#tail.has(page);
  }

  /** Local studies that arrived or grew; `total` counts up by those that are new. */
  updateLocal(studies: readonly LocalStudy[], anchor: number): void {
    const added = studies.filter((study) => this.entries.get(study.studyInstanceUID)?.local === undefined).length;
    this.localMatches += added;
    this.localTotal = Math.min(this.localTotal + added, Math.max(this.localTotal, HEAD_ROWS));
    this.#insert(
      studies.map((study) => this.#withLocal(study)),
      anchor,
    );
  }

  /** Studies that are no longer in the archive. */
  forgetLocal(uids: readonly string[]): void {
    this.localMatches -= uids.filter((uid) => this.entries.get(uid)?.local !== undefined).length;
    this.#removeLocal(uids);
    this.version += 1;
  }

  putRemote(nodeId: string, rows: readonly StudyRow[], anchor: number): void {
    this.#insert(
      rows.map((row) => this.#withHit(nodeId, row)),
      anchor,
    );
  }

  /** Takes a PACS' rows out again (it was unticked or removed). */
  removeNode(nodeId: string): void {
    const drop = new Set<string>();
    for (const entry of this.entries.values()) {
      const nodes = entry.nodes.filter((hit) => hit.nodeId !== nodeId);
      if (nodes.length === entry.nodes.length) continue;
      if (nodes.length === 0 && entry.local === undefined) drop.add(entry.uid);
      else this.entries.set(entry.uid, { ...entry, nodes });
    }
    this.#drop(drop);
    this.version += 1;
  }

  /** Lets the waiting rows in. */
  revealLate(): void {
    const waiting = this.late;
    this.late = [];
    this.#merge(waiting, 0);
    this.version += 1;
  }

  resort(sort: Sort): void {
    this.sort = sort;
    for (const entry of this.entries.values()) this.entries.set(entry.uid, { ...entry, sortKey: sortKey(entry.study, sort.by) });
    this.order = [...this.order, ...this.late].sort(this.#compare);
    this.late = [];
    this.#tail.clear();
    this.version += 1;
  }

  #tailAt(offset: number): string | undefined {
    return this.#tail.get(Math.floor(offset / TAIL_PAGE))?.[offset % TAIL_PAGE];
  }

  #withLocal(local: LocalStudy): StudyEntry {
    const known = this.entries.get(local.studyInstanceUID);
    const { bytes: _bytes, arrivedAt: _arrivedAt, ...study } = local;
    return this.#entry(study, local, known?.nodes ?? []);
  }

  #withHit(nodeId: string, row: StudyRow): StudyEntry {
    const known = this.entries.get(row.studyInstanceUID);
    const hit = { nodeId, numberOfSeries: row.numberOfSeries, numberOfInstances: row.numberOfInstances };
    const nodes = [...(known?.nodes ?? []).filter((other) => other.nodeId !== nodeId), hit];
    return this.#entry(known?.study ?? row, known?.local, nodes);
  }

  #entry(study: StudyRow, local: LocalStudy | undefined, nodes: readonly NodeHit[]): StudyEntry {
    // The row keeps its place while its study grows: the key is made when the row first appears and on a new sort.
    const key = this.entries.get(study.studyInstanceUID)?.sortKey ?? sortKey(study, this.sort.by);
    return { uid: study.studyInstanceUID, study, local, nodes, sortKey: key };
  }

  #insert(entries: readonly StudyEntry[], anchor: number): void {
    const fresh: string[] = [];
    for (const entry of entries) {
      if (!this.entries.has(entry.uid)) fresh.push(entry.uid);
      this.entries.set(entry.uid, entry);
    }
    this.#merge(fresh, anchor);
    this.version += 1;
  }

  #merge(uids: readonly string[], anchor: number): void {
    if (uids.length === 0) return;
    const batch = [...uids].sort(this.#compare);
    const merged: string[] = [];
    let taken = 0;
    for (const uid of batch) {
      const place = this.#placeOf(uid, taken);
      if (place < anchor) {
        this.late.push(uid);
        continue;
      }
      for (; taken < place; taken += 1) merged.push(this.order[taken] as string);
      merged.push(uid);
    }
    if (merged.length === 0) return;
    for (; taken < this.order.length; taken += 1) merged.push(this.order[taken] as string);
    this.order = merged;
  }

  /** Index before which `uid` belongs, not below `from`. */
  #placeOf(uid: string, from: number): number {
    let low = from;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.order[middle] ?? '', uid) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  readonly #compare = (a: string, b: string): number => {
    const left = this.entries.get(a);
    const right = this.entries.get(b);
    if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? 1 : -1;
    const byKey = order(left.sortKey, right.sortKey) * (this.sort.descending ? -1 : 1);
    return byKey || -order(left.study.studyDate + left.study.studyTime, right.study.studyDate + right.study.studyTime) || order(a, b);
  };

  #removeLocal(uids: readonly string[]): void {
    const drop = new Set<string>();
    for (const uid of uids) {
      const entry = this.entries.get(uid);
      if (entry === undefined) continue;
      if (entry.nodes.length === 0) drop.add(uid);
      else this.entries.set(uid, { ...entry, local: undefined });
    }
    this.#drop(drop);
  }

  #drop(uids: ReadonlySet<string>): void {
    if (uids.size === 0) return;
    for (const uid of uids) this.entries.delete(uid);
    this.order = this.order.filter((uid) => !uids.has(uid));
    this.late = this.late.filter((uid) => !uids.has(uid));
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const KEY_OF: Readonly<Record<SortColumn, (study: StudyRow) => string>> = {
  patientName: (study) => fold(formatName(study.patientName)),
  patientID: (study) => fold(study.patientID),
  studyDate: (study) => study.studyDate + study.studyTime,
  modality: (study) => study.modalities.join(' '),
  studyDescription: (study) => fold(study.studyDescription),
};

/** Comparable text: without case and accents, so that a plain comparison orders it (a collator costs too much per row). */
function sortKey(study: StudyRow, by: SortColumn): string {
  return KEY_OF[by](study);
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
