import fs from 'node:fs';
import path from 'node:path';
import type { Corrections, InstanceFailedItem } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { type Correction, correctionEdits, editedPieces } from '../dicom/dataset/correct.ts';
import { Tag, tagOf } from '../dicom/dataset/index.ts';
import { ExportSource } from './export-source.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { folderOf, hashOfUID, locateInstance, storageError } from './layout.ts';
import { dataSetOf, hashDataSet, openStored } from './stored-file.ts';
import { instancesOfStudy } from './study-instances.ts';
import type { ArchiveLocation, Arrival } from './types.ts';

export interface CorrectArgs {
  readonly correctionId: string;
  readonly studyInstanceUID: string;
  readonly changes: Corrections;
  readonly modifyingSystem: string;
}

export interface UndoCorrectionArgs {
  readonly correctionId: string;
}

export interface CorrectSummary {
  readonly corrected: number;
  /** Held these values already. */
  readonly unchanged: number;
  readonly failed: number;
  readonly bytes: number;
  readonly failedSOPInstanceUIDs: readonly string[];
  readonly studyInstanceUID: string;
  /** As it stood in the first instance, for the audit trail. */
  readonly patientID: string;
}

const MAX_NAMED = 10_000;
const ENDS_JOB: ReadonlySet<string> = new Set(['storage-full', 'cancelled', 'interrupted']);

/**
 * Corrects the identity of a stored study: every instance is written anew with Original Attributes Sequence, under its UIDs (docs/adr/0007), and takes the place of
 * the older version, which goes to the trash. What is done is written down before it is, so that `undoCorrection` brings every version back.
 * Rejects with PhosphorError `not-found`, `cancelled`, and what the disk says.
 */
export async function correctStudy(context: JobContext, args: CorrectArgs, job: JobReporter<InstanceFailedItem>): Promise<CorrectSummary> {
  const { location } = context;
  const { correctionId, changes, modifyingSystem, studyInstanceUID } = args;
  const at = new Date();
  const corrections = Object.entries(TAGS).flatMap(([key, tag]): Correction[] => {
    const value = changes[key as keyof Corrections];
    return value === undefined ? [] : [{ tag, value }];
  });
  const instances = instancesOfStudy(location, studyInstanceUID);
  const journal = Journal.create(location, correctionId);
  const tally = new Tally(job, instances.length, studyInstanceUID);
  try {
    for (const sopInstanceUID of instances) {
      await tally.one(sopInstanceUID, async () => {
        const source = await ExportSource.open(locateInstance(location, sopInstanceUID));
        try {
          const { part10 } = source;
          tally.patientID ??= part10.dataset.string(Tag.PatientID);
          const edits = correctionEdits(part10, corrections, { at, modifyingSystem });
          if (edits === undefined) return undefined;
          journal.add({ sopInstanceUID, sha256: await hashOf(locateInstance(location, sopInstanceUID)) });
          return await replace(context, sourceOf(part10), editedPieces(part10, edits));
        } finally {
          await source.close();
        }
      });
    }
  } finally {
    journal.close();
  }
  return tally.summary();
}

/** Brings the versions back that a correction replaced; those that it made go to the trash. Rejects with PhosphorError `not-found`. */
export async function undoCorrection(
  context: JobContext,
  { correctionId }: UndoCorrectionArgs,
  job: JobReporter<InstanceFailedItem>,
): Promise<CorrectSummary> {
  const { location } = context;
  const entries = Journal.read(location, correctionId);
  const trash = trashedFiles(location);
  const tally = new Tally(job, entries.length, '');
  for (const { sopInstanceUID, sha256 } of entries) {
    await tally.one(sopInstanceUID, async () => {
      if ((await hashOf(locateInstance(location, sopInstanceUID)).catch(() => '')) === sha256) return undefined;
      for (const file of trash.get(hashOfUID(sopInstanceUID).toString('hex')) ?? []) {
        if ((await hashOf(file).catch(() => '')) !== sha256) continue;
        const source = await ExportSource.open(file);
        try {
          const { part10 } = source;
          tally.patientID ??= part10.dataset.string(Tag.PatientID);
          tally.studyInstanceUID ||= part10.dataset.uid(Tag.StudyInstanceUID);
          return await replace(context, sourceOf(part10), storedPieces(file));
        } finally {
          await source.close();
        }
      }
      throw new PhosphorError('not-found', 'the version before the correction is no longer in the trash');
    });
  }
  return tally.summary();
}

const TAGS: Readonly<Record<keyof Corrections, number>> = {
  accessionNumber: Tag.AccessionNumber,
  studyDescription: Tag.StudyDescription,
  patientName: Tag.PatientName,
  patientID: Tag.PatientID,
  issuerOfPatientID: Tag.IssuerOfPatientID,
  patientBirthDate: Tag.PatientBirthDate,
  patientSex: tagOf('PatientSex') ?? 0x00100040,
};

type Announced = { sopClassUID: string; sopInstanceUID: string; transferSyntaxUID: string; sourceAETitle: string };

function sourceOf({ dataset, meta }: ExportSource['part10']): Announced {
  return {
    sopClassUID: dataset.uid(Tag.SOPClassUID),
    sopInstanceUID: dataset.uid(Tag.SOPInstanceUID),
    transferSyntaxUID: meta.transferSyntaxUID,
    sourceAETitle: meta.metaElements.string(Tag.SourceApplicationEntityTitle),
  };
}

