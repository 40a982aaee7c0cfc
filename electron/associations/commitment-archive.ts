import { type FileHandle, open } from 'node:fs/promises';
import { systemCode } from '../../shared/contract/phosphor-error.ts';
import { type IndexReader, openIndexReader } from '../archive/index-reader.ts';
import { locateInstance } from '../archive/layout.ts';
import type { ArchiveLocation } from '../archive/types.ts';
import { readPart10Meta, Tag } from '../dicom/dataset/index.ts';
import { FailureReason, type SOPReference } from '../dicom/services/index.ts';

/** What an archive says of instances: undefined where it vouches for one, else the Failure Reason. In the order of the question. */
export type CommitmentVerdicts = (number | undefined)[];

/** References looked up at once; then sockets and timers get their turn. */
const LOOK_UP = 256;
/** Files read at once. */
const FILES = 16;
/** Preamble and File Meta Information of our own files fit. */
const HEAD_BYTES = 4096;

/**
 * Looks instances up in an archive's index and on its disk. What was received a moment ago and is not yet indexed counts by its file; what is indexed
 * must have its file, which can be read and is the instance's.
 */
export async function verifyStored(location: ArchiveLocation, references: readonly SOPReference[]): Promise<CommitmentVerdicts> {
  const verdicts: CommitmentVerdicts = [];
  // Opened for each request: a rebuilt index is another file.
  const reader = openReader(location);
  try {
    for (let at = 0; at < references.length; at += LOOK_UP) {
      const part = references.slice(at, at + LOOK_UP);
      const classes = classesOf(reader, part);
      for (let place = 0; place < part.length; place += FILES) {
        const few = part.slice(place, place + FILES);
        verdicts.push(...(await Promise.all(few.map((one) => verdictOf(location, one, classes.get(one.sopInstanceUID))))));
      }
    }
  } finally {
    reader?.close();
  }
  return verdicts;
}

/** Without an index the files speak for themselves. */
function openReader(location: ArchiveLocation): IndexReader | undefined {
  try {
    return openIndexReader(location);
  } catch {
    return undefined;
  }
}

function classesOf(reader: IndexReader | undefined, references: readonly SOPReference[]): Map<string, string> {
  const uids = references.map(({ sopInstanceUID }) => sopInstanceUID).join('\\');
  const found = reader?.instancesOf({ studyInstanceUID: '', sopInstanceUID: uids }) ?? [];
  return new Map(found.map(({ sopInstanceUID, sopClassUID }) => [sopInstanceUID, sopClassUID]));
}

async function verdictOf(location: ArchiveLocation, asked: SOPReference, indexedClass: string | undefined): Promise<number | undefined> {
  const file = await fileOf(location, asked.sopInstanceUID);
  if (file === undefined) return FailureReason.noSuchObjectInstance;
  if (file === 'unreadable') return FailureReason.processingFailure;
  return (indexedClass ?? file.sopClassUID) === asked.sopClassUID ? undefined : FailureReason.classInstanceConflict;
}

/** The head of an instance's file; undefined where there is none. */
async function fileOf(location: ArchiveLocation, sopInstanceUID: string): Promise<SOPReference | 'unreadable' | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(locateInstance(location, sopInstanceUID), 'r');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const { metaElements } = readPart10Meta(buffer.subarray(0, bytesRead));
    const found = metaElements.uid(Tag.MediaStorageSOPInstanceUID);
    if (found !== '' && found !== sopInstanceUID) return 'unreadable';
    return { sopInstanceUID, sopClassUID: metaElements.uid(Tag.MediaStorageSOPClassUID) };
  } catch (thrown) {
    return systemCode(thrown) === 'ENOENT' ? undefined : 'unreadable';
  } finally {
    await file?.close();
  }
}
