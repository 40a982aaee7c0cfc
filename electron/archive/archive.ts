import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type {
  ArchiveStats,
  CommandArgs,
  CommandResult,
  ImportedItem,
  InstanceHeaderJson,
  LocalSeries,
  Notice,
  SeriesManifest,
  VerifiedItem,
} from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { ArchiveVolume } from './archive-volume.ts';
import type { ArchiveWorkerMethods } from './archive-worker-messages.ts';
import type { IndexLine } from './arrival-messages.ts';
import { INDEX_DAMAGED } from './index-damaged.ts';
import { setAsideDatabase } from './index-database.ts';
import type { IndexReaderMethods } from './index-queries.ts';
import type { IndexWriterEvent, IndexWriterMethods, OpenReport } from './index-writer-messages.ts';
import { RunningJob } from './job.ts';
import type { ArchiveJobs, JobKind } from './job-table.ts';
import type { JobEvent } from './jobs.ts';
import { indexFile } from './layout.ts';
import { ArchiveThread } from './thread.ts';
import type { Archive, ArchiveJob, ArchiveLocation, ImportSummary, OpenArchive, UserCommand, VerifySummary } from './types.ts';
import type { UserDataChange, UserDataMethods } from './user-data.ts';
import type { UserDataReport } from './user-data-host.ts';

/** See OpenArchive. Resolves when what a crash left is repaired; an index that has to be rebuilt is rebuilt behind it (`settled` waits). */
export const openArchive: OpenArchive = async (location, expected) => {
  const archive = new LocalArchive(await ArchiveVolume.open(location, expected));
  try {
    await archive.start();
    return archive;
  } catch (thrown) {
    await archive.abandon();
    throw thrown;
  }
};

type NoticeText = Omit<Notice, 'noticeId' | 'at'>;
type Changed = { studyInstanceUIDs: string[]; everything: boolean };

const nothing: Record<string, never> = {};
/** Jobs that an archive on a disk that cannot be written does. */
const READING: ReadonlySet<JobKind> = new Set<JobKind>(['verify', 'rebuild', 'export', 'conflicts', 'trash', 'compact']);
/** Left to themselves, the young generations of threads that read and write much grow to 48 MB each. */
const YOUNG = { maxYoungGenerationSizeMb: 12 } as const;
/** A study counts as open for so long after its images were asked for: a window does not say when it is closed. */
const OPEN_MS = 24 * 3_600_000;
const MAX_OPEN = 1_000;

