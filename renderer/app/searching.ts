import { type ActionComplete, type ActionItems, type StudyRow, toErrorData } from '../../shared/contract/index.ts';
import { sentenceOf } from './failure.ts';
import { type ColumnFilters, isBlank, parseSearch, type StudyQuery } from './query.ts';
import { takeSeriesEnd, takeSeriesMatches } from './series.ts';
import { type AppState, anchor, app, client, LOCAL, type SourceSearch, studyOfRow } from './store.ts';
import { clearAway } from './study-commands.ts';
import { HEAD_ROWS, type Sort, StudyList, TAIL_PAGE } from './study-list.ts';

const LOCAL_DEBOUNCE_MS = 120;
const REMOTE_DEBOUNCE_MS = 400;
/** Beyond this many matches of one PACS the find is cancelled and the row says so. */
const MOST_MATCHES = 20_000;
/** Own finds are told from those of another window by this. */
const WINDOW = crypto.randomUUID();

let search = 0;
let localTimer: ReturnType<typeof setTimeout> | undefined;
let remoteTimer: ReturnType<typeof setTimeout> | undefined;

/** New text or filters: the archive is asked while a person types, the PACS when the typing pauses. */
export function setSearch(change: { searchText?: string; filters?: ColumnFilters }): void {
  app.set(change);
  clearTimeout(localTimer);
  clearTimeout(remoteTimer);
  app.set((state) => ({ localSearch: { ...state.localSearch, stale: true } }));
  localTimer = setTimeout(() => void startSearch(false), LOCAL_DEBOUNCE_MS);
}

/** Asks every ticked source at once. `insist`: a PACS also when nothing is asked for in particular. */
export function searchNow(insist = false): void {
  clearTimeout(localTimer);
  clearTimeout(remoteTimer);
  void startSearch(true, insist);
}

async function startSearch(remoteAtOnce: boolean, insist = false): Promise<void> {
  search += 1;
  const mine = search;
  const state = app.get();
  const { query, ignored } = parseSearch(state.searchText, state.filters, new Date());
  cancelFinds(state);
  const askPacs = () => {
    for (const node of app.get().workstation.nodes) {
      if (app.get().excluded[node.nodeId] !== true) void askNode(mine, node.nodeId, query, insist);
    }
  };
  const list = new StudyList(state.sort);
  app.set({ ignoredWords: ignored, blankSearch: isBlank(query) });
  const local = await askArchive(mine, query, state.sort);
  if (mine !== search) return;
  if (local !== undefined) list.replaceLocal(local.studies, local.total, 0);
  anchor.row = 0;
  app.set(({ selected }) => ({
    list,
    listVersion: list.version,
    nodeSearches: {},
    selected: selected !== undefined && list.entries.has(studyOfRow(selected)) ? selected : undefined,
  }));
  if (remoteAtOnce) askPacs();
  else remoteTimer = setTimeout(askPacs, REMOTE_DEBOUNCE_MS);
}

async function askArchive(mine: number, query: StudyQuery, sort: Sort) {
  if (app.get().excluded[LOCAL] === true) {
    app.set({ localSearch: { state: 'idle', matches: 0, stale: false } });
    return undefined;
  }
  app.set(({ localSearch }) => ({ localSearch: { ...localSearch, state: 'searching' } }));
  try {
    const found = await client().invoke('archive.search', { query, sort, offset: 0, limit: HEAD_ROWS });
    if (mine === search)
      app.set({ localSearch: { state: 'done', matches: found.total, stale: false, isLeast: found.totalIsLeast === true } });
    return found;
  } catch (thrown) {
    if (mine === search) app.set({ localSearch: { state: 'failed', matches: 0, stale: false, sentence: sentenceOf(toErrorData(thrown)) } });
    return undefined;
  }
}

