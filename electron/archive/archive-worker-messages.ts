import type { MessagePort } from 'node:worker_threads';
import type { CommandArgs, InstanceHeaderJson, SeriesManifest } from '../../shared/contract/index.ts';
import type { ArchiveJobs, JobKind } from './job-table.ts';

/** What the main thread asks of the archive worker. */
export type ArchiveWorkerMethods = {
  /** Lines to the index writer: one to call it over, one for arrivals (`arrivalPort()`). Anew each time either thread is replaced. */
  connect(args: { writer: MessagePort; arrivals?: MessagePort }): void;
  manifest(args: CommandArgs<'archive.manifest'>): Promise<SeriesManifest | null>;
  header(args: CommandArgs<'archive.header'>): InstanceHeaderJson;
  /** Runs to its end; items and progress come as events. */
  run(args: { jobId: number; kind: JobKind; args: ArchiveJobs[JobKind]['args'] }): Promise<ArchiveJobs[JobKind]['result']>;
  acknowledge(args: { jobId: number; batches: number }): void;
  cancel(args: { jobId: number }): void;
  /** Something new was indexed: describe images ahead as soon as it is quiet. */
  describeAhead(args: Record<string, never>): void;
  close(args: Record<string, never>): Promise<void>;
};
