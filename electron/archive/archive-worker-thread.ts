import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { ImportedItem, VerifiedItem } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { ArchiveWorkerMethods } from './archive-worker-messages.ts';
import { createArrivalWriter } from './arrival.ts';
import { rebuildIndex, verifyFiles } from './check-files.ts';
import { importPaths } from './import.ts';
import { readSafely } from './index-database.ts';
import { openReadOnly } from './index-reader.ts';
import type { IndexWriterMethods } from './index-writer-messages.ts';
import { type JobEvent, JobReporter } from './jobs.ts';
import { describeAhead, type KeepImages, lastDescribed, manifestOf } from './manifest.ts';
import { type AnswerMessage, answer, type CallMessage, type EventMessage, RpcClient } from './rpc.ts';
import type { ArchiveLocation, ArrivalWriter, ImportSummary, VerifySummary } from './types.ts';

const { location } = workerData as { location: ArchiveLocation };
const port = parentPort;
/** Images are described ahead when nothing was indexed for this long. */
const QUIET_MS = 1_000;

if (port !== null) {
  const database = openReadOnly(location);
  const jobs = new Map<number, JobReporter<ImportedItem> | JobReporter<VerifiedItem>>();
  let index: RpcClient<IndexWriterMethods> | undefined;
  let arrivals: ArrivalWriter | undefined;
  let quiet: NodeJS.Timeout | undefined;
  let described: number | undefined;

  const emit = (event: JobEvent): void => {
    const message: EventMessage<JobEvent> = { type: 'event', event };
    port.postMessage(message);
  };
  const toIndex = (): RpcClient<IndexWriterMethods> => {
    if (index === undefined) throw new PhosphorError('internal', 'the archive worker has no line to the index');
    return index;
  };
  const keep: KeepImages = (images) => void index?.call('addImages', { images }).catch(() => undefined);

  const connect = (line: MessagePort): void => {
    const client = new RpcClient<IndexWriterMethods>(line);
    line.on('message', (message: AnswerMessage) => client.answered(message));
    line.on('close', () => client.end(new PhosphorError('worker-died', 'the index writer thread ended')));
    index = client;
  };

  const lookAhead = async (): Promise<void> => {
    described ??= lastDescribed(database);
    for (;;) {
      const last = await describeAhead(location, database, described, keep);
      if (last === undefined || quiet !== undefined) return;
      described = last;
    }
  };

  const run = async (
    jobId: number,
    kind: 'import' | 'verify' | 'rebuild',
    paths: readonly string[],
  ): Promise<ImportSummary | VerifySummary> => {
    if (kind === 'import') {
      const writer = arrivals;
      if (writer === undefined) throw new PhosphorError('internal', 'the archive worker has no line for arrivals');
      const job = new JobReporter<ImportedItem>(jobId, emit);
      jobs.set(jobId, job);
      return importPaths(paths, writer, job).finally(() => job.end());
    }
    const job = new JobReporter<VerifiedItem>(jobId, emit);
    jobs.set(jobId, job);
    const target = {
      begin: () => toIndex().call('beginRebuild', {}),
      add: (entries: Parameters<IndexWriterMethods['addToRebuild']>[0]['entries']) => toIndex().call('addToRebuild', { entries }),
      end: (keepIt: boolean) => toIndex().call('endRebuild', { keep: keepIt }),
    };
    return (kind === 'verify' ? verifyFiles(location, job) : rebuildIndex(location, target, job)).finally(() => job.end());
  };

  const methods: ArchiveWorkerMethods = {
    connect: ({ writer, arrivals: line }) => {
      connect(writer);
      if (line !== undefined) arrivals = createArrivalWriter(location, line);
    },
    manifest: async (args) => {
      try {
        return await manifestOf(location, database, args, keep);
      } catch (thrown) {
        return readSafely(() => {
          throw thrown;
        });
      }
    },
    run: ({ jobId, kind, paths }) => run(jobId, kind, paths).finally(() => jobs.delete(jobId)),
    acknowledge: ({ jobId, batches }) => jobs.get(jobId)?.acknowledge(batches),
    cancel: ({ jobId }) => jobs.get(jobId)?.cancel(),
    describeAhead: () => {
      clearTimeout(quiet);
      quiet = setTimeout(() => {
        quiet = undefined;
        lookAhead().catch(() => undefined);
      }, QUIET_MS);
    },
    close: async () => {
      clearTimeout(quiet);
      for (const job of jobs.values()) job.cancel();
      await arrivals?.close();
      database.close();
    },
  };
  port.on('message', (message: CallMessage<ArchiveWorkerMethods>) => answer(port, methods, message));
}
