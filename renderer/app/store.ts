import { create } from 'zustand';
import type { Contract, LocalSeries, SeriesRow } from '../../shared/contract/index.ts';
import { recall, remember } from './memory.ts';
import { type ColumnFilters, NO_FILTERS } from './query.ts';
import { NOTHING_KNOWN, type WorkstationState } from './state.ts';
import { type Sort, type StudyEntry, StudyList } from './study-list.ts';

/** How the question to one source stands. */
export interface SourceSearch {
  readonly state: 'idle' | 'searching' | 'done' | 'failed' | 'capped';
  readonly matches: number;
  /** Why it failed, for people. */
  readonly sentence?: string;
  readonly actionId?: string;
}

/** The series of a study as far as they are known, from the archive and from the PACS that was asked. */
export interface SeriesOfStudy {
  readonly state: 'loading' | 'ready' | 'failed';
  readonly local: readonly LocalSeries[];
  readonly remote: readonly SeriesRow[];
  readonly sentence?: string;
  readonly actionId?: string;
}

export interface LocalMessage {
  readonly id: number;
  readonly sentence: string;
  readonly tone: 'good' | 'error';
  readonly undo?: () => void;
}

export type SidePanel = { readonly kind: 'node'; readonly nodeId: string | undefined } | { readonly kind: 'settings' } | undefined;

export interface AppState {
  readonly connection: 'connecting' | 'connected' | 'reconnecting' | 'closed' | 'refused';
  readonly workstation: WorkstationState;
  /** Studies in the archive; undefined until counted. */
  readonly localStudies: number | undefined;
  readonly searchText: string;
  readonly filters: ColumnFilters;
  readonly sort: Sort;
  /** Sources left out of the search, by node ID ("local" for the archive). */
  readonly excluded: Readonly<Record<string, boolean>>;
  readonly ignoredWords: readonly string[];
  readonly blankSearch: boolean;
  readonly list: StudyList;
  readonly listVersion: number;
  /** `isLeast`: there may be more matches than that. */
  readonly localSearch: SourceSearch & { readonly stale: boolean; readonly isLeast?: boolean };
  readonly nodeSearches: Readonly<Record<string, SourceSearch>>;
  /** Row ID: a Study Instance UID, or with a space behind it the Series Instance UID of one of its series. */
  readonly selected: string | undefined;
  readonly expanded: Readonly<Record<string, boolean>>;
  readonly series: Readonly<Record<string, SeriesOfStudy>>;
  /** The study that opens with its first image. */
  readonly opensOnArrival: string | undefined;
  readonly viewing: string | undefined;
  readonly panel: SidePanel;
  readonly drawerOpen: boolean;
  readonly messages: readonly LocalMessage[];
}

export const LOCAL = 'local';

const firstSort = recall<Sort>('sort', { by: 'studyDate', descending: true });

export const useApp = create<AppState>(() => ({
  connection: 'connecting',
  workstation: NOTHING_KNOWN,
  localStudies: undefined,
  searchText: '',
  filters: NO_FILTERS,
  sort: firstSort,
  excluded: recall('excluded', {}),
  ignoredWords: [],
  blankSearch: true,
  list: new StudyList(firstSort),
  listVersion: 0,
  localSearch: { state: 'idle', matches: 0, stale: false },
  nodeSearches: {},
  selected: undefined,
  expanded: {},
  series: {},
  opensOnArrival: undefined,
  viewing: undefined,
  panel: undefined,
  drawerOpen: recall('drawerOpen', false),
  messages: [],
}));

export const app = {
  get: useApp.getState,
  set: useApp.setState,
};

/** The study of a row ID. UIDs hold no space. */
export function studyOfRow(rowId: string): string {
  return rowId.split(' ')[0] ?? rowId;
}

export function selectedEntry({ selected, list }: AppState): StudyEntry | undefined {
  return selected === undefined ? undefined : list.entries.get(studyOfRow(selected));
}

let current: Contract | undefined;

/** The main side; only called after `bindClient`. */
export function client(): Contract {
  if (current === undefined) throw new Error('not connected yet');
  return current;
}

export function bindClient(connected: Contract): void {
  current = connected;
}

/** First row index at which rows may still be let in without moving what the reader looks at; kept by the table, read by the search. */
export const anchor = { row: 0 };

useApp.subscribe((state, before) => {
  if (state.excluded !== before.excluded) remember('excluded', state.excluded);
  if (state.sort !== before.sort) remember('sort', state.sort);
  if (state.drawerOpen !== before.drawerOpen) remember('drawerOpen', state.drawerOpen);
});
