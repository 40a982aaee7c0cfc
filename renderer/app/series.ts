import { type ActionComplete, type ActionItems, type SeriesRow, toErrorData } from '../../shared/contract/index.ts';
import { sentenceOf } from './failure.ts';
import { app, client, type SeriesOfStudy } from './store.ts';
import type { StudyEntry } from './study-list.ts';

/** One series below its study: what we hold of it and what the PACS says there is. */
export interface SeriesEntry {
  readonly uid: string;
  readonly series: SeriesRow;
  readonly here: number;
  readonly there: number | undefined;
}

const NOTHING: SeriesOfStudy = { state: 'loading', local: [], remote: [] };
const KIND = 'series-of-study';

/** Loads the series of a study, from the archive and, where it is not all here, from the first PACS that has it. */
export async function loadSeries(entry: StudyEntry): Promise<void> {
  const { uid } = entry;
  const known = app.get().series[uid];
  if (known !== undefined && known.state !== 'failed') return;
  put(uid, NOTHING);
  const hit = entry.nodes[0];
  try {
    const [local, asked] = await Promise.all([
      entry.local === undefined ? { series: [] } : client().invoke('archive.series', { studyInstanceUID: uid }),
      hit === undefined ? undefined : findSeries(uid, hit.nodeId),
    ]);
    update(uid, (now) => ({
      ...now,
      local: local.series,
      state: asked === undefined || local.series.length > 0 ? 'ready' : now.state,
      ...(asked === undefined ? {} : { actionId: asked.actionId }),
    }));
  } catch (thrown) {
    update(uid, (now) => ({ ...now, state: 'failed', sentence: sentenceOf(toErrorData(thrown)) }));
  }
}

function findSeries(studyInstanceUID: string, nodeId: string) {
  return client().invoke('actions.request', {
    action: { command: 'find', nodeId, query: { level: 'series', studyInstanceUID } },
    tag: { kind: KIND, study: studyInstanceUID },
  });
}

/** Series of a study in the order in which people count them. */
export function seriesEntries(known: SeriesOfStudy | undefined): SeriesEntry[] {
  if (known === undefined) return [];
  const merged = new Map<string, SeriesEntry>();
  for (const row of known.remote) {
    merged.set(row.seriesInstanceUID, { uid: row.seriesInstanceUID, series: row, here: 0, there: row.numberOfInstances });
  }
  for (const row of known.local) {
    const there = merged.get(row.seriesInstanceUID)?.there;
    merged.set(row.seriesInstanceUID, { uid: row.seriesInstanceUID, series: row, here: row.numberOfInstances, there });
  }
  return [...merged.values()].sort(
    (a, b) => (a.series.seriesNumber ?? 1e9) - (b.series.seriesNumber ?? 1e9) || (a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0),
  );
}

export function takeSeriesMatches(event: ActionItems): void {
  const uid = studyOf(event.tag);
  if (uid === undefined) return;
  const rows = event.items.flatMap((item) => (item.kind === 'match' && item.row.level === 'series' ? [item.row] : []));
  update(uid, (now) => ({ ...now, state: 'ready', remote: [...now.remote.filter((old) => !rows.some((row) => same(row, old))), ...rows] }));
}

export function takeSeriesEnd(complete: ActionComplete): void {
  const uid = studyOf(complete.tag);
  if (uid === undefined) return;
  client()
    .invoke('actions.dismiss', { actionId: complete.actionId })
    .catch(() => undefined);
  const sentence = complete.diagnosis?.sentence;
  const failed = complete.outcome !== 'success' && complete.outcome !== 'cancelled';
  update(uid, (now) => ({
    ...now,
    state: failed && now.local.length === 0 ? 'failed' : 'ready',
    ...(failed && sentence !== undefined ? { sentence } : {}),
  }));
}

/** Asks the archive again for the series of a study that is open in the table. */
export async function refreshSeries(uid: string): Promise<void> {
  if (app.get().series[uid] === undefined) return;
  try {
    const { series } = await client().invoke('archive.series', { studyInstanceUID: uid });
    update(uid, (now) => ({ ...now, local: series, state: 'ready' }));
  } catch {
    // The next change of the study asks again.
  }
}

function studyOf(tag: unknown): string | undefined {
  if (typeof tag !== 'object' || tag === null || !('kind' in tag) || tag.kind !== KIND) return undefined;
  return 'study' in tag && typeof tag.study === 'string' ? tag.study : undefined;
}

function same(a: SeriesRow, b: SeriesRow): boolean {
  return a.seriesInstanceUID === b.seriesInstanceUID;
}

function put(uid: string, next: SeriesOfStudy): void {
  app.set((state) => ({ series: { ...state.series, [uid]: next } }));
}

function update(uid: string, change: (now: SeriesOfStudy) => SeriesOfStudy): void {
  put(uid, change(app.get().series[uid] ?? NOTHING));
}
