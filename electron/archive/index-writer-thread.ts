import { parentPort, workerData } from 'node:worker_threads';
import { IndexWriter } from './index-writer.ts';
import type { IndexWriterEvent, IndexWriterMethods, WriterThreadData } from './index-writer-messages.ts';
import { answer, type CallMessage, type EventMessage } from './rpc.ts';
import { keepLock } from './shared-guard.ts';
import type { UserDataMethods } from './user-data.ts';
import { UserDataHost } from './user-data-host.ts';

const { location, archiveId } = workerData as WriterThreadData;
const port = parentPort;

if (port !== null) {
  const emit = (event: IndexWriterEvent): void => {
    const message: EventMessage<IndexWriterEvent> = { type: 'event', event };
    port.postMessage(message);
  };
  const writer = new IndexWriter(location, emit);
  const userData = new UserDataHost(location, archiveId, (change) => emit({ type: 'user-data', change }));
  const methods: IndexWriterMethods & UserDataMethods = {
    ...userData.methods(),
    // user.db first: those who read the index attach it.
    open: async ({ volume, arriving }) => {
      const found = userData.open();
      return { ...(await writer.open(volume, arriving)), userData: found };
    },
    returned: () => writer.returned(),
    keepLock: () => (location.guard === undefined ? 'unknown' : keepLock(location.directory, location.guard)),
    attach: (args) => writer.attach(args.port),
    settle: () => writer.settle(),
    serve: (args) => {
      args.port.on('message', (message: CallMessage<IndexWriterMethods>) => answer(args.port, methods, message));
    },
    addImages: ({ images }) => writer.addImages(images),
    markMissing: ({ studyInstanceUID, missing }) => writer.markMissing(studyInstanceUID, missing),
    beginRebuild: ({ restart }) => writer.beginRebuild(restart),
    addToRebuild: ({ entries, forget }) => writer.addToRebuild(entries, forget),
    reachedInRebuild: ({ cursor }) => writer.reachedInRebuild(cursor),
    endRebuild: ({ keep }) => writer.endRebuild(keep),
    forget: ({ sopInstanceUIDs }) => writer.forget(sopInstanceUIDs),
    forgetConflict: ({ sopInstanceUID, sha256 }) => writer.forgetConflict(sopInstanceUID, sha256),
    adopt: ({ entries }) => writer.adopt(entries),
    compact: ({ first }) => writer.compact(first),
    close: () => {
      userData.close();
      writer.close();
    },
  };
  port.on('message', (message: CallMessage<IndexWriterMethods & UserDataMethods>) => answer(port, methods, message));
}
