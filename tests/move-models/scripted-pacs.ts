import { join } from 'node:path';
import { openWorkstation, type Workstation } from '../../electron/workstation/index.ts';
import type { ActionComplete, ContractEvent, PacsNode } from '../../shared/contract/index.ts';
import { freePort } from '../support/free-port.ts';
import {
  Command,
  implicitDataSet,
  type ScriptedConnection,
  type ScriptedMessage,
  ScriptedPeer,
  scriptedCaller,
  smallInstance,
  UIDs,
} from '../support/scripted-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

export const STUDY = '1.2.826.0.1.3680043.10.1';
export const SERIES = `${STUDY}.1`;
export const instanceUIDs = (n: number) => Array.from({ length: n }, (_, i) => `${SERIES}.${i + 1}`);

export interface ScriptedPacsOptions {
  readonly instances: readonly string[];
  /** Where it sends to: it knows this one destination. */
  readonly destinationPort: number;
  /** Says who asked in each C-STORE-RQ; default true. */
  readonly moveOriginator?: boolean;
  /** A pending response after each instance; default false, as many PACS do. */
  readonly pending?: boolean;
  /** Awaited before each instance goes out. */
  readonly beforeEach?: (nth: number) => Promise<void>;
  /** Takes the place of the answer to a C-MOVE. */
  readonly onMove?: (connection: ScriptedConnection, message: ScriptedMessage) => Promise<void>;
  /** How many it really sends, whatever it reports. */
  readonly sends?: number;
}

/**
 * A small PACS by script: lists its one series, and moves it synchronously: one C-STORE after the other, each waiting for its response, and
 * the C-MOVE answered only after the last.
 */
export function scriptedPacs(options: ScriptedPacsOptions): Promise<ScriptedPeer> {
  return ScriptedPeer.listen(async (connection) => {
    const request = await connection.readAssociateRQ();
    connection.acceptAssociate(request, { prefer: UIDs.implicitVRLittleEndian });
    for (;;) {
      let message: ScriptedMessage;
      try {
        message = await connection.readMessage();
      } catch {
        // A-RELEASE-RQ, or the end of the connection.
        connection.sendPDU(6, Buffer.alloc(4));
        connection.socket.end();
        return;
      }
      if (message.command.commandField === Command.echoRQ) connection.respond(message, { status: 0 });
      else if (message.command.commandField === Command.findRQ) answerFind(connection, message, options);
      else if (message.command.commandField !== Command.moveRQ) continue;
      else if (options.onMove !== undefined) await options.onMove(connection, message);
      else await answerMove(connection, message, request.callingAETitle, options);
    }
  });
}

function answerFind(connection: ScriptedConnection, message: ScriptedMessage, { instances }: ScriptedPacsOptions): void {
  const level = /(IMAGE|SERIES|STUDY)/.exec(message.dataSet?.toString('latin1') ?? '')?.[1] ?? '';
  const keys = { 2097165: STUDY, 524370: level };
  const rows =
    level === 'IMAGE'
      ? instances.map((uid) => ({ ...keys, 2097166: SERIES, 524312: uid }))
      : [level === 'SERIES' ? { ...keys, 2097166: SERIES, 524384: 'OT' } : { ...keys, 1048592: 'Doe^Jane' }];
  for (const row of rows) connection.respond(message, { status: 0xff00 }, implicitDataSet(row));
  connection.respond(message, { status: 0 });
}

async function answerMove(
  connection: ScriptedConnection,
  message: ScriptedMessage,
  callingAETitle: string,
  { instances, destinationPort, moveOriginator = true, pending = false, beforeEach, sends = instances.length }: ScriptedPacsOptions,
): Promise<void> {
  const store = await scriptedCaller(destinationPort);
  await store.associate({
    calledAETitle: message.command.moveDestination ?? '',
    callingAETitle: 'SCRIPTED',
    abstractSyntaxes: [UIDs.secondaryCaptureStorage],
  });
  let completed = 0;
  for (const [i, uid] of instances.slice(0, sends).entries()) {
    await beforeEach?.(i + 1);
    const originator = {
      moveOriginatorAETitle: callingAETitle,
      ...(message.command.messageID === undefined ? {} : { moveOriginatorMessageID: message.command.messageID }),
    };
    const status = await store.store(smallInstance(STUDY, SERIES, uid), { messageID: i + 1, ...(moveOriginator ? originator : {}) });
    if (status === 0) completed += 1;
    if (pending) connection.respond(message, { status: 0xff00, remaining: instances.length - i - 1, completed, failed: 0, warning: 0 });
  }
  await store.release();
  connection.respond(message, { status: 0, completed: instances.length, failed: 0, warning: 0 });
}

export interface OpenedWorkstation {
  readonly workstation: Workstation;
  readonly profile: string;
  readonly port: number;
  readonly events: ContractEvent[];
  /** Adds a node for a port on 127.0.0.1 and waits until the receiver listens. */
  addNode(port: number, aeTitle?: string): Promise<PacsNode>;
  completed(actionId: string): Promise<ActionComplete>;
  until(ready: (events: readonly ContractEvent[]) => boolean): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A workstation over its real rooms, with a profile of its own and one association worker. */
export async function openedWorkstation(options: { profile?: string; port?: number } = {}): Promise<OpenedWorkstation> {
  const folder = options.profile === undefined ? await temporaryFolder('workstation') : undefined;
  const profile = options.profile ?? join(folder?.path ?? '', 'profile');
  const port = options.port ?? (await freePort());
  const workstation = await openWorkstation({ profile, port, version: 'test' });
  const events: ContractEvent[] = [];
  const waiters = new Set<() => void>();
  workstation.subscribe((event) => {
    events.push(event);
    if (event.type === 'ActionItems') void workstation.invoke('actions.credit', { actionId: event.actionId, batches: 1 });
    for (const look of [...waiters]) look();
  });
  const until = (ready: (seen: readonly ContractEvent[]) => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!ready(events)) return;
        waiters.delete(look);
        resolve();
      };
      waiters.add(look);
      look();
    });
  return {
    workstation,
    profile,
    port,
    events,
    until,
    async addNode(nodePort, aeTitle = 'SCRIPTED') {
      const draft = { name: `node ${nodePort}`, host: '127.0.0.1', port: nodePort, aeTitle, method: 'move' } as const;
      const { node } = await workstation.invoke('nodes.add', { node: draft });
      await until((seen) => seen.some((event) => event.type === 'ListenerChanged' && event.listener.state === 'listening'));
      return node;
    },
    async completed(actionId) {
      const find = () => events.filter((it) => it.type === 'ActionComplete').find((it) => it.actionId === actionId);
      await until(() => find() !== undefined);
      const complete = find();
      if (complete === undefined) throw new Error('no completion');
      return complete;
    },
    async [Symbol.asyncDispose]() {
      await workstation.close();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

/** Resolves when a server has taken a connection; for tests that must act in the middle of a move. */
export const gate = () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
};
