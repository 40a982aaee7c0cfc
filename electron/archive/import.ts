import { type FileHandle, open } from 'node:fs/promises';
import type { ImportedItem } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { type InstanceHeader, type Part10Meta, readPart10Meta, StreamingHeader, Tag } from '../dicom/dataset/index.ts';
import { inParallel, type JobReporter } from './jobs.ts';
import { type Found, scan, unreadable } from './scan.ts';
import type { ArrivalReceipt, ArrivalWriter, ImportSummary } from './types.ts';

/** Files read at once: enough to keep a disk and one fsync after the other busy. */
const WIDTH = 4;
const PIECE = 1 << 20;
const HEAD = 64 * 1024;
const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10';
/** A header is looked for in at most this many bytes of a file. */
const MAX_HEADER = 64 * 1024 * 1024;

/** Takes in every file below `paths` through the arrival path. Each file ends as one item; only a full or failing disk ends the job. */
export async function importPaths(paths: readonly string[], writer: ArrivalWriter, job: JobReporter<ImportedItem>): Promise<ImportSummary> {
  const summary = { imported: 0, known: 0, conflict: 0, refused: 0, bytes: 0 };
  await inParallel(scan(paths, job.signal), WIDTH, async (found) => {
    job.check();
    const { item, bytes } = await importFound(found, writer, job.signal);
    summary[item.result] += 1;
    summary.bytes += bytes;
    job.progress({ done: summary.imported + summary.known + summary.conflict + summary.refused, bytes: summary.bytes });
    await job.item(item);
  });
  job.check();
  return summary;
}

const RESULTS = { stored: 'imported', replaced: 'imported', known: 'known', conflict: 'conflict' } as const;

async function importFound(found: Found, writer: ArrivalWriter, signal: AbortSignal): Promise<{ item: ImportedItem; bytes: number }> {
  const path = found.path.slice(0, 4096);
  try {
    if ('error' in found) throw found.error;
    const receipt = await importFile(found.path, writer, signal);
    const result = RESULTS[receipt.result];
    const error = result === 'conflict' ? new PhosphorError('storage', CONFLICT).data : undefined;
    const item: ImportedItem = { kind: 'file', path, result, sopInstanceUID: receipt.header.sopInstanceUID };
    return { item: error === undefined ? item : { ...item, error }, bytes: receipt.dataSetBytes };
  } catch (thrown) {
    const error = toErrorData(thrown);
    if (ENDS_JOB.has(error.kind)) throw thrown;
    return { item: { kind: 'file', path, result: 'refused', error }, bytes: 0 };
  }
}

const CONFLICT = 'another version of this instance is stored already; this one was put into conflicts';
const ENDS_JOB: ReadonlySet<string> = new Set(['storage-full', 'cancelled']);

/** One file: with or without preamble and File Meta Information. Rejects with PhosphorError. */
async function importFile(path: string, writer: ArrivalWriter, signal: AbortSignal): Promise<ArrivalReceipt> {
  const handle = await open(path, 'r').catch((thrown: unknown) => {
    throw unreadable(thrown);
  });
  try {
    const meta = await metaOf(handle);
    if (meta.metaElements.uid(Tag.MediaStorageSOPClassUID) === MEDIA_STORAGE_DIRECTORY) {
      throw new PhosphorError('unsupported', 'a media directory (DICOMDIR): import the folder that it lies in');
    }
    const header = await headerOf(handle, meta);
    const { sopClassUID, sopInstanceUID, transferSyntaxUID } = header;
    const arrival = writer.begin({ sopClassUID, sopInstanceUID, transferSyntaxUID }, { kind: 'import', path });
    try {
      await pieces(handle, meta.dataSetOffset, signal, (piece) => arrival.write(piece));
    } catch (thrown) {
      await arrival.abort();
      throw thrown;
    }
    return await arrival.finish();
  } finally {
    await handle.close();
  }
}

/** A longer meta than the first bytes hold is read again with more of them. */
async function metaOf(handle: FileHandle): Promise<Part10Meta> {
  const { size } = await handle.stat();
  for (let length = HEAD; ; length *= 16) {
    const head = new Uint8Array(Math.min(length, size));
    const { bytesRead } = await handle.read(head, 0, head.length, 0).catch((thrown: unknown) => {
      throw unreadable(thrown);
    });
    if (bytesRead < 8) throw new PhosphorError('not-dicom', 'the file is too short to be DICOM');
    const isWhole = bytesRead >= size;
    try {
      const meta = readPart10Meta(head.subarray(0, bytesRead));
      if (isWhole || meta.dataSetOffset < bytesRead) return meta;
    } catch (thrown) {
      if (isWhole || length > PIECE || !(thrown instanceof PhosphorError) || thrown.kind !== 'damaged') throw thrown;
    }
    if (length > PIECE) throw new PhosphorError('limit-exceeded', 'the File Meta Information is too long');
  }
}

/** The data set's own UIDs are the ones that count; File Meta Information is often wrong or missing. */
async function headerOf(handle: FileHandle, meta: Part10Meta): Promise<InstanceHeader> {
  const streaming = new StreamingHeader(meta.transferSyntaxUID);
  const buffer = new Uint8Array(HEAD);
  for (let at = meta.dataSetOffset; at < meta.dataSetOffset + MAX_HEADER; ) {
    const { bytesRead } = await handle.read(buffer, 0, HEAD, at).catch((thrown: unknown) => {
      throw unreadable(thrown);
    });
    if (bytesRead === 0 || streaming.push(buffer.subarray(0, bytesRead))) break;
    at += bytesRead;
  }
  return streaming.finish();
}

async function pieces(
  handle: FileHandle,
  offset: number,
  signal: AbortSignal,
  take: (piece: Uint8Array) => Promise<void> | undefined,
): Promise<void> {
  const { size } = await handle.stat();
  const buffer = new Uint8Array(Math.max(1, Math.min(PIECE, size - offset)));
  for (let at = offset; ; ) {
    if (signal.aborted) throw new PhosphorError('cancelled', 'cancelled');
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at).catch((thrown: unknown) => {
      throw unreadable(thrown);
    });
    if (bytesRead === 0) return;
    at += bytesRead;
    await take(buffer.subarray(0, bytesRead));
  }
}
