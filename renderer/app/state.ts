import type {
  ActionComplete,
  ActionUpdate,
  CommandResult,
  ContractEvent,
  ListenerState,
  NodeState,
  Notice,
  PacsNode,
  Settings,
} from '../../shared/contract/index.ts';

/** An action that has not ended, with what only a clock on this side can know. */
export interface RunningAction {
  readonly update: ActionUpdate;
  /** Bytes and images a second over the last seconds; undefined until two updates were far enough apart. */
  readonly rate: { readonly bytes: number; readonly images: number } | undefined;
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly at: number;
  readonly bytes: number;
  readonly images: number;
}

/** What the main side says is so, as of the newest event. Plain data; replaced, never changed. */
export interface WorkstationState {
  readonly version: string;
  readonly profile: string;
  readonly settings: Settings | undefined;
  readonly nodes: readonly PacsNode[];
  readonly nodeStates: Readonly<Record<string, NodeState>>;
  readonly listener: ListenerState | undefined;
  readonly running: Readonly<Record<string, RunningAction>>;
  readonly finished: Readonly<Record<string, ActionComplete>>;
  readonly notices: readonly Notice[];
}

export const NOTHING_KNOWN: WorkstationState = {
  version: '',
  profile: '',
  settings: undefined,
  nodes: [],
  nodeStates: {},
  listener: undefined,
  running: {},
  finished: {},
  notices: [],
};

const RATE_WINDOW_MS = 3000;
const RATE_MINIMUM_MS = 400;
const FINISHED_KEPT = 200;

/** The state after a snapshot. */
export function fromSnapshot(snapshot: CommandResult<'session.snapshot'>): WorkstationState {
  const { version, profile, settings, nodes, nodeStates, listener, running, finished, notices } = snapshot;
  return {
    version,
    profile,
    settings,
    nodes,
    nodeStates: Object.fromEntries(nodeStates.map((state) => [state.nodeId, state])),
    listener,
    running: Object.fromEntries(running.map((update) => [update.actionId, { update, rate: undefined, samples: [] }])),
    finished: Object.fromEntries(finished.map((complete) => [complete.actionId, complete])),
    notices,
  };
}

/** The state after one event; `now` in milliseconds of any steady clock. Events that change nothing here return the same state. */
export function afterEvent(state: WorkstationState, event: ContractEvent, now: number): WorkstationState {
  switch (event.type) {
    case 'NodesChanged':
      return { ...state, nodes: event.nodes };
    case 'NodeStateChanged':
      return { ...state, nodeStates: { ...state.nodeStates, [event.state.nodeId]: event.state } };
    case 'SettingsChanged':
      return { ...state, settings: event.settings };
    case 'ListenerChanged':
      return { ...state, listener: event.listener };
    case 'NoticeRaised':
      return { ...state, notices: [...state.notices.filter((notice) => notice.noticeId !== event.notice.noticeId), event.notice] };
    case 'ActionUpdate':
      return afterUpdate(state, event, now);
    case 'ActionComplete':
      return afterComplete(state, event);
    default:
      return state;
  }
}

function afterUpdate(state: WorkstationState, update: ActionUpdate, now: number): WorkstationState {
  const before = state.running[update.actionId];
  if (state.finished[update.actionId] !== undefined || (before !== undefined && before.update.seq >= update.seq)) return state;
  const sample = { at: now, bytes: update.bytes, images: update.counts.received };
  const samples = [...(before?.samples ?? []).filter((one) => now - one.at <= RATE_WINDOW_MS), sample];
  const action = { update, samples, rate: rateOf(samples) ?? before?.rate };
  return { ...state, running: { ...state.running, [update.actionId]: action } };
}

function rateOf(samples: readonly Sample[]): RunningAction['rate'] {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at - first.at < RATE_MINIMUM_MS) return undefined;
  const seconds = (last.at - first.at) / 1000;
  return { bytes: (last.bytes - first.bytes) / seconds, images: (last.images - first.images) / seconds };
}

function afterComplete(state: WorkstationState, complete: ActionComplete): WorkstationState {
  const { [complete.actionId]: _ended, ...running } = state.running;
  const finished = Object.entries({ ...state.finished, [complete.actionId]: complete });
  return { ...state, running, finished: Object.fromEntries(finished.slice(-FINISHED_KEPT)) };
}

/** Seconds until an action has all it expects at the present rate; undefined while nobody can say. */
export function secondsLeft(action: RunningAction): number | undefined {
  const { expected, received } = action.update.counts;
  if (expected === undefined || action.rate === undefined || action.rate.images <= 0 || received >= expected) return undefined;
  return (expected - received) / action.rate.images;
}

/** Actions that belong in the drawer: what a person started, and anything that failed. Finds and echoes that went well only flicker. */
export function drawerActions(state: WorkstationState): { running: RunningAction[]; finished: ActionComplete[] } {
  const running = Object.values(state.running)
    .filter(({ update }) => !isQuiet(update.action.command))
    .sort((a, b) => a.update.startedAt - b.update.startedAt);
  const finished = Object.values(state.finished)
    .filter(({ action, outcome }) => !isQuiet(action.command) || (outcome !== 'success' && outcome !== 'cancelled'))
    .sort((a, b) => b.finishedAt - a.finishedAt);
  return { running, finished };
}

function isQuiet(command: ActionUpdate['action']['command']): boolean {
  return command === 'find' || command === 'echo';
}

export function needsAttention(complete: ActionComplete): boolean {
  return complete.outcome !== 'success' && complete.outcome !== 'cancelled';
}
