import {
  type CommandArgs,
  type CommandName,
  type CommandResult,
  type ContractEvent,
  commands,
  contractEvent,
  PhosphorError,
  phosphorError,
  toErrorData,
} from '../../shared/contract/index.ts';
import { checkResult } from './check-result.ts';
import type { Transport } from './transport.ts';
import type { Client, ConnectionState } from './types.ts';

export type Session = Pick<Client, 'invoke' | 'subscribe' | 'connection' | 'onSnapshotNeeded' | 'close'>;

export interface SessionOptions {
  readonly transport: Transport;
  /** Keeps the place in the stream of events and the own actions over a reload. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>;
}

/** sessionStorage's part that is used; declared here so that the session also runs where there is no DOM. */
interface Storage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const STORED = 'phosphor.place';
const SAVE_MS = 250;
const CREDIT_MS = 20;
/** Events held back while a gap is being filled or a snapshot awaited; beyond this a snapshot is needed anyway. */
const MAX_HELD = 20_000;
/** The most that one `actions.credit` may give. */
const EVERY_BATCH = 1000;
const MAX_OWN_ACTIONS = 500;

/**
 * Turns a transport into the contract: validates both directions, delivers every event once and in `seq` order over reloads and
 * reconnections, and gives the credits for the ActionItems of actions that this window started (callers never call `actions.credit`).
 * Resolves when the first connection stands.
 */
export async function createSession({ transport, storage }: SessionOptions): Promise<Session> {
  const listeners = new Set<(event: ContractEvent) => void>();
  const needs = new Set<() => void>();
  const watchers = new Set<() => void>();
  const credits = new Map<string, number>();
  const own = new Set<string>();
  /** Where we are in the stream; undefined until a snapshot or a stored place says so. */
  let place: { epoch: string; seq: number } | undefined;
  /** `live`: deliver. `stale`: only a snapshot helps. A symbol: events wait for the piece of work that it stands for. */
  let mode: 'live' | 'stale' | symbol = 'stale';
  let held: ContractEvent[] = [];
  /** Numbers missing in `held` were taken in before: credited ActionItems are not kept for `session.since`. */
  let holesAllowed = false;
  let snapshotsUnderWay = 0;
  let state: ConnectionState = 'reconnecting';
  let saving: ReturnType<typeof setTimeout> | undefined;
  let crediting: ReturnType<typeof setTimeout> | undefined;

  const setState = (next: ConnectionState): void => {
    if (state === next) return;
    state = next;
    for (const watcher of [...watchers]) watcher();
  };

  const save = (): void => {
    saving ??= setTimeout(() => {
      saving = undefined;
      storage.setItem(STORED, JSON.stringify({ place, own: [...own].slice(-MAX_OWN_ACTIONS) }));
    }, SAVE_MS);
  };

  const invoke = async <C extends CommandName>(command: C, args: CommandArgs<C>): Promise<CommandResult<C>> => {
    const schema = commands[command];
    const checked = schema.args.safeParse(args);
    if (!checked.success)
      throw new PhosphorError('invalid-arguments', `${command}: ${checked.error.issues[0]?.message ?? 'wrong arguments'}`);
    const isSnapshot = command === 'session.snapshot';
    if (isSnapshot) snapshotsUnderWay += 1;
    try {
      const answer = await transport.request(command, checked.data);
      if (!answer.ok) {
        const error = phosphorError.safeParse(answer.error);
        throw error.success
          ? PhosphorError.from(error.data)
          : new PhosphorError('protocol', `${command}: the error is not in the contract`);
      }
      const result = await checkResult(command, answer.result);
      if (result === undefined) throw new PhosphorError('protocol', `${command}: the result is not in the contract`);
      noteResult(command, result);
      return result;
    } finally {
      if (isSnapshot) snapshotsUnderWay -= 1;
    }
  };

  const noteResult = (command: CommandName, result: object): void => {
    if ((command === 'actions.request' || command === 'actions.retry') && 'actionId' in result) {
      own.add(String(result.actionId));
      save();
    } else if (command === 'session.snapshot') {
      const { epoch, seq } = result as CommandResult<'session.snapshot'>;
      place = { epoch, seq };
      save();
      // What was on its way before never comes again: the producers of this window's own rows need not wait for it.
      for (const actionId of own) credit(actionId, EVERY_BATCH);
      // The caller builds its state from this result first: what follows it is delivered in a task of its own.
      const turn = Symbol('snapshot');
      mode = turn;
      setTimeout(() => {
        if (mode !== turn) return;
        mode = 'live';
        drain();
      }, 0);
    }
  };

  const take = (event: ContractEvent): void => {
    if (mode !== 'live' || place === undefined || listeners.size === 0) {
      hold(event);
      return;
    }
    if (event.seq <= place.seq) return;
    if (event.seq > place.seq + 1) {
      hold(event);
      void fill();
      return;
    }
    deliver(event, place);
  };

  const hold = (event: ContractEvent): void => {
    // Nobody has asked for a state yet: what happens before the first snapshot is part of it.
    if (mode === 'stale' && snapshotsUnderWay === 0) return;
    held.push(event);
    if (held.length > MAX_HELD) needSnapshot();
  };

  const deliver = (event: ContractEvent, at: { seq: number }): void => {
    at.seq = event.seq;
    for (const listener of [...listeners]) listener(event);
    save();
    if (event.type === 'ActionItems' && own.has(event.actionId)) credit(event.actionId);
    if (event.type === 'ActionComplete') own.delete(event.actionId);
  };

  const drain = (): void => {
    if (mode !== 'live' || place === undefined || listeners.size === 0) return;
    const waiting = held.sort((a, b) => a.seq - b.seq);
    const overHoles = holesAllowed;
    held = [];
    holesAllowed = false;
    for (const event of waiting) {
      if (overHoles && event.seq > place.seq) place.seq = event.seq - 1;
      take(event);
    }
  };

  /** Asks for what was missed; events that arrive meanwhile wait behind it. */
  const fill = async (): Promise<void> => {
    if (mode !== 'live' || place === undefined) return;
    const turn = Symbol('since');
    mode = turn;
    try {
      const missed = await invoke('session.since', place);
      if (mode !== turn) return;
      if (missed.gap) {
        needSnapshot();
        return;
      }
      mode = 'live';
      held.push(...missed.events);
      holesAllowed = true;
      drain();
    } catch (thrown) {
      if (mode !== turn) return;
      mode = 'live';
      // A broken connection comes back and fills again; anything else means that the stream cannot be continued.
      if (toErrorData(thrown).kind !== 'connection-lost') needSnapshot();
    }
  };

  const needSnapshot = (): void => {
    mode = 'stale';
    held = [];
    for (const listener of [...needs]) listener();
  };

  const credit = (actionId: string, batches = 1): void => {
    credits.set(actionId, Math.min(EVERY_BATCH, (credits.get(actionId) ?? 0) + batches));
    crediting ??= setTimeout(() => {
      crediting = undefined;
      for (const [id, batches] of credits) {
        // A credit that is lost with its connection or comes after the action's end changes nothing.
        invoke('actions.credit', { actionId: id, batches }).catch(() => undefined);
      }
      credits.clear();
    }, CREDIT_MS);
  };

  const stored = restore(storage.getItem(STORED));
  for (const id of stored.own) own.add(id);
  if (stored.place !== undefined) {
    place = stored.place;
    mode = 'live';
  }

  await new Promise<void>((resolve, reject) => {
    transport.start({
      onUp() {
        setState('connected');
        resolve();
        if (mode === 'stale') needSnapshot();
        else {
          mode = 'live';
          void fill();
        }
      },
      onDown: () => setState('reconnecting'),
      onClosed(error) {
        setState('closed');
        reject(PhosphorError.from(error));
      },
      onEvent(raw) {
        const event = contractEvent.safeParse(raw);
        transport.acknowledge(1);
        // What is not in the contract is left out; the hole in `seq` makes the session ask for it again.
        if (event.success) take(event.data);
      },
      onSkipped: () => void fill(),
    });
  });

  return {
    invoke,
    subscribe(listener) {
      const end = enrol(listeners, listener);
      // After a reload, what was missed waits here for the first who listens.
      if (listeners.size === 1) queueMicrotask(drain);
      return end;
    },
    onSnapshotNeeded: (listener) => enrol(needs, listener),
    connection: { get: () => state, subscribe: (listener) => enrol(watchers, listener) },
    close() {
      if (saving !== undefined) clearTimeout(saving);
      if (crediting !== undefined) clearTimeout(crediting);
      transport.close();
    },
  };
}

function enrol<T>(set: Set<T>, member: T): () => void {
  set.add(member);
  return () => {
    set.delete(member);
  };
}

function restore(text: string | null): { place: { epoch: string; seq: number } | undefined; own: string[] } {
  try {
    const value = JSON.parse(text ?? '{}') as { place?: unknown; own?: unknown };
    const place = commands['session.since'].args.safeParse(value.place);
    const own = Array.isArray(value.own) ? value.own.filter((id): id is string => typeof id === 'string') : [];
    return { place: place.success ? place.data : undefined, own: own.slice(-MAX_OWN_ACTIONS) };
  } catch {
    return { place: undefined, own: [] };
  }
}
