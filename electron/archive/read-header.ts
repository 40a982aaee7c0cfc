import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { USABLE_UID } from '../../shared/contract/limits.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { type InstanceHeader, readPart10Meta, StreamingHeader, Tag } from '../dicom/dataset/index.ts';
import { DeflatedEnd, isDeflated } from './deflated-end.ts';
import { fallbackFor } from './fallback-character-sets.ts';
import { dataSetOf, type StoredFile } from './stored-file.ts';
import type { ArchiveLocation } from './types.ts';

/** Whether the UIDs of an instance can be kept at all (the contract's grammar, wider than the standard's). */
export function hasUsableUIDs(header: InstanceHeader): boolean {
  return [header.sopInstanceUID, header.sopClassUID, header.studyInstanceUID, header.seriesInstanceUID, header.transferSyntaxUID].every(
    (value) => USABLE_UID.test(value),
  );
}

/** What a file of the archive says about itself. */
export interface FileFacts {
  readonly header: InstanceHeader;
  readonly sha256: string;
  /** CRC-32 of the data set, where it was asked for. */
  readonly crc32?: number;
  readonly dataSetBytes: number;
  readonly fileBytes: number;
  /** Milliseconds since the epoch: the file was written once, when it arrived. */
  readonly arrivedAt: number;
  readonly sourceAETitle: string;
}

/** Reads a stored file once: header and hash, and its CRC-32 if `withCRC`. Throws PhosphorError `damaged` …, or the system's error. */
export async function factsOf(file: StoredFile, location: Pick<ArchiveLocation, 'characterSets'>, withCRC = false): Promise<FileFacts> {
  const meta = new Uint8Array(file.dataSetOffset);
  await file.handle.read(meta, 0, meta.length, 0);
  const { transferSyntaxUID, metaElements } = readPart10Meta(meta);
  const streaming = new StreamingHeader(transferSyntaxUID, {}, true);
  const hash = createHash('sha256');
  const deflated = isDeflated(transferSyntaxUID) ? new DeflatedEnd() : undefined;
  let headerDone = false;
  let crc = 0;
  for await (const piece of dataSetOf(file)) {
    await deflated?.push(piece);
    hash.update(piece);
    if (withCRC) crc = crc32(piece, crc);
    if (!headerDone) headerDone = streaming.push(piece);
  }
  const sourceAETitle = metaElements.string(Tag.SourceApplicationEntityTitle);
  const found = streaming.finish(fallbackFor(location, sourceAETitle));
  const header = (await deflated?.isTruncated()) === true ? { ...found, truncated: true } : found;
  if (!hasUsableUIDs(header)) throw new PhosphorError('damaged', 'the data set has UIDs that cannot be used');
  return {
    header,
    sha256: hash.digest('hex'),
    ...(withCRC ? { crc32: crc } : {}),
    dataSetBytes: file.size - file.dataSetOffset,
    fileBytes: file.size,
    arrivedAt: file.modifiedAt,
    sourceAETitle,
  };
}
