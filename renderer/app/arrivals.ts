import type { EventOf } from '../../shared/contract/index.ts';
import { parseSearch } from './query.ts';
import { refreshArchive, refreshLocal } from './searching.ts';
import { refreshSeries } from './series.ts';
import { anchor, app, client, LOCAL } from './store.ts';

const REFRESH_MS = 500;
const FIRST_REFRESH_MS = 50;

const changed = new Set<string>();
let scheduled = false;
let everything = false;

/** Studies that arrived or grew: their rows and series are asked for anew, at most twice a second. */
export function takeArrivals(event: EventOf<'StudiesChanged'>): void {
  for (const uid of event.studyInstanceUIDs) changed.add(uid);
  everything ||= event.everything;
  if (!scheduled) scheduleRefresh(changed.size === 1 && !event.everything ? FIRST_REFRESH_MS : REFRESH_MS);
}

function scheduleRefresh(delay: number): void {
  scheduled = true;
  setTimeout(() => void refreshChanged(), delay);
}

async function refreshChanged(): Promise<void> {
  const uids = [...changed];
  const all = everything || uids.length > 20;
  changed.clear();
  everything = false;
  await Promise.all([all ? refreshLocal() : refreshStudies(uids), refreshArchive(), ...uids.slice(0, 20).map(refreshSeries)]);
  openWhatArrived();
  scheduled = false;
  if (changed.size > 0 || everything) scheduleRefresh(REFRESH_MS);
}

async function refreshStudies(uids: readonly string[]): Promise<void> {
  const { list, searchText, filters, sort, excluded } = app.get();
  if (excluded[LOCAL] === true) return;
  const { query } = parseSearch(searchText, filters, new Date());
  for (const uid of uids) {
    // A row that is on the screen stays while its study grows, even where the archive matches a little differently than the PACS did.
    const asked = list.entries.has(uid) ? { studyInstanceUID: uid } : { ...query, studyInstanceUID: uid };
    try {
      const { studies } = await client().invoke('archive.search', { query: asked, sort, offset: 0, limit: 1 });
      if (app.get().list !== list) return;
      if (studies.length > 0) list.updateLocal(studies, anchor.row);
      else if (list.entries.get(uid)?.local !== undefined) list.forgetLocal([uid]);
    } catch {
      // The next change of the study asks again.
    }
  }
  app.set(({ localSearch }) => ({ listVersion: list.version, localSearch: { ...localSearch, matches: list.localMatches } }));
}

function openWhatArrived(): void {
  const { opensOnArrival, list } = app.get();
  if (opensOnArrival === undefined) return;
  if ((list.entries.get(opensOnArrival)?.local?.numberOfInstances ?? 0) > 0)
    app.set({ viewing: opensOnArrival, opensOnArrival: undefined });
}
