import { once } from 'node:events';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type Archive, type ArchiveJob, openArchive } from '../../electron/archive/index.ts';
import {
  createAssociationPool,
  type Listener,
  moveMessageIds,
  type Operation,
  type Peer,
  startListener,
} from '../../electron/associations/index.ts';
import { clocks } from '../support/clocks.ts';
import type { Measured, OurMethods, PeerAddress, RetrieveWork, WorkerDelay } from './our-messages.ts';
import { watchCost } from './process-cost.ts';

// What of a workstation takes part in a bench: the association pool, and the archive with its receiver where instances arrive. It runs on and
// on, as a workstation does; the bench (our-side.ts) tells it what to do and hears how long that took.

const AE_TITLE = 'PHOSPHOR';
const CLOCKS = clocks();

const meters: MessagePort[] = [];
const pool = createAssociationPool({ workers: 2, createWorker: createMeteredWorker });
let archive: Archive | undefined;
let listener: Listener | undefined;
let onArrival = (): void => {};

function createMeteredWorker(): Worker {
  const { port1, port2 } = new MessageChannel();
  meters.push(port1);
  port1.unref();
  return new Worker(new URL('./metered-association-thread.ts', import.meta.url), { workerData: { meter: port2 }, transferList: [port2] });
}

const methods: OurMethods = {
  async open({ folder, receiverPort }) {
    archive = await openArchive({ directory: join(folder, 'archive'), databases: join(folder, 'databases'), durable: false });
    if (receiverPort !== undefined) listener = await startReceiver(archive, receiverPort);
    return undefined;
  },

  async close() {
    await listener?.close();
    await archive?.close();
    listener = undefined;
    archive = undefined;
    return undefined;
  },

  import: ({ paths }) =>
    retrieving(async (into) => {
      await ended(into.import(paths));
    }),

  verify: () =>
    measured(async () => {
      if (archive === undefined) throw new Error('no archive is open');
      const { checked, problems } = await ended(archive.verify({ restart: true }));
      return { instances: checked, problems };
    }),

  get: (work) => retrieving((into) => getAll(into, work)),
  move: (work) => retrieving(() => moveAll(work)),

  send: ({ peer, files }) =>
    measured(async () => {
      const result = await succeeded(pool.store({ peer: called(peer), clocks: CLOCKS, files, onSent: () => {} }));
      return { instances: result.sent };
    }),

  async find({ peer }) {
    let delay: WorkerDelay = { p99: 0, max: 0 };
    const counted = await measured(async () => {
      await Promise.all(meters.map((meter) => asked(meter, 'start')));
      const query = { level: 'study', patientName: '*' } as const;
      const onMatches = (_rows: unknown[], acknowledge: () => void) => acknowledge();
      const { matches } = await succeeded(pool.find({ peer: called(peer), clocks: CLOCKS, query, onMatches }));
      const delays = (await Promise.all(meters.map((meter) => asked(meter, 'stop')))) as WorkerDelay[];
      delay = { p99: Math.max(...delays.map(({ p99 }) => p99)), max: Math.max(...delays.map(({ max }) => max)) };
      return { instances: 0, matches };
    });
    return { ...counted, delay };
  },

  echo: ({ peer, repeat }) =>
    measured(async () => {
      const { latencyMs, answered } = await succeeded(pool.echo({ peer: called(peer), clocks: CLOCKS, repeat }));
      if (answered !== repeat) throw new Error(`${answered} of ${repeat} echoes were answered`);
      return { instances: 0, latencyMs };
    }),

  associate: ({ peer, times }) =>
    measured(async () => {
      const each: number[] = [];
      for (let i = 0; i < times; i++) {
        const started = performance.now();
        await succeeded(pool.echo({ peer: called(peer), clocks: CLOCKS }));
        each.push(performance.now() - started);
      }
      return { instances: 0, medianMs: each.sort((a, b) => a - b)[Math.floor(times / 2)] ?? Number.NaN };
    }),
};

