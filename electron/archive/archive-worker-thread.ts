import { MessageChannel, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { ArchiveWorkerMethods } from './archive-worker-messages.ts';
import { createArrivalWriter } from './arrival.ts';
import type { IndexLine } from './arrival-messages.ts';
import { readSafely } from './index-database.ts';
import { openReadOnly } from './index-reader.ts';
import type { IndexWriterMethods } from './index-writer-messages.ts';
import { headerOf } from './instance-elements.ts';
import { type ArchiveJobs, JOBS, type JobContext, type JobKind } from './job-table.ts';
import { type JobEvent, JobReporter } from './jobs.ts';
import { describeAhead, type KeepImages, lastDescribed, manifestOf } from './manifest.ts';
import { type AnswerMessage, answer, type CallMessage, type EventMessage, RpcClient } from './rpc.ts';
import type { ArchiveLocation, ArrivalWriter } from './types.ts';

const { location } = workerData as { location: ArchiveLocation };
const port = parentPort;
/** Images are described ahead when nothing was indexed for this long. */
const QUIET_MS = 1_000;

if (port !== null) {
  const database = openReadOnly(location);
  const jobs = new Map<number, Pick<JobReporter<unknown>, 'acknowledge' | 'cancel'>>();
  let index: RpcClient<IndexWriterMethods> | undefined;
  let arrivals: ArrivalWriter | undefined;
  /** Lines of threads that take arrivals in beside this one: given a new way to the index whenever that one is replaced. */
  const lanes = new Set<MessagePort>();
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
    for (const control of lanes) attach(control);
  };

  const attach = (control: MessagePort): void => {
    const { port1, port2 } = new MessageChannel();
    toIndex()
      .call('attach', { port: port1 }, [port1])
      .catch(() => undefined);
    const message: IndexLine = { type: 'index', port: port2 };
    control.postMessage(message, [port2]);
  };

  const arrivalLine = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    lanes.add(port1);
    port1.on('close', () => lanes.delete(port1));
    attach(port1);
    return port2;
  };

  const lookAhead = async (): Promise<void> => {
    described ??= lastDescribed(database);
    for (;;) {
      const last = await describeAhead(location, database, described, keep);
      if (last === undefined || quiet !== undefined) return;
      described = last;
    }
  };

  const context: JobContext = {
    location,
    index: toIndex,
    arrivals: () => {
      if (arrivals === undefined) throw new PhosphorError('internal', 'the archive worker has no line for arrivals');
      return arrivals;
    },
    arrivalLine,
  };

  const run = async <Kind extends JobKind>(
    jobId: number,
    kind: Kind,
    args: ArchiveJobs[Kind]['args'],
  ): Promise<ArchiveJobs[Kind]['result']> => {
    const job = new JobReporter<ArchiveJobs[Kind]['item']>(jobId, emit);
    jobs.set(jobId, job);
    try {
      return await JOBS[kind](context, args, job);
    } catch (thrown) {
      return readSafely(() => {
        throw thrown;
      });
    } finally {
      job.end();
    }
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
    header: ({ sopInstanceUID }) => headerOf(location, sopInstanceUID),
    run: ({ jobId, kind, args }) => run(jobId, kind, args).finally(() => jobs.delete(jobId)),
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
