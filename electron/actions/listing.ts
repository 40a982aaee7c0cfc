import type { ImageRow, MatchRow, PacsNode, Query, SeriesRow } from '../../shared/contract/index.ts';
import { mainThreadTasks } from './main-thread-tasks.ts';
import type { EngineParts } from './types.ts';
import { onAbort } from './waiting.ts';

/** SOP Instance UID → Series Instance UID of what a peer says it holds. */
export type Listing = ReadonlyMap<string, string>;

const MAX_SERIES = 2000;
const MAX_INSTANCES = 100_000;

/**
 * The image-level listing of a study or series (C-FIND, hierarchical: the series first, then the images of each, PS3.4 C.4.1.3.1.1).
 * Undefined when the peer has none for us, when it is larger than we accept, or when `signal` is aborted. Never throws.
 */
export async function listInstances(
  parts: EngineParts,
  node: PacsNode,
  asked: { readonly studyInstanceUID: string; readonly seriesInstanceUID?: string | undefined },
  signal: AbortSignal,
): Promise<Listing | undefined> {
  const { studyInstanceUID } = asked;
  let series = [asked.seriesInstanceUID];
  if (asked.seriesInstanceUID === undefined) {
    const rows = await matches(parts, node, { level: 'series', studyInstanceUID }, isSeries, MAX_SERIES, signal);
    if (rows === undefined) return undefined;
    series = rows.map((row) => row.seriesInstanceUID);
  }
  const listing = new Map<string, string>();
  for (const seriesInstanceUID of new Set(series)) {
    if (seriesInstanceUID === undefined) continue;
    const query: Query = { level: 'image', studyInstanceUID, seriesInstanceUID };
    const rows = await matches(parts, node, query, isImage, MAX_INSTANCES - listing.size, signal);
    if (rows === undefined) return undefined;
    // The asked-for series is the key, not what the row says: some peers leave it out.
    for (const { sopInstanceUID } of rows) listing.set(sopInstanceUID, seriesInstanceUID);
  }
  return listing;
}

const isSeries = (row: MatchRow): row is SeriesRow => row.level === 'series';
const isImage = (row: MatchRow): row is ImageRow => row.level === 'image';

async function matches<R extends MatchRow>(
  parts: EngineParts,
  node: PacsNode,
  query: Query,
  belongs: (row: MatchRow) => row is R,
  limit: number,
  signal: AbortSignal,
): Promise<R[] | undefined> {
  if (signal.aborted) return undefined;
  const peer = await parts.peerOf(node).catch(() => undefined);
  if (peer === undefined || signal.aborted) return undefined;
  const found: R[] = [];
  const operation = parts.pool.find({
    peer,
    clocks: parts.settings().clocks,
    query,
    onMatches: mainThreadTasks.wrap('listing rows', (rows, acknowledge) => {
      for (const row of rows) if (belongs(row)) found.push(row);
      if (found.length > limit) operation.cancel();
      acknowledge();
    }),
  });
  const unwatch = onAbort(signal, () => operation.cancel());
  const end = await operation.done;
  unwatch();
  return end.ok && end.status === 0x0000 && found.length <= limit && !signal.aborted ? found : undefined;
}
