import { type SeriesEntry, seriesEntries } from '../app/series.ts';
import type { SeriesOfStudy } from '../app/store.ts';
import type { StudyEntry, StudyList } from '../app/study-list.ts';

/** One line of the table. `note` stands where series are loading, missing or could not be had. */
export type Row =
  | { readonly kind: 'study'; readonly id: string; readonly entry: StudyEntry; readonly place: number }
  | { readonly kind: 'series'; readonly id: string; readonly study: StudyEntry; readonly entry: SeriesEntry }
  | { readonly kind: 'note'; readonly id: string; readonly study: StudyEntry; readonly known: SeriesOfStudy | undefined }
  | { readonly kind: 'absent'; readonly id: string; readonly place: number };

export interface Rows {
  readonly length: number;
  at(index: number): Row;
  indexOf(rowId: string): number;
  /** Place among the studies of the row `index`. */
  placeOf(index: number): number;
}

/** The list with the series of expanded studies between its rows. Costs what is expanded, not what is listed. */
export function rowsOf(
  list: StudyList,
  expanded: Readonly<Record<string, boolean>>,
  series: Readonly<Record<string, SeriesOfStudy>>,
): Rows {
  const open = Object.keys(expanded)
    .filter((uid) => expanded[uid] === true)
    .flatMap((uid) => {
      const place = list.indexOf(uid);
      const study = list.entries.get(uid);
      if (place < 0 || study === undefined) return [];
      return [{ uid, place, study, known: series[uid], series: seriesEntries(series[uid]), lines: 0, before: 0 }];
    })
    .sort((a, b) => a.place - b.place);
  let extra = 0;
  for (const one of open) {
    one.lines = Math.max(1, one.series.length);
    one.before = extra;
    extra += one.lines;
  }

  function locate(index: number): { place: number; below: (typeof open)[number] | undefined; line: number } {
    let added = 0;
    for (const one of open) {
      const first = one.place + one.before + 1;
      if (index < first) break;
      if (index < first + one.lines) return { place: one.place, below: one, line: index - first };
      added = one.before + one.lines;
    }
    return { place: index - added, below: undefined, line: 0 };
  }

  return {
    length: list.length + extra,
    at(index) {
      const { place, below, line } = locate(index);
      if (below !== undefined) {
        const entry = below.series[line];
        if (entry === undefined) return { kind: 'note', id: `${below.uid} note`, study: below.study, known: below.known };
        return { kind: 'series', id: `${below.uid} ${entry.uid}`, study: below.study, entry };
      }
      const entry = list.at(place);
      return entry === undefined ? { kind: 'absent', id: `absent ${place}`, place } : { kind: 'study', id: entry.uid, entry, place };
    },
    indexOf(rowId) {
      const [uid = '', seriesUID] = rowId.split(' ');
      const place = list.indexOf(uid);
      if (place < 0) return -1;
      const before = open.filter((one) => one.place < place).reduce((sum, one) => sum + one.lines, 0);
      if (seriesUID === undefined) return place + before;
      const line = open.find((one) => one.uid === uid)?.series.findIndex((one) => one.uid === seriesUID) ?? -1;
      return line < 0 ? place + before : place + before + 1 + line;
    },
    placeOf: (index) => locate(index).place,
  };
}
