import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { TrashSelection } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { type CodecWorker, createCodecWorker } from '../transcoding/index.ts';
import type { IndexEntry } from './arrival-messages.ts';
import { giveUpDeletion } from './delete-instances.ts';
import { type IncomingAction, incomingName, partName } from './incoming-name.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { LinkLanding, RenameLanding, supportsHardLinks } from './landing.ts';
import { folderOf, hashOfUID } from './layout.ts';
import { type Candidate, place } from './placement.ts';
import { type FileFacts, factsOf } from './read-header.ts';
import { openStored, type StoredFile } from './stored-file.ts';
import { TouchedStudies, type TouchedStudy } from './touched-studies.ts';
import {
  type Batch,
  batchesOf,
  instancesIn,
  RESTORE,
  readMarker,
  studiesIn,
  studyFolderName,
  tidyBatch,
  writeMarker,
} from './trash-folder.ts';
import type { ArchiveLocation, ArrivalResult, RestoreSummary } from './types.ts';

/** Entries handed to the index at once. */
const BATCH = 100;

/**
 * Takes instances back out of the trash. Each goes the way of an arrival: through incoming/, so that a crash loses none; where its place is
 * taken by now, the same instance is known and another one makes it a conflict. An interrupted restore is finished by the next start.
 */
export async function restoreInstances(
  context: JobContext,
  { selection }: { readonly selection: readonly TrashSelection[] },
  job: Pick<JobReporter<never>, 'check' | 'progress'>,
): Promise<RestoreSummary> {
  const [tally, touched] = [newTally(), new TouchedStudies()];
  const all = batchesOf(context.location);
  for (const { batch: wanted, studyInstanceUID } of selection) {
    for (const batch of all.filter(({ batch }) => batch === wanted)) {
      const studies = studyInstanceUID === undefined ? studiesIn(batch) : [studyFolderName(studyInstanceUID)];
      writeMarker(batch, RESTORE, studies);
      giveUpDeletion(batch, studies);
      await restoreStudies(context, batch, { studies, tally, touched }, job);
    }
  }
  return { ...tally, touched: touched.list };
}

/** Finishes what the end of the program interrupted. */
export async function finishRestores(context: JobContext, job: Pick<JobReporter<never>, 'check' | 'progress'>): Promise<RestoreSummary> {
  const [tally, touched] = [newTally(), new TouchedStudies()];
  for (const batch of batchesOf(context.location)) {
    const studies = readMarker(batch, RESTORE);
    if (!Array.isArray(studies)) continue;
    const known = new Set(studiesIn(batch));
    const wanted = studies.filter((name): name is string => typeof name === 'string' && known.has(name));
    await restoreStudies(context, batch, { studies: wanted, tally, touched }, job);
  }
  return { ...tally, touched: touched.list };
}

const newTally = () => ({ restored: 0, known: 0, conflict: 0, unreadable: 0, bytes: 0 });

async function restoreStudies(
  context: JobContext,
  batch: Batch,
  {
    studies,
    tally,
    touched,
  }: { readonly studies: readonly string[]; readonly tally: ReturnType<typeof newTally>; readonly touched: TouchedStudies },
  job: Pick<JobReporter<never>, 'check' | 'progress'>,
): Promise<void> {
  const putter = new Putter(context.location);
  let entries: IndexEntry[] = [];
  const flush = async (): Promise<void> => {
    const some = entries;
    entries = [];
    if (some.length > 0) await context.index().call('adopt', { entries: some });
  };
  try {
    const total = studies.reduce((sum, study) => sum + instancesIn(batch, study).length, 0);
    for (const study of studies) {
      for (const name of instancesIn(batch, study)) {
        job.check();
        const put = await putter.put(path.join(batch.folder, study, name));
        if (put === undefined) tally.unreadable += 1;
        else {
          // One that was in conflict before is back where it was.
          const isBack = put.result === 'stored' || put.result === 'replaced' || (put.result === 'conflict' && wasInConflict(batch, name));
          tally[isBack ? 'restored' : put.result === 'known' ? 'known' : 'conflict'] += 1;
          touched.add(put);
          tally.bytes += put.bytes;
          if (put.entry !== undefined) entries.push(put.entry);
        }
        if (entries.length >= BATCH) await flush();
        job.progress({ done: tally.restored + tally.known + tally.conflict + tally.unreadable, total, bytes: tally.bytes });
      }
    }
  } finally {
    await flush();
    await putter.close();
    await context.index().call('settle', {});
    fs.rmSync(path.join(batch.folder, RESTORE), { force: true });
    tidyBatch(batch);
  }
}

