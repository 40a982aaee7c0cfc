import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dispatcher, type Handlers } from '../../../electron/workstation/dispatcher.ts';
import { DEFAULT_SETTINGS } from '../../../electron/workstation/settings-text.ts';
import type { Workstation } from '../../../electron/workstation/types.ts';
import {
  type ActionRequest,
  type CommandName,
  type ContractEvent,
  commands,
  type PacsNode,
  PhosphorError,
  type Settings,
  type Tag,
} from '../../../shared/contract/index.ts';

type WithoutSeq<E extends ContractEvent> = E extends unknown ? Omit<E, 'seq'> : never;

export interface FakeWorkstation extends Workstation {
  /** Numbers an event and delivers it. */
  publish(event: WithoutSeq<ContractEvent>): void;
  /** Every call that passed the check of its arguments, in order. */
  readonly calls: { command: string; args: unknown }[];
  /** What this command answers from now on. */
  answerWith(command: CommandName, result: unknown): void;
  /** Events that `session.since` has forgotten up to here. */
  forget(seq: number): void;
  /** What the next actions do once they were asked for. */
  onAction(handler: (actionId: string, action: ActionRequest, tag: Tag) => void): void;
  readonly epoch: string;
  closed: boolean;
}

export const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  durable: false,
  associationWorkers: 1,
  retry: { ...DEFAULT_SETTINGS.retry, delaysSeconds: [1] },
};

const LISTENER = { state: 'listening', aeTitle: 'PHOSPHOR', host: '127.0.0.1', port: 11_112, associations: 0 } as const;

/** The contract in memory, behind the real dispatcher: enough of a workstation for what hosts and clients do with one. */
export function createFakeWorkstation(directory: string): FakeWorkstation {
  const listeners = new Set<(event: ContractEvent) => void>();
  const events: ContractEvent[] = [];
  const nodes: PacsNode[] = [];
  const callers = new Set<string>();
  const calls: { command: string; args: unknown }[] = [];
  const epoch = randomUUID();
  let forgotten = 0;
  let seq = 0;
  let act: (actionId: string, action: ActionRequest, tag: Tag) => void = () => undefined;

  const handlers: Record<string, (args: never) => unknown> = {
    'session.snapshot': () => ({
      seq,
      epoch,
      version: '0',
      profile: directory,
      settings: SETTINGS,
      nodes,
      nodeStates: [],
      listener: LISTENER,
      running: [],
      finished: [],
      notices: [],
    }),
    'session.since': (args: { epoch: string; seq: number }) =>
      args.epoch !== epoch || args.seq < forgotten
        ? { gap: true, events: [] }
        : { gap: false, events: events.filter((event) => event.seq > args.seq) },
    'nodes.add': (args: { node: Omit<PacsNode, 'nodeId' | 'kind'> }) => {
      const node: PacsNode = { ...args.node, nodeId: randomUUID(), kind: 'pacs' };
      nodes.push(node);
      return { node };
    },
    'nodes.remove': (args: { nodeId: string }) => {
      nodes.splice(
        nodes.findIndex((node) => node.nodeId === args.nodeId),
        1,
      );
      return {};
    },
    'nodes.setSecret': () => ({}),
    'callers.set': (args: { username: string; passcode: string | null }) => {
      callers.delete(args.username);
      if (args.passcode !== null) callers.add(args.username);
      return {};
    },
    'callers.list': () => ({ usernames: [...callers] }),
    'listener.start': () => ({ listener: LISTENER }),
    'actions.request': (args: { action: ActionRequest; tag: Tag }) => {
      const actionId = randomUUID();
      setImmediate(() => act(actionId, args.action, args.tag));
      return { actionId };
    },
    'actions.credit': () => ({}),
    'actions.cancel': () => ({}),
    'archive.stats': () => ({ patients: 1, studies: 2, series: 3, instances: 4, bytes: 5000, conflicts: 0, freeBytes: 1e9 }),
    'archive.search': () => ({ total: 0, studies: [] }),
  };

  const recorded = Object.keys(commands).map((command) => [
    command,
    (args: never) => {
      calls.push({ command, args });
      const handler = handlers[command];
      if (handler === undefined) throw new PhosphorError('unsupported', `${command} is not in the fake`);
      return handler(args);
    },
  ]);
  const nothing = () => undefined;
  const dispatcher = new Dispatcher(Object.fromEntries(recorded) as Handlers, { info: nothing, warn: nothing, error: nothing });

  const self: FakeWorkstation = {
    archive: { directory, databases: directory, durable: false },
    calls,
    epoch,
    closed: false,
    invoke: (command, args) => dispatcher.invoke(command, args),
    answerWith(command, result) {
      handlers[command] = () => result;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish(draft) {
      seq += 1;
      const event = { ...draft, seq } as ContractEvent;
      events.push(event);
      for (const listener of [...listeners]) listener(event);
    },
    forget(upTo) {
      forgotten = upTo;
    },
    onAction(handler) {
      act = handler;
    },
    async close() {
      self.closed = true;
    },
  };
  return self;
}

/** A folder of this test's own and the function that removes it. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'phosphor-hosts-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