/** It takes the place of what is there, and is no copy of what a PACS holds. Resolves with the bytes of the data set. */
async function replace(
  context: JobContext,
  { sourceAETitle, ...announced }: Announced,
  pieces: AsyncIterable<Uint8Array>,
): Promise<number> {
  const arrival: Arrival = context.arrivals().begin(announced, { kind: 'store', sourceAETitle, replaces: true });
  try {
    for await (const piece of pieces) await arrival.write(piece);
  } catch (thrown) {
    await arrival.abort();
    throw thrown;
  }
  const { result, dataSetBytes } = await arrival.finish();
  if (result === 'conflict') throw new PhosphorError('storage', 'the corrected version could not take its place');
  return dataSetBytes;
}

async function hashOf(file: string): Promise<string> {
  const stored = await openStored(file);
  try {
    return await hashDataSet(stored);
  } finally {
    await stored.handle.close();
  }
}

async function* storedPieces(file: string): AsyncGenerator<Uint8Array> {
  const stored = await openStored(file);
  try {
    yield* dataSetOf(stored);
  } finally {
    await stored.handle.close();
  }
}

/** Files of the trash by the hash of their UID, with which every name begins. */
function trashedFiles(location: ArchiveLocation): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  for (const entry of fs.readdirSync(folderOf.trash(location), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/^[0-9a-f]{64}/.test(entry.name)) continue;
    const hash = entry.name.slice(0, 64);
    found.set(hash, [...(found.get(hash) ?? []), path.join(entry.parentPath, entry.name)]);
  }
  return found;
}

interface JournalEntry {
  readonly sopInstanceUID: string;
  /** Of the version before the correction. */
  readonly sha256: string;
}

/** `corrections/<ID>.jsonl` beside the index: what a correction replaces, a line each, on disk before it does. */
class Journal {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static create(location: ArchiveLocation, correctionId: string): Journal {
    try {
      fs.mkdirSync(folderOfJournals(location), { recursive: true, mode: 0o700 });
      return new Journal(fs.openSync(fileOf(location, correctionId), 'a', 0o600));
    } catch (thrown) {
      throw storageError(thrown, 'the correction cannot be written down');
    }
  }

  static read(location: ArchiveLocation, correctionId: string): JournalEntry[] {
    try {
      const lines = fs.readFileSync(fileOf(location, correctionId), 'utf8').split('\n');
      return lines.flatMap((line): JournalEntry[] => {
        const match = /^\{"sopInstanceUID":"([0-9A-Za-z.]{1,128})","sha256":"([0-9a-f]{64})"\}$/.exec(line);
        return match === null ? [] : [{ sopInstanceUID: match[1] ?? '', sha256: match[2] ?? '' }];
      });
    } catch (thrown) {
      if (systemCode(thrown) === 'ENOENT') throw new PhosphorError('not-found', 'there is no such correction');
      throw storageError(thrown, 'the correction cannot be read');
    }
  }

  add({ sopInstanceUID, sha256 }: JournalEntry): void {
    try {
      fs.writeSync(this.#fd, `${JSON.stringify({ sopInstanceUID, sha256 })}\n`);
      fs.fdatasyncSync(this.#fd);
    } catch (thrown) {
      throw storageError(thrown, 'the correction cannot be written down');
    }
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

function folderOfJournals(location: ArchiveLocation): string {
  return path.join(location.databases, 'corrections');
}

function fileOf(location: ArchiveLocation, correctionId: string): string {
  if (!/^[0-9a-f-]{36}$/.test(correctionId)) throw new PhosphorError('invalid-arguments', 'not the ID of a correction');
  return path.join(folderOfJournals(location), `${correctionId}.jsonl`);
}

/** Counts, names what failed, reports progress. */
class Tally {
  patientID: string | undefined;
  studyInstanceUID: string;
  readonly #job: JobReporter<InstanceFailedItem>;
  readonly #total: number;
  readonly #failed: string[] = [];
  #corrected = 0;
  #unchanged = 0;
  #failures = 0;
  #bytes = 0;

  constructor(job: JobReporter<InstanceFailedItem>, total: number, studyInstanceUID: string) {
    this.#job = job;
    this.#total = total;
    this.studyInstanceUID = studyInstanceUID;
  }

  /** `work` gives the bytes written, or undefined where there was nothing to do. */
  async one(sopInstanceUID: string, work: () => Promise<number | undefined>): Promise<void> {
    this.#job.check();
    try {
      const bytes = await work();
      if (bytes === undefined) this.#unchanged += 1;
      else this.#corrected += 1;
      this.#bytes += bytes ?? 0;
    } catch (thrown) {
      const error = toErrorData(thrown);
      if (ENDS_JOB.has(error.kind)) throw thrown;
      this.#failures += 1;
      if (this.#failed.length < MAX_NAMED) this.#failed.push(sopInstanceUID);
      await this.#job.item({ kind: 'instance-failed', sopInstanceUID, error });
    }
    this.#job.progress({ done: this.#corrected + this.#unchanged + this.#failures, total: this.#total, bytes: this.#bytes });
  }

  summary(): CorrectSummary {
    return {
      corrected: this.#corrected,
      unchanged: this.#unchanged,
      failed: this.#failures,
      bytes: this.#bytes,
      failedSOPInstanceUIDs: this.#failed,
      studyInstanceUID: this.studyInstanceUID,
      patientID: (this.patientID ?? '').slice(0, 64),
    };
  }
}
