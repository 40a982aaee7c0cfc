import { parentPort, workerData } from 'node:worker_threads';
import { toErrorData } from '../../shared/contract/phosphor-error.ts';
import { createArrivalWriter } from '../archive/arrival.ts';
import type { ArrivalWriter } from '../archive/types.ts';
import type { ServiceProvider } from '../dicom/network/index.ts';
import {
  commitmentReportProvider,
  mayBePrivateStorage,
  STORAGE_SOP_CLASSES,
  verificationProvider,
  worklistProvider,
} from '../dicom/services/index.ts';
import { openAssociationLog } from './association-log.ts';
import { Batcher, Throttle } from './batcher.ts';
import { CommitmentRelay } from './commitment-relay.ts';
import { CommitmentSCP } from './commitment-scp.ts';
import { Expectations } from './expectations.ts';
import type { FromListenerThread, ListenerStart, ToListenerThread } from './listener-protocol.ts';
import { ListenerServer } from './listener-server.ts';
import { QueryRetrieveArchive } from './query-retrieve.ts';
import { storeService } from './store-scp.ts';
import type { RefusedInstance, StoredInstance } from './types.ts';

// The listener worker: owns the receiving port and everything that comes in by it.

const port = parentPort;
if (!port) throw new Error('listener-thread.ts runs as a worker thread only');

/** Refusals told to the main thread per second: somebody who knocks without end must not keep it busy. */
const REFUSALS_PER_SECOND = 50;
const OPEN_INTERVAL_MS = 100;
/** The index is told of the last arrivals within this when the listener closes. */
const ARRIVALS_CLOSE_MS = 2_000;

// The main side's ListenerHandle wrote it.
const start = workerData as ListenerStart;

function post(message: FromListenerThread): void {
  port?.postMessage(message);
}

const log = openAssociationLog((lines) => post({ type: 'log', lines }), start.associationNumbers);
const expectations = new Expectations();
for (const expectation of start.expectations) expectations.add(expectation);

const stored = new Batcher<StoredInstance>((instances) => post({ type: 'stored', instances }));
const refused = new Batcher<RefusedInstance>((instances) => post({ type: 'refused', instances }));
let open = 0;
const openChanged = new Throttle<number>(() => post({ type: 'associations', change: { open } }), OPEN_INTERVAL_MS);

const arrivals: ArrivalWriter | undefined = start.storage && createArrivalWriter(start.storage.location, start.storage.arrivals);
const archive =
  start.queryRetrieve && new QueryRetrieveArchive({ ...start.queryRetrieve, clocks: start.clocks, aeTitle: start.access.aeTitle });

const commitmentReports = new CommitmentRelay((part) => post({ type: 'commitment', part }));
const reportProvider = commitmentReportProvider((report, { callingAETitle }) => commitmentReports.deliver(report, callingAETitle.trim()));
const commitments =
  start.storageCommitment &&
  new CommitmentSCP({
    ...start.storageCommitment,
    clocks: start.clocks,
    onOwed: (owed) => post({ type: 'commitmentOwed', owed }),
    onDelivered: (delivery) => post({ type: 'commitmentDelivered', delivery }),
  });

const refusals = { second: 0, count: 0 };

const server = new ListenerServer({
  ...start,
  expectations,
  services: (request, { provisional, watch, rules }) => {
    const services: ServiceProvider[] = [verificationProvider()];
    if (arrivals) {
      const context = {
        arrivals,
        expectations,
        onStored: (instance: StoredInstance) => stored.add(instance),
        onRefused: (instance: RefusedInstance) => refused.add(instance),
      };
      const proposed = request.contexts.map(({ abstractSyntax }) => abstractSyntax);
      const privateClasses = rules.acceptPrivateSOPClasses ? proposed.filter(mayBePrivateStorage) : [];
      services.push(storeService(context, request.callingAETitle.trim(), provisional, watch, privateClasses));
    }
    if (archive && !provisional) services.push(...archive.services());
    const { worklist } = start;
    if (worklist && !provisional) services.push(worklistProvider({ entries: () => worklist }));
    if (commitments && !provisional) services.push(commitments.service());
    if (!provisional) services.push(reportProvider);
    return services;
  },
  // What C-GET sends; whether the archive holds any of it is not known yet.
  ...(archive ? { subOperations: (uid: string) => STORAGE_SOP_CLASSES.has(uid) || mayBePrivateStorage(uid) } : {}),
  onOpen: (count) => {
    open = count;
    openChanged.set(count);
  },
  onRefused: (caller) => {
    const second = Math.floor(performance.now() / 1000);
    if (second !== refusals.second) Object.assign(refusals, { second, count: 0 });
    refusals.count += 1;
    if (refusals.count <= REFUSALS_PER_SECOND) post({ type: 'associations', change: { open, refused: caller } });
  },
});

function flush(): void {
  log.flush();
  stored.flush();
  refused.flush();
}

/** Answers when nothing of the retrieve is on its way in any more, and what came has been told. */
function unexpect(seq: number, actionId: string): void {
  let answered = false;
  const answer = () => {
    if (answered) return;
    answered = true;
    clearTimeout(bound);
    flush();
    post({ type: 'done', seq });
  };
  const bound = setTimeout(answer, start.clocks.pduReceive * 1000);
  expectations.remove(actionId, answer);
}

async function close(): Promise<void> {
  commitments?.close();
  await server.close();
  // Everything acknowledged is on disk. An index that cannot keep up finds the rest at the next start.
  await Promise.race([arrivals?.close(), new Promise((resolve) => setTimeout(resolve, ARRIVALS_CLOSE_MS))]);
  archive?.close();
  flush();
  openChanged.flush();
  process.exit(0);
}

port.on('message', (message: ToListenerThread) => {
  switch (message.type) {
    case 'setAccess':
      return server.setAccess(message.access);
    case 'expect':
      expectations.add(message.expectation);
      return post({ type: 'done', seq: message.seq });
    case 'unexpect':
      return unexpect(message.seq, message.actionId);
    case 'commitmentTaken':
      return commitmentReports.taken(message.ticket, message.status);
    case 'close':
      return void close();
  }
});

server.listen().then(
  (listening) => post({ type: 'listening', port: listening }),
  (thrown) => {
    post({ type: 'failed', error: toErrorData(thrown) });
    process.exit(1);
  },
);
