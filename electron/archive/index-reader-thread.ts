import { parentPort, workerData } from 'node:worker_threads';
import { readSafely } from './index-database.ts';
import { IndexQueries, type IndexReaderMethods } from './index-queries.ts';
import { answer, type CallMessage } from './rpc.ts';
import type { ArchiveLocation } from './types.ts';

const { location, archiveId } = workerData as { location: ArchiveLocation; archiveId: string };
const port = parentPort;

if (port !== null) {
  const queries = new IndexQueries(location, archiveId);
  const methods: IndexReaderMethods = {
    search: (args) => readSafely(() => queries.search(args)),
    series: ({ studyInstanceUID }) => readSafely(() => queries.series(studyInstanceUID)),
    instances: (args) => readSafely(() => queries.instances(args)),
    present: ({ sopInstanceUIDs }) => queries.present(sopInstanceUIDs),
    stats: () => readSafely(() => queries.stats()),
    close: () => queries.close(),
  };
  port.on('message', (message: CallMessage<IndexReaderMethods>) => answer(port, methods, message));
}