/** A job to its end; what it names is taken in at once. */
async function ended<Result>(job: ArchiveJob<unknown, Result>): Promise<Result> {
  job.onItems(() => job.acknowledge(1));
  return await job.done;
}

function called({ port, calledAETitle, maxPDULength }: PeerAddress): Peer {
  return { host: '127.0.0.1', port, calledAETitle, callingAETitle: AE_TITLE, ...(maxPDULength === undefined ? {} : { maxPDULength }) };
}

async function startReceiver(into: Archive, port: number): Promise<Listener> {
  return await startListener({
    host: '127.0.0.1',
    port,
    access: { aeTitle: AE_TITLE, knownAETitles: [], knownHosts: ['127.0.0.1'], acceptAnyone: false },
    clocks: CLOCKS,
    storage: { location: into.location, arrivals: () => into.arrivalPort() },
    events: { onStored: () => onArrival(), onRefused: () => {}, onAssociations: () => {}, onState: () => {} },
  });
}

async function measured<More extends object>(work: () => Promise<More & { instances: number }>): Promise<Measured & More> {
  const cost = await watchCost(process.pid);
  const started = performance.now();
  const result = await work();
  const seconds = (performance.now() - started) / 1000;
  return { ...result, seconds, ...(await cost()) };
}

/** The retrieve is over when everything of it is in the index as well. */
async function retrieving(retrieve: (into: Archive) => Promise<void>): Promise<Measured> {
  const into = archive;
  if (into === undefined) throw new Error('no archive is open');
  const before = await into.stats();
  const counted = await measured(async () => {
    await retrieve(into);
    await into.settled();
    return { instances: 0 };
  });
  const after = await into.stats();
  return { ...counted, instances: after.instances - before.instances };
}

async function getAll(into: Archive, { peer, studyInstanceUID }: RetrieveWork): Promise<void> {
  const result = await succeeded(
    pool.get({
      peer: called(peer),
      clocks: CLOCKS,
      actionId: crypto.randomUUID(),
      studyInstanceUID,
      storage: { location: into.location, arrivals: into.arrivalPort() },
      onPending: () => {},
      onStored: () => {},
      onRefused: () => {},
    }),
  );
  if (result.status !== 0) throw new Error(`C-GET ended with status ${result.status.toString(16)}`);
}

async function moveAll({ peer, studyInstanceUID }: RetrieveWork): Promise<void> {
  const actionId = crypto.randomUUID();
  const messageId = moveMessageIds.take();
  await listener?.expect({ actionId, moveOriginatorAETitle: AE_TITLE, messageId, studyInstanceUID });
  const operation = pool.move({
    peer: called(peer),
    clocks: CLOCKS,
    studyInstanceUID,
    destinationAETitle: AE_TITLE,
    messageId,
    thirdParty: false,
    onPending: () => {},
  });
  onArrival = () => pool.moveProgress(operation.operationId);
  const result = await succeeded(operation);
  await listener?.unexpect(actionId);
  moveMessageIds.release(messageId);
  if (result.status !== 0) throw new Error(`C-MOVE ended with status ${result.status.toString(16)}`);
}

async function succeeded<Result extends { readonly ok: true }>(operation: Operation<Result>): Promise<Result> {
  const result = await operation.done;
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.message}`);
  return result;
}

async function asked(meter: MessagePort, message: 'start' | 'stop'): Promise<unknown> {
  const answer = once(meter, 'message') as Promise<[unknown]>;
  meter.postMessage(message);
  return (await answer)[0];
}

process.on('message', async ({ name, args }: { name: keyof OurMethods; args: never }) => {
  try {
    process.send?.({ result: await methods[name](args) });
  } catch (thrown) {
    process.send?.({ error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
  }
});
process.once('disconnect', async () => {
  await methods.close({});
  await pool.close();
  process.exit(0);
});
process.send?.('ready');
