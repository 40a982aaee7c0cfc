import fs from 'node:fs';
import type { InstanceHeaderJson } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { inflate, readDataset } from '../dicom/dataset/decode.ts';
import {
  type ByteSource,
  type Dataset,
  entryOf,
  type JsonBudget,
  memorySource,
  Tag,
  tagToHex,
  toDicomJson,
  transferSyntaxOf,
  vrOf,
} from '../dicom/dataset/index.ts';
import { limitsFrom } from '../dicom/dataset/limits.ts';
import { readMeta } from '../dicom/dataset/part10.ts';
import { dataSetEncodingOf } from '../dicom/dataset/transfer-syntaxes.ts';
import { fallbackFor } from './fallback-character-sets.ts';
import { fileSource } from './image-description.ts';
import { locateInstance } from './layout.ts';
import type { ArchiveLocation } from './types.ts';

/** Characters; MAX_HEADER_JSON of the contract, whose schemas threads do not load. */
const MAX_JSON = 8 * 1024 * 1024;
/** Longer values of any kind stay in the file. */
const BULK_ABOVE = 1024 * 1024;
const LIMITS = limitsFrom({ elements: 500_000, inflatedBytes: 512 * 1024 * 1024 });
const CONTOUR_DATA = 0x30060050;

/**
 * All elements of a stored instance, File Meta Information included, as the DICOM JSON model (PS3.18 annex F): text decoded; fragments,
 * and byte values and contours above a KiB, as references. Throws PhosphorError `not-found`, `not-dicom`, `damaged`, `limit-exceeded`, `storage`.
 */
export function headerOf(location: ArchiveLocation, sopInstanceUID: string): InstanceHeaderJson {
  return elementsOfFile(locateInstance(location, sopInstanceUID), sopInstanceUID, location);
}

/** The same of any file; text that declares no character set is read as the lists read it. */
export function elementsOfFile(
  path: string,
  sopInstanceUID: string,
  location: Pick<ArchiveLocation, 'characterSets'> = {},
): InstanceHeaderJson {
  const fd = openStored(path);
  try {
    return read(fileSource(fd), sopInstanceUID, location);
  } catch (thrown) {
    if (thrown instanceof PhosphorError) throw thrown;
    throw new PhosphorError('storage', 'a stored file cannot be read', codeOf(thrown));
  } finally {
    fs.closeSync(fd);
  }
}

function read(file: ByteSource, sopInstanceUID: string, location: Pick<ArchiveLocation, 'characterSets'>): InstanceHeaderJson {
  const meta = readMeta(file);
  const { deflated, ...encoding } = dataSetEncodingOf(meta.transferSyntaxUID);
  if (deflated && file.size - meta.dataSetOffset > LIMITS.inflatedBytes) {
    throw new PhosphorError('limit-exceeded', 'a deflated data set is too long to be shown');
  }
  const source = deflated
    ? memorySource(inflate(file.read(meta.dataSetOffset, file.size - meta.dataSetOffset), LIMITS.inflatedBytes))
    : file;
  const { dataset, truncated } = readDataset(source, deflated ? 0 : meta.dataSetOffset, encoding, LIMITS, {
    bulkAbove: BULK_ABOVE,
    leaveInSource: (tag) => tag === CONTOUR_DATA || BYTES.has(vrOf(tag)),
    tolerant: true,
    fallbackCharacterSet: fallbackFor(location, meta.metaElements.string(Tag.SourceApplicationEntityTitle)),
  });
  const budget: JsonBudget = { left: MAX_JSON - 1024, cut: false };
  const json = JSON.stringify({ ...toDicomJson(meta.metaElements, budget), ...toDicomJson(dataset, budget) });
  return {
    sopInstanceUID,
    transferSyntaxUID: meta.transferSyntaxUID.slice(0, 128),
    fileBytes: file.size,
    ...(deflated ? { deflatedFrom: meta.dataSetOffset } : {}),
    ...(transferSyntaxOf(meta.transferSyntaxUID)?.bigEndian === true ? { bigEndian: true } : {}),
    truncated: truncated || budget.cut,
    names: { ...namesIn(meta.metaElements), ...namesIn(dataset) },
    json,
  };
}

/** Keywords of all tags in a data set, by tag. */
function namesIn(root: Dataset): Record<string, string> {
  const names: Record<string, string> = {};
  const seen = new Set<number>();
  const waiting = [root];
  for (let dataset = waiting.pop(); dataset !== undefined; dataset = waiting.pop()) {
    for (const { tag, vr } of dataset) {
      if (vr === 'SQ') for (const item of dataset.items(tag)) waiting.push(item);
      if (seen.has(tag)) continue;
      seen.add(tag);
      const keyword = entryOf(tag)?.keyword;
      if (keyword !== undefined) names[tagToHex(tag).toUpperCase()] = keyword;
    }
  }
  return names;
}

/** Values of these, by the dictionary (private ones have no other there), have no use as JSON once they are long. */
const BYTES: ReadonlySet<string> = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN']);

function openStored(path: string): number {
  try {
    return fs.openSync(path, 'r');
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') throw new PhosphorError('not-found', 'the archive does not hold this instance');
    throw new PhosphorError('storage', 'a stored file cannot be opened', codeOf(thrown));
  }
}

function codeOf(thrown: unknown): { code?: string } {
  const code = systemCode(thrown);
  return code === undefined ? {} : { code };
}