async function askNode(mine: number, nodeId: string, query: StudyQuery, insist: boolean): Promise<void> {
  const node = app.get().workstation.nodes.find((one) => one.nodeId === nodeId);
  if (node === undefined || (isBlank(query) && !insist && node.kind !== 'demo')) return;
  setNodeSearch(nodeId, { state: 'searching', matches: 0 });
  try {
    const tag = { search: mine, window: WINDOW, nodeId };
    const { actionId } = await client().invoke('actions.request', {
      action: { command: 'find', nodeId, query: { ...query, level: 'study' } },
      tag,
    });
    if (mine !== search) {
      await client().invoke('actions.cancel', { actionId });
      return;
    }
    const now = app.get().nodeSearches[nodeId];
    if (now?.state === 'searching') setNodeSearch(nodeId, { ...now, actionId });
  } catch (thrown) {
    if (mine === search) setNodeSearch(nodeId, { state: 'failed', matches: 0, sentence: sentenceOf(toErrorData(thrown)) });
  }
}

/** Ticks or unticks a source; only its rows come or go. */
export function includeSource(id: string, include: boolean): void {
  app.set((state) => ({ excluded: { ...state.excluded, [id]: !include } }));
  if (id === LOCAL) {
    void refreshLocal();
    return;
  }
  if (include) {
    const { query } = parseSearch(app.get().searchText, app.get().filters, new Date());
    void askNode(search, id, query, false);
    return;
  }
  dropSource(id);
}

/** Takes a source's rows out and stops asking it. */
export function dropSource(nodeId: string): void {
  const { list, nodeSearches } = app.get();
  cancel(nodeSearches[nodeId]);
  list.removeNode(nodeId);
  const { [nodeId]: _gone, ...rest } = nodeSearches;
  app.set({ listVersion: list.version, nodeSearches: rest });
}

/** Asks one PACS the present question: anew after an error, or for the first time. `insist` as in `searchNow`. */
export function askAgain(nodeId: string, insist = true): void {
  const { query } = parseSearch(app.get().searchText, app.get().filters, new Date());
  if (app.get().nodeSearches[nodeId] !== undefined) dropSource(nodeId);
  void askNode(search, nodeId, query, insist);
}

export function setSort(sort: Sort): void {
  const { list } = app.get();
  list.resort(sort);
  app.set({ sort, listVersion: list.version });
  // Rows that are paged in come in the archive's order: the head is asked for anew.
  if (list.tailLength > 0) void refreshLocal();
}

export function revealLate(): void {
  const { list } = app.get();
  anchor.row = 0;
  list.revealLate();
  app.set({ listVersion: list.version });
}

const pagesAsked = new Set<string>();

/** Loads the rows behind the head that came into view. */
export async function loadTail(page: number): Promise<void> {
  const { list, searchText, filters, sort } = app.get();
  const key = `${search}/${sort.by}/${sort.descending}/${page}`;
  if (list.hasTail(page) || pagesAsked.has(key)) return;
  pagesAsked.add(key);
  try {
    const { query } = parseSearch(searchText, filters, new Date());
    const found = await client().invoke('archive.search', { query, sort, offset: HEAD_ROWS + page * TAIL_PAGE, limit: TAIL_PAGE });
    if (app.get().list !== list) return;
    list.putTail(page, found.studies, found.total);
    const isLeast = found.totalIsLeast === true;
    app.set(({ localSearch }) => ({ listVersion: list.version, localSearch: { ...localSearch, matches: list.localMatches, isLeast } }));
  } catch {
    // The rows stay skeletons; scrolling there again asks again.
  } finally {
    pagesAsked.delete(key);
  }
}

/** Asks the archive anew for the present search and takes over what changed, without touching the PACS' rows. */
export async function refreshLocal(): Promise<void> {
  const state = app.get();
  const mine = search;
  const { query } = parseSearch(state.searchText, state.filters, new Date());
  const found = await askArchive(mine, query, state.sort);
  if (mine !== search) return;
  const { list } = app.get();
  if (found !== undefined || app.get().excluded[LOCAL] === true) list.replaceLocal(found?.studies ?? [], found?.total ?? 0, anchor.row);
  app.set({ listVersion: list.version });
}

