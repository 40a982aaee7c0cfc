import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ZipFile } from 'yazl';
import { type ArrivalWriterOptions, createArrivalWriter } from '../../../electron/archive/arrival.ts';
import {
  type Archive,
  type ArchiveJob,
  type ArchiveLocation,
  type ArrivalOrigin,
  type ArrivalReceipt,
  type ArrivalWriter,
  locateInstance,
  openArchive,
} from '../../../electron/archive/index.ts';
import { readPart10Meta } from '../../../electron/dicom/dataset/index.ts';
import { type Sample, STORE } from './samples.ts';

export * from './samples.ts';

export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'phosphor-archive-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function temporaryLocation(durable = true): ArchiveLocation {
  const folder = temporaryFolder();
  return { directory: path.join(folder, 'archive'), databases: path.join(folder, 'profile'), durable };
}

/** Opens an archive that is closed when the test ends. */
export async function opened(location: ArchiveLocation = temporaryLocation()): Promise<Archive> {
  const archive = await openArchive(location);
  onTestFinished(() => archive.close());
  return archive;
}

export function writerOf(archive: Archive, options: ArrivalWriterOptions = {}): ArrivalWriter {
  const writer = createArrivalWriter(archive.location, archive.arrivalPort(), options);
  onTestFinished(() => writer.close());
  return writer;
}

/** Stores a sample in chunks, as a network delivers it. */
export async function store(writer: ArrivalWriter, one: Sample, origin: ArrivalOrigin = STORE, chunk = 1000): Promise<ArrivalReceipt> {
  const arrival = writer.begin(one, origin);
  const buffer = Buffer.alloc(chunk);
  for (let at = 0; at < one.bytes.length; at += chunk) {
    const piece = one.bytes.subarray(at, at + chunk);
    // The same buffer again and again, as a socket's reader would: an archive that kept a view of it would store garbage.
    buffer.set(piece);
    await arrival.write(buffer.subarray(0, piece.length));
  }
  return arrival.finish();
}

/** The data set of a stored instance. */
export function storedBytes(location: ArchiveLocation, sopInstanceUID: string): Buffer {
  const file = fs.readFileSync(locateInstance(location, sopInstanceUID));
  return file.subarray(readPart10Meta(file).dataSetOffset);
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Runs a job to its end, giving credit for each batch. */
export async function finished<Item, Result>(job: ArchiveJob<Item, Result>): Promise<{ result: Result; items: Item[] }> {
  const items: Item[] = [];
  job.onItems((batch) => {
    items.push(...batch);
    job.acknowledge(1);
  });
  return { result: await job.done, items };
}

/** Names in a folder of the archive; `files` counts through its subfolders. */
export function namesIn(location: ArchiveLocation, folder: 'incoming' | 'trash' | 'conflicts' | 'files'): string[] {
  return fs
    .readdirSync(path.join(location.directory, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}

export const everything = { query: {}, sort: { by: 'studyDate', descending: true }, offset: 0, limit: 1000 } as const;

/** The bytes of a ZIP with these entries. */
export async function zipOf(entries: Readonly<Record<string, Buffer>>, compress = true): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(entries)) zip.addBuffer(bytes, name, { compress });
  zip.end();
  const pieces: Buffer[] = [];
  for await (const piece of zip.outputStream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