/** Routes every call to the thread of its kind; holds no data and reads no file itself. */
class LocalArchive implements Archive {
  readonly location: ArchiveLocation;
  readonly archiveId: string;
  readonly #volume: ArchiveVolume;
  readonly #writer: ArchiveThread<IndexWriterMethods & UserDataMethods, IndexWriterEvent>;
  #reader: ArchiveThread<IndexReaderMethods, never> | undefined;
  #worker: ArchiveThread<ArchiveWorkerMethods, JobEvent> | undefined;
  readonly #arrivalLines = new Set<MessagePort>();
  readonly #jobs = new Map<number, RunningJob<unknown, unknown>>();
  readonly #changedListeners: ((change: Changed) => void)[] = [];
  readonly #userDataListeners: ((change: UserDataChange) => void)[] = [];
  readonly #noticeListeners: ((notice: NoticeText) => void)[] = [];
  /** Raised before anyone listened. */
  readonly #earlyNotices: NoticeText[] = [];
  /** Study Instance UID → when its images were last asked for. */
  readonly #opened = new Map<string, number>();
  #nextJob = 1;
  #rebuilding: Promise<void> | undefined;
  #recovering: Promise<void> | undefined;
  #finishing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(volume: ArchiveVolume) {
    const { location } = volume;
    this.location = location;
    this.archiveId = volume.archiveId;
    this.#volume = volume;
    this.#writer = new ArchiveThread<IndexWriterMethods & UserDataMethods, IndexWriterEvent>({
      name: 'index writer',
      start: () =>
        new Worker(new URL('./index-writer-thread.ts', import.meta.url), {
          workerData: { location, archiveId: volume.archiveId },
          resourceLimits: YOUNG,
        }),
      onEvent: (event) => this.#onWriterEvent(event),
      onReplaced: () => {
        if (this.#recovering === undefined) this.#recoverBy(this.#reopen(false));
      },
    });
  }

  async start(): Promise<void> {
    const report = await this.#writer.call('open', { volume: this.#volume.state, arriving: false });
    this.#startReaders();
    this.#connectWorker(true);
    this.#reportOpening(report);
    if (this.#volume.state === 'there') this.#finishing = this.#finishTrash();
    this.#volume.tell({
      notice: (severity, sentence) => this.#notice(severity, sentence),
      returned: () => this.#returned(),
      keepLock: () => this.#writer.call('keepLock', nothing),
    });
  }

  /** After a failed start. */
  async abandon(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#reader?.close(), this.#worker?.close()]);
    this.#volume.close();
  }

  arrivalPort(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#arrivalLines.add(port1);
    port1.on('close', () => this.#arrivalLines.delete(port1));
    port1.unref();
    this.#attachArrivals(port1);
    return port2;
  }

  search(args: CommandArgs<'archive.search'>): Promise<CommandResult<'archive.search'>> {
    return this.#read('search', args);
  }

  series(studyInstanceUID: string): Promise<LocalSeries[]> {
    return this.#read('series', { studyInstanceUID });
  }

  instances(args: CommandArgs<'archive.instances'>): Promise<CommandResult<'archive.instances'>['instances']> {
    return this.#read('instances', args);
  }

  present(sopInstanceUIDs: readonly string[]): Promise<string[]> {
    return this.#read('present', { sopInstanceUIDs });
  }

  user<Command extends UserCommand>(command: Command, args: CommandArgs<Command>): Promise<CommandResult<Command>> {
    this.#open(this.#reader);
    return this.#writer.call<UserCommand>(command, args) as Promise<CommandResult<Command>>;
  }

  markMissing(studyInstanceUID: string, missing: number): Promise<void> {
    this.#open(this.#reader);
    return this.#writer.call('markMissing', { studyInstanceUID, missing });
  }

  stats(): Promise<ArchiveStats> {
    return this.#read('stats', nothing);
  }

  manifest(args: CommandArgs<'archive.manifest'>): Promise<SeriesManifest | null> {
    this.#opened.delete(args.studyInstanceUID);
    this.#opened.set(args.studyInstanceUID, Date.now());
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > MAX_OPEN && oldest !== undefined) this.#opened.delete(oldest);
    return this.#watched(this.#open(this.#worker).call('manifest', args));
  }

  header(args: CommandArgs<'archive.header'>): Promise<InstanceHeaderJson> {
    return this.#watched(this.#open(this.#worker).call('header', args));
  }

  openStudies(): string[] {
    const since = Date.now() - OPEN_MS;
    return [...this.#opened].filter(([, at]) => at >= since).map(([uid]) => uid);
  }

  import(paths: readonly string[], dropId?: string): ArchiveJob<ImportedItem, ImportSummary> {
    return this.job('import', { paths, dropId });
  }

  verify(options: { restart?: boolean } = {}): ArchiveJob<VerifiedItem, VerifySummary> {
    return this.job('verify', options);
  }

  rebuild(options: { restart?: boolean } = {}): ArchiveJob<VerifiedItem, VerifySummary> {
    return this.job('rebuild', options);
  }

  job<Kind extends JobKind>(
    kind: Kind,
    args: ArchiveJobs[Kind]['args'],
  ): ArchiveJob<ArchiveJobs[Kind]['item'], ArchiveJobs[Kind]['result']> {
    const jobId = this.#nextJob;
    this.#nextJob += 1;
    const worker = this.#open(this.#worker);
    this.#volume.check(!READING.has(kind));
    const job = new RunningJob<ArchiveJobs[Kind]['item'], ArchiveJobs[Kind]['result']>(
      worker.call('run', { jobId, kind, args }) as Promise<ArchiveJobs[Kind]['result']>,
      (batches) => void worker.call('acknowledge', { jobId, batches }).catch(() => undefined),
      () => void worker.call('cancel', { jobId }).catch(() => undefined),
    );
    this.#jobs.set(jobId, job as unknown as RunningJob<unknown, unknown>);
    const forget = (): void => void this.#jobs.delete(jobId);
    this.#watched(job.done).then(forget, forget);
    return job;
  }

  onChanged(listener: (change: Changed) => void): void {
    this.#changedListeners.push(listener);
  }

  onUserData(listener: (change: UserDataChange) => void): void {
    this.#userDataListeners.push(listener);
  }

  onNotice(listener: (notice: NoticeText) => void): void {
    this.#noticeListeners.push(listener);
    for (const notice of this.#earlyNotices.splice(0)) listener(notice);
  }

  async settled(): Promise<void> {
    await this.#finishing;
    await this.#recovering;
    await this.#volume.settled();
    await this.#rebuilding;
    if (this.#volume.state === 'there') await this.#writer.call('settle', nothing);
  }

  async killThreads(): Promise<void> {
    await Promise.all([this.#writer.kill(), this.#reader?.kill(), this.#worker?.kill()]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    const gone = (): undefined => undefined;
    for (const job of this.#jobs.values()) job.cancel();
    await this.#worker?.call('close', nothing).catch(gone);
    await this.#worker?.close();
    await this.#writer.call('settle', nothing).catch(gone);
    for (const line of this.#arrivalLines) line.close();
    // The last connection to go writes the journal back into index.db.
    await this.#reader?.call('close', nothing).catch(gone);
    await this.#writer.call('close', nothing).catch(gone);
    await Promise.all([this.#writer.close(), this.#reader?.close()]);
    this.#volume.close();
  }

  #startReaders(): void {
    const { location, archiveId } = this;
    this.#reader = new ArchiveThread<IndexReaderMethods, never>({
      name: 'index reader',
      start: () =>
        new Worker(new URL('./index-reader-thread.ts', import.meta.url), { workerData: { location, archiveId }, resourceLimits: YOUNG }),
      onEvent: () => undefined,
      onReplaced: () => undefined,
    });
    this.#worker = new ArchiveThread<ArchiveWorkerMethods, JobEvent>({
      name: 'archive worker',
      start: () => new Worker(new URL('./archive-worker-thread.ts', import.meta.url), { workerData: { location }, resourceLimits: YOUNG }),
      onEvent: (event) => this.#jobs.get(event.jobId)?.take(event),
      onReplaced: () => {
        // A rebuild that its thread did not live to end must not block the next one.
        this.#writer.call('endRebuild', { keep: false }).catch(() => undefined);
        this.#connectWorker(true);
      },
    });
  }

  /** Gives the archive worker its lines to the index writer; `withArrivals` when the worker itself is new. */
  #connectWorker(withArrivals: boolean): void {
    if (this.#closing !== undefined) return;
    const { port1, port2 } = new MessageChannel();
    const arrivals = withArrivals ? this.arrivalPort() : undefined;
    const ignore = (): void => undefined;
    this.#writer.call('serve', { port: port1 }, [port1]).catch(ignore);
    const transfer = arrivals === undefined ? [port2] : [port2, arrivals];
    this.#worker?.call('connect', { writer: port2, ...(arrivals === undefined ? {} : { arrivals }) }, transfer).catch(ignore);
  }

  #attachArrivals(control: MessagePort): void {
    const { port1, port2 } = new MessageChannel();
    this.#writer.call('attach', { port: port1 }, [port1]).catch(() => undefined);
    const message: IndexLine = { type: 'index', port: port2 };
    control.postMessage(message, [port2]);
  }

  /**
   * A fresh index writer thread: opens the index and gets all lines again; writers then send what it had not committed. Where the index is
   * another file than before, the threads that read it are replaced.
   */
  async #reopen(isOther: boolean): Promise<void> {
    const report = await this.#writer.call('open', { volume: this.#volume.state, arriving: true });
    if (this.#reader === undefined) return;
    for (const control of this.#arrivalLines) this.#attachArrivals(control);
    if (isOther || report.setAside !== undefined || report.userData?.setAside !== undefined)
      await Promise.all([this.#reader.kill(), this.#worker?.kill()]);
    else this.#connectWorker(false);
    this.#reportOpening(report);
  }

  #reportOpening(report: OpenReport): void {
    const sentence = userDataSentence(report.userData ?? {});
    if (sentence !== undefined) this.#notice('warning', sentence);
    if (report.setAside !== undefined) {
      this.#notice(
        'warning',
        `The index of the archive was damaged. It was set aside as ${report.setAside}; a new one is being read from the files.`,
      );
    }
    if (report.repaired + report.discarded > 0) {
      this.#notice(
        'info',
        `The last run ended early. ${report.repaired} complete arrivals were kept, ${report.discarded} unfinished ones removed.`,
      );
    }
    if (report.readAnew === true) this.#notice('info', READ_ANEW);
    if (report.needsRebuild)
      this.#rebuildBehind(report.readAnew !== true && report.setAside === undefined && this.#recovering === undefined);
  }

  /** The disk was away or read-only: what stands in incoming/ is taken in, and what was begun is finished. */
  async #returned(): Promise<void> {
    const { needsRebuild } = await this.#writer.call('returned', nothing);
    if (needsRebuild) this.#rebuildBehind(true);
    this.#finishing = this.#finishTrash();
    await this.#finishing;
    for (const listener of this.#changedListeners) listener({ studyInstanceUIDs: [], everything: true });
  }

  /** A deletion, or a way back from the trash, that the end of the program interrupted. */
  async #finishTrash(): Promise<void> {
    try {
      const { deleted, restored } = await this.job('finishTrash', nothing).done;
      if (deleted > 0)
        this.#notice('info', `A deletion that was interrupted has been finished: ${deleted} more instances are in the trash.`);
      if (restored > 0) this.#notice('info', `${restored} instances came back from the trash; that had been interrupted.`);
    } catch {
      // It is tried again at the next start; until then nothing is lost.
    }
  }

  #rebuildBehind(announce: boolean): void {
    if (announce) this.#notice('info', 'The index of the archive is missing or incomplete. It is being read from the files.');
    const job = this.rebuild();
    job.onItems(() => job.acknowledge(1));
    this.#rebuilding = job.done.then(
      ({ checked, problems }) => {
        const rest = problems === 0 ? '' : ` ${problems} could not be read; “verify” lists them.`;
        this.#notice('info', `The index was rebuilt from ${checked} files.${rest}`);
      },
      (thrown: unknown) => {
        const isWanted = thrown instanceof PhosphorError && thrown.kind === 'cancelled';
        if (!isWanted) this.#notice('error', 'The index could not be rebuilt. The files are safe; it is tried again at the next start.');
      },
    );
  }

  #onWriterEvent(event: IndexWriterEvent): void {
    switch (event.type) {
      case 'changed':
        for (const listener of this.#changedListeners) listener(event);
        this.#worker?.call('describeAhead', nothing).catch(() => undefined);
        return;
      case 'user-data':
        for (const listener of this.#userDataListeners) listener(event.change);
        return;
      case 'identity-changed':
        this.#notice('warning', event.count === 1 ? IDENTITY_CHANGED : IDENTITIES_CHANGED);
        return;
      case 'conflicts':
        this.#notice('warning', conflictsSentence(event.count));
        return;
      case 'stalled':
        this.#notice('error', event.reason === 'storage-full' ? INDEX_FULL : INDEX_STALLED);
        return;
      case 'damaged':
        this.#recover();
    }
  }

  /** The index broke while in use: it is set aside, and new threads begin a new one. */
  #recover(): void {
    if (this.#recovering !== undefined || this.#closing !== undefined) return;
    const work = async (): Promise<void> => {
      setAsideDatabase(indexFile(this.location));
      await this.#writer.kill();
      this.#notice('warning', INDEX_BROKE);
      await this.#reopen(true);
    };
    this.#recoverBy(work());
  }

  #recoverBy(work: Promise<void>): void {
    const recovering = work
      .catch(() => this.#notice('error', INDEX_GONE))
      .finally(() => {
        this.#recovering = undefined;
      });
    this.#recovering = recovering;
  }

  #read<Name extends keyof IndexReaderMethods & string>(
    name: Name,
    args: Parameters<IndexReaderMethods[Name]>[0],
  ): Promise<Awaited<ReturnType<IndexReaderMethods[Name]>>> {
    return this.#watched(this.#open(this.#reader).call(name, args));
  }

  /** A reader may be the first to find the index damaged. */
  #watched<T>(answer: Promise<T>): Promise<T> {
    answer.catch((thrown: unknown) => {
      if (thrown instanceof PhosphorError && thrown.data.code === INDEX_DAMAGED) this.#recover();
    });
    return answer;
  }

  #open<T>(thread: T | undefined): T {
    if (thread === undefined || this.#closing !== undefined) throw new PhosphorError('interrupted', 'the archive is closed');
    return thread;
  }

  #notice(severity: NoticeText['severity'], sentence: string): void {
    if (this.#noticeListeners.length === 0) this.#earlyNotices.push({ severity, sentence });
    for (const listener of this.#noticeListeners) listener({ severity, sentence });
  }
}

