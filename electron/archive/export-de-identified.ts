import { createHash, randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ExportField } from '../../shared/contract/export-fields.ts';
import type { DeIdentificationChoice, PseudonymMapping } from '../../shared/contract/index.ts';
import { type Dataset, encodeFileMeta, Tag, tagOf } from '../dicom/dataset/index.ts';
import { InstanceDeIdentifier } from './de-identify-instance.ts';
import type { ChosenInstance } from './export-selection.ts';
import { ExportSource } from './export-source.ts';
import { folderOf, storageError } from './layout.ts';
import type { ArchiveLocation } from './types.ts';

/** Of an export: what is to be taken out, and the project's secret as hex. */
export interface DeIdentifiedExport {
  readonly project: string;
  readonly secret: string;
  readonly options: DeIdentificationChoice;
}

/**
 * Instances of an export without identity: each is written to a file of its own beside the arrivals first, so that what is exported, named and listed in a
 * DICOMDIR is read from the copy and from nothing else.
 */
export class DeIdentifiedSources {
  readonly #location: ArchiveLocation;
  readonly #deIdentifier: InstanceDeIdentifier;
  readonly #mappings = new Map<string, PseudonymMapping>();

  constructor(location: ArchiveLocation, { project, secret, options }: DeIdentifiedExport, signal: AbortSignal) {
    this.#location = location;
    this.#deIdentifier = new InstanceDeIdentifier({ project, secret, options, signal });
  }

  /** Who stands behind the pseudonyms, one for each study. */
  get mappings(): PseudonymMapping[] {
    return [...this.#mappings.values()];
  }

  /** Calls `work` with the copy, which is gone when this resolves. Rejects as InstanceDeIdentifier and `work` do. */
  async with<T>(
    instance: ChosenInstance,
    source: ExportSource,
    work: (instance: ChosenInstance, source: ExportSource) => Promise<T>,
  ): Promise<T> {
    // The name of an unfinished arrival: what a crash leaves is removed at the next start.
    const file = path.join(folderOf.incoming(this.#location), `export-${randomBytes(12).toString('hex')}.part`);
    try {
      const { file: original, done, pieces } = await this.#deIdentifier.of(source, {});
      const { sopClassUID, sopInstanceUID, dataset } = done;
      const sha256 = await write(
        file,
        encodeFileMeta({ sopClassUID, sopInstanceUID, transferSyntaxUID: original.meta.transferSyntaxUID }),
        pieces,
      );
      const mapping = this.#deIdentifier.mappingOf(original, done);
      this.#mappings.set(mapping.studyInstanceUID, mapping);
      const copy = await ExportSource.open(file);
      try {
        const { transferSyntaxUID } = original.meta;
        return await work({ ...instance, sha256, transferSyntaxUID, values: valuesOf(dataset, instance.values) }, copy);
      } finally {
        await copy.close();
      }
    } finally {
      await rm(file, { force: true });
    }
  }

  close(): Promise<void> {
    return this.#deIdentifier.close();
  }
}

/** Resolves with the SHA-256 of the data set. */
async function write(file: string, meta: Uint8Array, pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.write(meta);
      for await (const piece of pieces) {
        hash.update(piece);
        await handle.writeFile(piece);
      }
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw storageError(thrown, 'a copy without identity cannot be written');
  }
  return hash.digest('hex');
}

/** What names are made of, read from the copy. */
function valuesOf(dataset: Dataset, before: ChosenInstance['values']): ChosenInstance['values'] {
  const values: Partial<Record<ExportField, string>> = {};
  for (const field of Object.keys(before) as ExportField[]) values[field] = dataset.string(tagOf(field) ?? Tag.PatientID);
  return { ...before, ...values };
}
