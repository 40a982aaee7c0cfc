import { createHash } from 'node:crypto';
import { type InstanceHeader, readPart10Meta, StreamingHeader, Tag } from '../dicom/dataset/index.ts';
import { dataSetOf, type StoredFile } from './stored-file.ts';

/** What a file of the archive says about itself. */
export interface FileFacts {
  readonly header: InstanceHeader;
  readonly sha256: string;
  readonly dataSetBytes: number;
  readonly fileBytes: number;
  /** Milliseconds since the epoch: the file was written once, when it arrived. */
  readonly arrivedAt: number;
  readonly sourceAETitle: string;
}

/** Reads a stored file once: header and hash. Throws PhosphorError `damaged` …, or the system's error. */
export async function factsOf(file: StoredFile, signal?: AbortSignal): Promise<FileFacts> {
  const meta = new Uint8Array(file.dataSetOffset);
  await file.handle.read(meta, 0, meta.length, 0);
  const { transferSyntaxUID, metaElements } = readPart10Meta(meta);
  const streaming = new StreamingHeader(transferSyntaxUID);
  const hash = createHash('sha256');
  let headerDone = false;
  for await (const piece of dataSetOf(file, signal)) {
    hash.update(piece);
    if (!headerDone) headerDone = streaming.push(piece);
  }
  return {
    header: streaming.finish(),
    sha256: hash.digest('hex'),
    dataSetBytes: file.size - file.dataSetOffset,
    fileBytes: file.size,
    arrivedAt: file.modifiedAt,
    sourceAETitle: metaElements.string(Tag.SourceApplicationEntityTitle),
  };
}
