import { setTimeout as pause } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { type Archive, openArchive } from '../../electron/archive/index.ts';
import { createAssociationPool, type Operation, startListener } from '../../electron/associations/index.ts';
import type { SystemEvent, SystemMethods, SystemOptions, SystemRequest, SystemState } from './system-protocol.ts';

// The system under test, a process of its own: archive, listener and association pool as the product wires them, and nothing of the torturer.

const options = JSON.parse(process.argv[2] ?? '{}') as SystemOptions;
const location = { directory: `${options.folder}/archive`, databases: `${options.folder}/databases`, durable: false };

const refusedBy: Record<string, number> = {};
const state: { -readonly [Key in keyof SystemState]: SystemState[Key] } = {
  open: 0,
  turnedAway: 0,
  restarts: 0,
  threadsEnded: 0,
  operations: 0,
  stored: 0,
  refused: refusedBy,
};

// Every thread that this process starts: none of them may end before the process is told to close.
let closing = false;
process.on('worker', (worker) => {
  worker.once('error', (thrown) => {
    process.stderr.write(`a thread ended: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  });
  worker.once('exit', () => {
    if (!closing) state.threadsEnded += 1;
  });
});

const archive: Archive = await openArchive(location);
const listener = await startListener({
  host: '127.0.0.1',
  port: 0,
  access: { aeTitle: 'PHOSPHOR', knownAETitles: ['TORTURE', 'BESIDE', 'DCMTK'], knownHosts: [], acceptAnyone: false },
  clocks: options.clocks,
  ...(options.tls === undefined ? {} : { tls: options.tls }),
  storage: { location, arrivals: () => archive.arrivalPort() },
  queryRetrieve: { location, destinations: options.destinations },
  events: {
    onStored: (instances) => {
      state.stored += instances.length;
    },
    onRefused: (instances) => {
      for (const { error } of instances) refusedBy[error.kind] = (refusedBy[error.kind] ?? 0) + 1;
    },
    onAssociations: ({ open, refused }) => {
      state.open = open;
      if (refused !== undefined) state.turnedAway += 1;
    },
    onState: ({ state: now }) => {
      if (now !== 'listening') state.restarts += 1;
    },
  },
});
const pool = createAssociationPool({ workers: 2 });
const threads = new BroadcastChannel('settle');
/** A thread collects when its turn of the event loop comes; pages go back to the system a moment later. */
const COLLECTED_MS = 100;

/** Those that mean something here; the others are what a mutation made of them. */
const STATUSES = new Set([0x0000, 0xa700, 0xa801, 0xa900, 0xb000, 0xc000, 0xfe00, 0x0122, 0x0124, 0x0211]);

function statusName(status: number): string {
  return STATUSES.has(status) ? `status ${status.toString(16)}` : 'another status';
}

const methods: SystemMethods = {
  async operate({ kind, port, messageId = 1, study = '', files = [], destination = 'SINK', cancelAfterMs }) {
    const peer = { host: '127.0.0.1', port, calledAETitle: 'PHOSPHOR', callingAETitle: 'TORTURE' };
    const common = { peer, clocks: options.clocks };
    const started = performance.now();
    const operation = ((): Operation<{ readonly ok: true; readonly status?: number }> => {
      if (kind === 'echo') return pool.echo(common);
      if (kind === 'find') {
        return pool.find({ ...common, query: { level: 'study', patientID: 'P*' }, onMatches: (_rows, acknowledge) => acknowledge() });
      }
      if (kind === 'move') {
        const request = { studyInstanceUID: study, destinationAETitle: destination, messageId, thirdParty: true };
        return pool.move({ ...common, ...request, onPending: () => undefined });
      }
      if (kind === 'get') {
        return pool.get({
          ...common,
          actionId: 'torture',
          studyInstanceUID: study,
          storage: { location, arrivals: archive.arrivalPort() },
          onPending: () => undefined,
          onStored: () => undefined,
          onRefused: () => undefined,
        });
      }
      return pool.store({ ...common, files, onSent: () => undefined });
    })();
    const cancel = cancelAfterMs === undefined ? undefined : setTimeout(() => operation.cancel(), cancelAfterMs);
    const result = await operation.done;
    clearTimeout(cancel);
    const milliseconds = performance.now() - started;
    if (result.ok) return { milliseconds, outcome: result.status === undefined ? 'ok' : statusName(result.status) };
    const { kind: error, clock } = result.error;
    return { milliseconds, outcome: clock === undefined ? error : `${error} (${clock})` };
  },
  async state() {
    return { ...state, operations: pool.workers().reduce((sum, { operations }) => sum + operations, 0) };
  },
  async settle() {
    await archive.settled();
  },
  async import({ paths }) {
    return await archive.import(paths).done;
  },
  async manifests() {
    const { studies } = await archive.search({ query: {}, sort: { by: 'arrivedAt', descending: true }, offset: 0, limit: 1000 });
    let instances = 0;
    let longestMs = 0;
    for (const { studyInstanceUID } of studies) {
      for (const { seriesInstanceUID } of await archive.series(studyInstanceUID)) {
        const started = performance.now();
        instances += (await archive.manifest({ studyInstanceUID, seriesInstanceUID }))?.instances.length ?? 0;
        longestMs = Math.max(longestMs, performance.now() - started);
      }
    }
    return { instances, longestMs };
  },
  async collect() {
    threads.postMessage('now');
    globalThis.gc?.();
    await pause(COLLECTED_MS);
  },
  async close() {
    closing = true;
    threads.close();
    await Promise.all([pool.close(), listener.close()]);
    await archive.close();
  },
};

// A torturer that was killed leaves nothing behind.
process.once('disconnect', () => process.exit());

function tell(event: SystemEvent): void {
  process.send?.(event);
}

process.on('message', ({ seq, method, args }: SystemRequest) => {
  // Each method takes its own arguments; the protocol's types pair them.
  const call = methods[method] as (args: unknown) => Promise<unknown>;
  call(args).then(
    (result) => {
      tell({ seq, result });
      if (method === 'close') process.disconnect();
    },
    (thrown: unknown) => tell({ seq, error: String(thrown) }),
  );
});
tell({ ready: { port: listener.port } });
