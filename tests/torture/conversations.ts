import { mkdir } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dcmtk, startDcmqrscp } from '../support/dcmtk.ts';
import { writeSeries } from '../support/instances.ts';
import type { System } from './system.ts';

export type Side = 'scu' | 'scp';

/** What went over one association, PDU by PDU. */
export interface Conversation {
  readonly name: string;
  readonly kind: 'echo' | 'find' | 'move' | 'get' | 'store';
  /** Who called: our pool (its peers can be replayed to it) or one of DCMTK's tools. */
  readonly caller: 'ours' | 'dcmtk';
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly from: Side;
  readonly pdu: Buffer;
}

/** The study that is in the archive; what finds, moves and gets are about. */
export const STUDY = '1.2.826.0.1.4.1';
/** Part of the UIDs of instances that recordings store: other digits in its place make another instance. */
export const FRESH = '7000001';
export const MOVE_MESSAGE_ID = 77;

/**
 * Records real associations: ours and DCMTK's with our listener, and ours with dcmqrscp. Where DCMTK is not installed there are only ours.
 *
 * @param sinkPort a storage SCP that takes everything, AE title SINK
 */
export async function recordConversations(system: System, folder: string, sinkPort: number): Promise<Conversation[]> {
  const held = await writeSeries(join(folder, 'held'), { study: STUDY, count: 3, size: 32 });
  await system.call('import', { paths: [join(folder, 'held')] });
  await system.call('settle', {});
  const fresh = await writeSeries(join(folder, 'fresh'), { study: `1.2.826.0.1.4.${FRESH}`, count: 2, size: 32 });
  const files = fresh.map(({ path }) => path);
  const recorded: Conversation[] = [];
  await using ours = await Recorder.start(system.port);
  const operations = [
    { kind: 'echo' },
    { kind: 'store', files },
    { kind: 'find' },
    { kind: 'move', study: STUDY, messageId: MOVE_MESSAGE_ID },
    { kind: 'get', study: STUDY },
  ] as const;
  for (const operation of operations) {
    await system.call('operate', { ...operation, port: ours.port });
    recorded.push(...(await ours.take(`${operation.kind} (ours)`, operation.kind, 'ours')));
  }
  if (!(await hasDcmtk())) return recorded;

  const address = ['-aet', 'DCMTK', '-aec', 'PHOSPHOR', '127.0.0.1', String(ours.port)];
  const keys = ['-S', '-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${STUDY}`, '-k', 'PatientName'];
  const got = join(folder, 'got');
  await mkdir(got);
  const tools = [
    ['echo', 'echoscu', address],
    ['store', 'storescu', [...address, ...files]],
    ['find', 'findscu', [...keys, ...address]],
    ['move', 'movescu', [...keys, '-aem', 'SINK', ...address]],
    ['get', 'getscu', [...keys, '-od', got, ...address]],
  ] as const;
  for (const [kind, tool, args] of tools) {
    await dcmtk(tool, ...args);
    recorded.push(...(await ours.take(`${kind} (${tool})`, kind, 'dcmtk')));
  }
  await using pacs = await startDcmqrscp(join(folder, 'dcmqrscp'), { aeTitle: 'PHOSPHOR', destinations: { SINK: sinkPort } });
  await dcmtk('storescu', '-aec', 'PHOSPHOR', '127.0.0.1', String(pacs.port), ...held.map(({ path }) => path));
  await using theirs = await Recorder.start(pacs.port);
  for (const operation of operations) {
    await system.call('operate', { ...operation, port: theirs.port });
    recorded.push(...(await theirs.take(`${operation.kind} (dcmqrscp)`, operation.kind, 'ours')));
  }
  return recorded;
}

async function hasDcmtk(): Promise<boolean> {
  return await dcmtk('echoscu', '--version').then(
    () => true,
    () => false,
  );
}

/** A proxy that keeps every PDU in the order in which it came. */
class Recorder {
  readonly port: number;
  readonly connections: { entries: Entry[]; closed: boolean }[] = [];
  readonly #close: () => Promise<void>;

  static async start(target: number): Promise<Recorder> {
    const sockets = new Set<Socket>();
    const recorder: { it?: Recorder } = {};
    const server = createServer((incoming) => {
      const outgoing = connect({ host: '127.0.0.1', port: target, noDelay: true });
      const connection = { entries: [] as Entry[], closed: false };
      const { it } = recorder;
      it?.connections.push(connection);
      for (const [from, source, sink] of [
        ['scu', incoming, outgoing],
        ['scp', outgoing, incoming],
      ] as const) {
        sockets.add(source);
        source.setNoDelay(true);
        const split = splitter((pdu) => connection.entries.push({ from, pdu }));
        source.on('data', (chunk: Buffer) => {
          split(chunk);
          sink.write(chunk);
        });
        source.on('error', () => undefined);
        source.on('end', () => sink.end());
        source.on('close', () => {
          connection.closed = true;
          sink.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    recorder.it = new Recorder(address.port, async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    });
    return recorder.it;
  }

  private constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  /** The conversations since the last time, when they have ended. */
  async take(name: string, kind: Conversation['kind'], caller: Conversation['caller']): Promise<Conversation[]> {
    const until = Date.now() + 3000;
    while (this.connections.some(({ closed }) => !closed) && Date.now() < until) await pause(10);
    return this.connections
      .splice(0)
      .filter(({ entries }) => entries.some(({ pdu }) => pdu[0] === 4))
      .map(({ entries }) => ({ name, kind, caller, entries }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function splitter(onPdu: (pdu: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 6 && pending.length >= 6 + pending.readUInt32BE(2)) {
      const end = 6 + pending.readUInt32BE(2);
      onPdu(Buffer.from(pending.subarray(0, end)));
      pending = pending.subarray(end);
    }
  };
}
