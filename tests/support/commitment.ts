import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { type Archive, openArchive } from '../../electron/archive/index.ts';
import {
  type AccessRules,
  type CommitmentDelivery,
  type Listener,
  type ListenerOptions,
  type ReceivedCommitment,
  startListener,
  type TakeCommitment,
} from '../../electron/associations/index.ts';
import { acceptedSocket, connectSocket } from '../../electron/associations/socket-transport.ts';
import { type Association, acceptAssociation, requestAssociation, type ServiceProvider } from '../../electron/dicom/network/index.ts';
import { commitmentContexts } from '../../electron/dicom/services/index.ts';
import { clocks } from './clocks.ts';

/** A listener of ours, and what it tells of storage commitment. */
export interface CommitmentReceiver {
  readonly listener: Listener;
  readonly unmatched: ReceivedCommitment[];
  readonly deliveries: CommitmentDelivery[];
  /** Ends the listener's thread as a crash would. */
  killThread(): Promise<void>;
  /** Resolves when this holds; looked at again after every event. */
  until(holds: () => boolean): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startCommitmentReceiver(
  options: Partial<Pick<ListenerOptions, 'storageCommitment' | 'clocks' | 'storage' | 'port'>> & {
    access?: Partial<AccessRules>;
    onUnmatched?: TakeCommitment;
  } = {},
): Promise<CommitmentReceiver> {
  const { access, onUnmatched, ...rest } = options;
  const emitter = new EventEmitter();
  const unmatched: ReceivedCommitment[] = [];
  const deliveries: CommitmentDelivery[] = [];
  let thread: Worker | undefined;
  const started: ListenerOptions = {
    host: '127.0.0.1',
    port: 0,
    clocks: clocks(),
    ...rest,
    access: { aeTitle: 'PHOSPHOR', knownAETitles: ['ARCHIVE', 'ORTHANC', 'PHOSPHOR'], knownHosts: [], acceptAnyone: false, ...access },
    events: {
      onStored: () => {},
      onRefused: () => {},
      onAssociations: () => {},
      onState: () => {},
      ...(onUnmatched === undefined
        ? {}
        : {
            onUnmatchedCommitment: async (report: ReceivedCommitment) => {
              await onUnmatched(report);
              unmatched.push(report);
              emitter.emit('event');
            },
          }),
      onCommitmentDelivered: (delivery) => {
        deliveries.push(delivery);
        emitter.emit('event');
      },
    },
  };
  const listener = await startListener(started, (worker) => {
    thread = worker;
  });
  return {
    listener,
    killThread: async () => {
      await thread?.terminate();
    },
    unmatched,
    deliveries,
    until: async (holds) => {
      while (!holds()) await once(emitter, 'event');
    },
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

/** An archive with these files in it. */
export async function archiveOf(folder: string, files: readonly string[]): Promise<Archive> {
  const archive = await openArchive({ directory: join(folder, 'archive'), databases: join(folder, 'databases'), durable: false });
  if (files.length > 0) await archive.import([...files]).done;
  await archive.settled();
  return archive;
}

/** A peer that accepts associations and answers with these services, on a port of its own. */
export async function startServingPeer(services: readonly ServiceProvider[]): Promise<{
  port: number;
  readonly associations: Association[];
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const associations: Association[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    acceptAssociation(acceptedSocket(socket), { clocks: clocks(), services, authorize: () => ({}) }).then(
      (association) => associations.push(association),
      () => {},
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    port: address.port,
    associations,
    [Symbol.asyncDispose]: async () => {
      for (const association of associations) association.abort();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** An association for storage commitment, as the archive that reports (scp) or as its user. */
export async function callForCommitment(
  port: number,
  role: 'scu' | 'scp',
  titles: { callingAETitle?: string; calledAETitle?: string; services?: readonly ServiceProvider[] } = {},
): Promise<Association> {
  const transport = await connectSocket('127.0.0.1', port, 5, AbortSignal.timeout(15_000));
  const { callingAETitle = 'ARCHIVE', calledAETitle = 'PHOSPHOR', services = [] } = titles;
  return await requestAssociation(transport, {
    callingAETitle,
    calledAETitle,
    services,
    contexts: commitmentContexts(role),
    clocks: clocks(),
  });
}