const IDENTITY_CHANGED = 'A study that is known here came again under another patient ID or name. Check with the sender whose study it is.';
const IDENTITIES_CHANGED =
  'Several studies that are known here came again under other patient IDs or names. Check with the sender whose studies they are.';
const READ_ANEW = 'The character sets in the settings are others than before: the texts of the studies are being read anew from the files.';
const INDEX_FULL = 'The disk with the index is full. Arrivals are kept; they appear in the list once there is room again.';
const INDEX_STALLED = 'The index cannot be written. Arrivals are kept; they appear in the list once it can be written again.';
const INDEX_BROKE = 'The index of the archive was damaged and set aside. A new one is being read from the files.';
const INDEX_GONE = 'The index cannot be opened. The files are safe; start the program again to rebuild it.';

function conflictsSentence(count: number): string {
  const what = count === 1 ? 'An instance arrived that differs' : `${count} instances arrived that differ`;
  return `${what} from the stored one with the same UID. The first is kept in the study, the other in the folder conflicts.`;
}

function userDataSentence({ setAside, restored, isUnavailable }: UserDataReport): string | undefined {
  if (isUnavailable === true)
    return 'Labels, comments, pins and read marks cannot be opened. Studies are not affected; the next start tries again.';
  if (setAside === undefined)
    return restored && `The file with labels, comments, pins and read marks was gone. The backup of ${restored} took its place.`;
  const damaged = `The file with labels, comments, pins and read marks was damaged. It was set aside as ${setAside};`;
  return restored === undefined ? `${damaged} a new one begins.` : `${damaged} the backup of ${restored} took its place.`;
}
