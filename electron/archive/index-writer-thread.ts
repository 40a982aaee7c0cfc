import { parentPort, workerData } from 'node:worker_threads';
import { IndexWriter } from './index-writer.ts';
import type { IndexWriterEvent, IndexWriterMethods, WriterThreadData } from './index-writer-messages.ts';
import { answer, type CallMessage, type EventMessage } from './rpc.ts';

const { location } = workerData as WriterThreadData;
const port = parentPort;

if (port !== null) {
  const writer = new IndexWriter(location, (event) => {
    const message: EventMessage<IndexWriterEvent> = { type: 'event', event };
    port.postMessage(message);
  });
  const methods: IndexWriterMethods = {
    open: () => writer.open(),
    attach: (args) => writer.attach(args.port),
    settle: () => writer.settle(),
    serve: (args) => {
      args.port.on('message', (message: CallMessage<IndexWriterMethods>) => answer(args.port, methods, message));
    },
    addImages: ({ images }) => writer.addImages(images),
    markMissing: ({ studyInstanceUID, missing }) => writer.markMissing(studyInstanceUID, missing),
    beginRebuild: () => writer.beginRebuild(),
    addToRebuild: ({ entries }) => writer.addToRebuild(entries),
    endRebuild: ({ keep }) => writer.endRebuild(keep),
    close: () => writer.close(),
  };
    forget: ({ sopInstanceUIDs }) => writer.forget(sopInstanceUIDs),
    forgetConflict: ({ sopInstanceUID, sha256 }) => writer.forgetConflict(sopInstanceUID, sha256),
    adopt: ({ entries }) => writer.adopt(entries),
    compact: ({ first }) => writer.compact(first),
  port.on('message', (message: CallMessage<IndexWriterMethods>) => answer(port, methods, message));
}
