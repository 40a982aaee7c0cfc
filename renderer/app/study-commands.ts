import type { StudyRow } from '../../shared/contract/index.ts';
import { attempt } from './failure.ts';
import { contentOf, formatDate, formatName } from './format.ts';
import { runningRetrieve } from './promised.ts';
import type { RunningAction } from './state.ts';
import { type AppState, app, client } from './store.ts';
import { type StudyEntry, whereabouts } from './study-list.ts';

/** Opens a study: at once where images of it are here, else with the first one that its retrieve brings. */
export function openStudy(entry: StudyEntry): void {
  if (whereabouts(entry) !== 'remote') {
    app.set({ viewing: entry.uid, opensOnArrival: undefined });
    return;
  }
  app.set({ opensOnArrival: entry.uid });
  if (retrieveOf(app.get(), entry.uid) === undefined) retrieveStudy(entry);
}

/** Asks the best PACS that has the study to send it here; nothing where none has or it is already on its way. */
export function retrieveStudy(entry: StudyEntry): void {
  const nodeId = bestNode(app.get(), entry);
  if (nodeId === undefined || retrieveOf(app.get(), entry.uid) !== undefined) return;
  attempt(async () => {
    clearAway(failedRetrieves(app.get(), entry.uid));
    await client().invoke('actions.request', {
      action: { command: 'retrieve', nodeId, studyInstanceUID: entry.uid, label: labelOf(entry.study).slice(0, 256) },
      tag: { kind: 'retrieve', study: entry.uid },
    });
  });
}

export function cancelAction(actionId: string): void {
  attempt(() => client().invoke('actions.cancel', { actionId }));
}

export function retryAction(actionId: string): void {
  attempt(async () => {
    await client().invoke('actions.retry', { actionId });
    clearAway([actionId]);
  });
}

/** Takes actions off the list that nobody needs to see; that one of them is gone already is no news. */
export function clearAway(actionIds: readonly string[]): void {
  if (actionIds.length === 0) return;
  forgetFinished(actionIds);
  for (const actionId of actionIds) {
    client()
      .invoke('actions.dismiss', { actionId })
      .catch(() => undefined);
  }
}

export function dismissNotice(noticeId: string): void {
  app.set(({ workstation }) => ({
    workstation: { ...workstation, notices: workstation.notices.filter((notice) => notice.noticeId !== noticeId) },
  }));
  attempt(() => client().invoke('notices.dismiss', { noticeId }));
}

function forgetFinished(actionIds: readonly string[]): void {
  app.set(({ workstation }) => ({
    workstation: {
      ...workstation,
      finished: Object.fromEntries(Object.entries(workstation.finished).filter(([id]) => !actionIds.includes(id))),
    },
  }));
}

/** The retrieve of a study that is under way, if there is one. */
export function retrieveOf(state: AppState, uid: string): RunningAction | undefined {
  return runningRetrieve(state.workstation.running, uid);
}

function failedRetrieves(state: AppState, uid: string): string[] {
  return Object.values(state.workstation.finished)
    .filter(({ action, outcome }) => action.command === 'retrieve' && action.studyInstanceUID === uid && outcome !== 'success')
    .map(({ actionId }) => actionId);
}

/** The PACS that says it has most of the study, one that answered its last echo before one that did not. */
function bestNode(state: AppState, entry: StudyEntry): string | undefined {
  const known = entry.nodes.filter((hit) => state.workstation.nodes.some((node) => node.nodeId === hit.nodeId));
  const score = (hit: (typeof known)[number]) =>
    (state.workstation.nodeStates[hit.nodeId]?.echo === 'failed' ? 0 : 1e9) + (hit.numberOfInstances ?? 0);
  return known.sort((a, b) => score(b) - score(a))[0]?.nodeId;
}

/** What people call a study: "Doe, Jane · CT Thorax 2026-11-18". */
export function labelOf(study: StudyRow): string {
  return [formatName(study.patientName), [contentOf(study), formatDate(study.studyDate)].filter(Boolean).join(' ')]
    .filter(Boolean)
    .join(' · ');
}
