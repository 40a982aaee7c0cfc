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
import type { ReceptionOptions } from './reception.ts';
import { ReceptionBeside } from './reception-beside.ts';
import { storeService } from './store-scp.ts';
import type { RefusedInstance, StoredInstance } from './types.ts';

// A receiving thread. One owns the port; those beside it are given connections by it, and attend to them in the same way.

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
const openChanged = new Throttle<number>((open) => post({ type: 'open', open }), OPEN_INTERVAL_MS);

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

const options: ReceptionOptions = {
  access: start.access,
  clocks: start.clocks,
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
  onRefused: (caller) => {
    const second = Math.floor(performance.now() / 1000);
    if (second !== refusals.second) Object.assign(refusals, { second, count: 0 });
    refusals.count += 1;
    if (refusals.count <= REFUSALS_PER_SECOND) post({ type: 'turnedAway', caller });
  },
};

const beside = start.isBeside ? new ReceptionBeside(options) : undefined;
const server = start.isBeside
  ? undefined
  : new ListenerServer({
      ...options,
      host: start.host,
      port: start.port,
      ...(start.tls ? { tls: start.tls } : {}),
      threadsBeside: start.threadsBeside,
      askForThread: () => post({ type: 'askForThread' }),
      onOpen: (open) => openChanged.set(open),
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
  await (server ?? beside)?.close();
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
      return (server ?? beside)?.setAccess(message.access);
    case 'expect':
      expectations.add(message.expectation);
      return post({ type: 'done', seq: message.seq });
    case 'unexpect':
      return unexpect(message.seq, message.actionId);
    case 'commitmentTaken':
      return commitmentReports.taken(message.ticket, message.status);
    case 'connect':
      return (server ?? beside)?.connect(message.line);
    case 'noMoreThreads':
      return server?.noMoreThreads();
    case 'close':
      return void close();
  }
});

server?.listen().then(
  (listening) => post({ type: 'listening', port: listening }),
  (thrown) => {
    post({ type: 'failed', error: toErrorData(thrown) });
    process.exit(1);
  },
);