/** Counts the archive for the source list. */
export async function refreshArchive(): Promise<void> {
  try {
    const { studies } = await client().invoke('archive.stats', {});
    app.set({ localStudies: studies });
  } catch {
    // The count stays the last one known.
  }
}

/** Rows of a find. Those of an older search are dropped. */
export function takeMatches(event: ActionItems): void {
  const tag = ownTag(event.tag);
  if (tag === undefined) {
    takeSeriesMatches(event);
    return;
  }
  if (tag.search !== search) return;
  const rows: StudyRow[] = [];
  for (const item of event.items) if (item.kind === 'match' && item.row.level === 'study') rows.push(item.row);
  app.get().list.putRemote(tag.nodeId, rows, anchor.row);
  const before = app.get().nodeSearches[tag.nodeId];
  if (before === undefined || before.state === 'capped') return;
  const matches = before.matches + rows.length;
  if (matches >= MOST_MATCHES) cancel({ ...before, actionId: event.actionId });
  setNodeSearch(tag.nodeId, { ...before, actionId: event.actionId, matches, state: matches >= MOST_MATCHES ? 'capped' : 'searching' });
}

/** The end of a find or an echo: the source row says how it went. */
export function takeEnd(complete: ActionComplete): void {
  const { action } = complete;
  if (action.command === 'echo') clearOlder(complete, action.nodeId);
  if (action.command !== 'find') return;
  const tag = ownTag(complete.tag);
  if (tag === undefined) {
    takeSeriesEnd(complete);
    return;
  }
  clearOlder(complete, action.nodeId);
  const good = complete.outcome === 'success' || complete.outcome === 'partial' || complete.outcome === 'cancelled';
  if (good) clearAway([complete.actionId]);
  const before = app.get().nodeSearches[tag.nodeId];
  if (tag.search !== search || before === undefined || before.state === 'capped') return;
  const { actionId: _ended, ...rest } = before;
  const sentence = complete.diagnosis?.sentence ?? complete.errorComment;
  setNodeSearch(tag.nodeId, { ...rest, state: good ? 'done' : 'failed', ...(good || sentence === undefined ? {} : { sentence }) });
}

/** A PACS that does not answer fails every search while a person types: one line of each kind is enough, and none once it answers. */
function clearOlder(newest: ActionComplete, nodeId: string): void {
  if (newest.outcome === 'cancelled') return;
  const older = Object.values(app.get().workstation.finished).filter(({ actionId, action }) => {
    const resolved = newest.outcome === 'success' && (action.command === 'find' || action.command === 'echo');
    return (
      (resolved || action.command === newest.action.command) &&
      'nodeId' in action &&
      action.nodeId === nodeId &&
      actionId !== newest.actionId
    );
  });
  clearAway(older.map(({ actionId }) => actionId));
}

function ownTag(tag: unknown): { search: number; nodeId: string } | undefined {
  if (typeof tag !== 'object' || tag === null || !('window' in tag) || tag.window !== WINDOW) return undefined;
  if (!('search' in tag) || typeof tag.search !== 'number' || !('nodeId' in tag) || typeof tag.nodeId !== 'string') return undefined;
  return { search: tag.search, nodeId: tag.nodeId };
}

function setNodeSearch(nodeId: string, next: SourceSearch): void {
  app.set((state) => ({ nodeSearches: { ...state.nodeSearches, [nodeId]: next } }));
}

function cancelFinds(state: AppState): void {
  for (const one of Object.values(state.nodeSearches)) cancel(one);
}

function cancel(running: SourceSearch | undefined): void {
  if (running?.actionId === undefined || running.state !== 'searching') return;
  client()
    .invoke('actions.cancel', { actionId: running.actionId })
    .catch(() => undefined);
}