function wasInConflict({ reason }: Batch, name: string): boolean {
  return (reason === 'deleted' || reason === 'cleaned') && name.includes('-');
}

/** What became of a file that was put (back) into the archive. */
export interface Put extends TouchedStudy {
  readonly result: ArrivalResult;
  readonly bytes: number;
  /** What the index has to know. */
  readonly entry: IndexEntry | undefined;
}

/** Puts files of the archive's own file system where they belong, as arrivals are put. */
export class Putter {
  readonly #location: ArchiveLocation;
  readonly #hardLinks: boolean;
  readonly #writer = randomBytes(6).toString('hex');
  readonly #codec: CodecWorker = createCodecWorker();
  #count = 0;

  constructor(location: ArchiveLocation) {
    this.#location = location;
    this.#hardLinks = supportsHardLinks(folderOf.incoming(location));
  }

  /**
   * `replaces`: it takes the place of another version, which goes to the trash. Undefined when it cannot be read: it stays where it is, as
   * it does when this rejects.
   */
  async put(file: string, replaces = false): Promise<Put | undefined> {
    let stored: StoredFile | undefined;
    try {
      stored = await openStored(file);
      return await this.#place(file, stored, await factsOf(stored, this.#location), replaces);
    } catch (thrown) {
      if (thrown instanceof PhosphorError && ['damaged', 'not-dicom', 'unsupported', 'limit-exceeded'].includes(thrown.kind))
        return undefined;
      if (systemCode(thrown) === 'ENOENT') return undefined;
      throw thrown;
    } finally {
      await stored?.handle.close();
    }
  }

  close(): Promise<void> {
    return this.#codec.close();
  }

  async #place(file: string, stored: StoredFile, facts: FileFacts, replaces: boolean): Promise<Put> {
    const incoming = folderOf.incoming(this.#location);
    this.#count += 1;
    const { header, sourceAETitle, dataSetBytes, fileBytes } = facts;
    const origin = sourceAETitle === '' ? 'import' : 'store';
    const entry: Candidate['entry'] = {
      writer: this.#writer,
      number: this.#count,
      origin,
      uidHash: hashOfUID(header.sopInstanceUID),
      sha256: Buffer.from(facts.sha256, 'hex'),
      sourceAETitle,
    };
    const { fd } = stored.handle;
    const landing = this.#hardLinks
      ? new LinkLanding(incoming, this.#linked(file), fd)
      : new RenameLanding(incoming, file, fd, this.#location);
    const read = async (): Promise<Uint8Array> => {
      const bytes = new Uint8Array(dataSetBytes);
      await stored.handle.read(bytes, 0, dataSetBytes, stored.dataSetOffset);
      return bytes;
    };
    const candidate: Candidate = {
      location: this.#location,
      entry,
      dataSetBytes,
      transferSyntaxUID: header.transferSyntaxUID,
      replaces,
      read,
      codec: this.#codec,
    };
    const { result, entryName } = await place(candidate, landing).catch((thrown: unknown) => {
      this.#takeBack(entry);
      throw thrown;
    });
    fs.rmSync(file, { force: true });
    const put = { result, bytes: fileBytes, studyInstanceUID: header.studyInstanceUID, patientID: header.patientID };
    if (entryName === undefined || result === 'known') return { ...put, entry: undefined };
    return { ...put, entry: { ...facts, entryName, action: result, origin } };
  }

  /** A second name, so that a file whose place is taken stays where it is until that is decided: a repair removes what has no place. */
  #linked(file: string): string {
    const part = path.join(folderOf.incoming(this.#location), partName(this.#writer, this.#count));
    fs.linkSync(file, part);
    return part;
  }

  /** What got as far as incoming/ leaves it; the file stands where it was. */
  #takeBack(entry: Candidate['entry']): void {
    const names = ACTIONS.map((action) => incomingName({ ...entry, action }));
    for (const name of [partName(entry.writer, entry.number), ...names]) {
      fs.rmSync(path.join(folderOf.incoming(this.#location), name), { force: true });
    }
  }
}

const ACTIONS = ['stored', 'conflict', 'replaced'] as const satisfies readonly IncomingAction[];
