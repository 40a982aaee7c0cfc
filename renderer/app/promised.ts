import type { RunningAction, WorkstationState } from './state.ts';

/**
 * Images of a study that a retrieve speaks of: the number that it expects, or `more` while one runs that does not know it yet; undefined where
 * no retrieve of the whole study runs or ended short. A study that is still arriving, or broke off, must never look complete.
 */
export function promisedImages(
  { running, finished }: Pick<WorkstationState, 'running' | 'finished'>,
  uid: string,
): number | 'more' | undefined {
  const arriving = runningRetrieve(running, uid);
  if (arriving !== undefined) return expectedBy(arriving) ?? 'more';
  let newest: (typeof finished)[string] | undefined;
  for (const one of Object.values(finished)) {
    const { action } = one;
    if (action.command !== 'retrieve' || action.studyInstanceUID !== uid || action.seriesInstanceUID !== undefined) continue;
    if (newest === undefined || newest.finishedAt <= one.finishedAt) newest = one;
  }
  return newest === undefined || newest.outcome === 'success' ? undefined : newest.counts.expected;
}

/** The retrieve of a study that is under way, if there is one. */
export function runningRetrieve(running: WorkstationState['running'], uid: string): RunningAction | undefined {
  return Object.values(running).find(({ update: { action } }) => action.command === 'retrieve' && action.studyInstanceUID === uid);
}

/** A retrieve of one series counts that series only. */
function expectedBy({ update: { action, counts } }: RunningAction): number | undefined {
  return action.command === 'retrieve' && action.seriesInstanceUID === undefined ? counts.expected : undefined;
}
