import { inflate } from '../../../shared/codecs/inflate.ts';
import { type FileRange, readDicomJson } from '../../../shared/contract/dicom-json.ts';
import { type InstanceHeaderJson, MAX_HEADER_JSON } from '../../../shared/contract/header.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { Client } from '../../api/types.ts';
import { Item } from './item.ts';

/** Values longer than this are not taken into the window. */
const MAX_VALUE = 512 * 1024 * 1024;

/** Asks the archive for an instance's elements. Rejects with PhosphorError `not-found`, `damaged`, `limit-exceeded` … */
export async function loadObject(client: Pick<Client, 'invoke' | 'instanceRequest'>, sopInstanceUID: string): Promise<StoredObject> {
  const { header } = await client.invoke('archive.header', { sopInstanceUID });
  return new StoredObject(header, (range, signal) => fetchRange(client, sopInstanceUID, range, signal));
}

/** Reads a run of the file's bytes; without a range all of them. */
export type ReadRange = (range: FileRange | undefined, signal: AbortSignal | undefined) => Promise<Uint8Array>;

/** An instance of the archive as its elements; long values are fetched when they are asked for. */
export class StoredObject {
  readonly header: InstanceHeaderJson;
  readonly root: Item;
  readonly #read: ReadRange;
  #inflated: Promise<Uint8Array> | undefined;

  constructor(header: InstanceHeaderJson, read: ReadRange) {
    if (header.json.length > MAX_HEADER_JSON) throw new PhosphorError('limit-exceeded', 'a header is too long');
    this.header = header;
    this.root = new Item(readDicomJson(header.json));
    this.#read = read;
  }

  /** A value's bytes, little endian, wherever they are; empty where there are none. Fragments come behind each other, the offset table left out. */
  async bytes(item: Item, tag: string, signal?: AbortSignal): Promise<Uint8Array> {
    const inline = item.inlineBytes(tag);
    if (inline !== undefined) return inline;
    const uri = item.attribute(tag)?.BulkDataURI ?? '';
    const ranges = uri.startsWith('fragments:') ? item.ranges(tag).slice(1) : item.ranges(tag);
    const total = ranges.reduce((sum, { length }) => sum + length, 0);
    if (total > MAX_VALUE) throw new PhosphorError('limit-exceeded', 'a value is too long');
    const bytes = new Uint8Array(total);
    let at = 0;
    for (const range of ranges) {
      const piece = await this.#range(range, signal);
      if (piece.length < range.length) throw new PhosphorError('damaged', 'the file ends before a value does');
      bytes.set(piece, at);
      at += piece.length;
    }
    const unit = UNITS[item.attribute(tag)?.vr ?? ''] ?? 1;
    return this.header.bigEndian === true && unit > 1 ? swapped(bytes, unit) : bytes;
  }

  /** Bytes of many values that lie near each other, fetched in one go: gives the function that cuts one out. */
  async span(ranges: readonly FileRange[], signal?: AbortSignal): Promise<(range: FileRange) => Uint8Array> {
    if (ranges.length === 0) return () => new Uint8Array();
    const first = Math.min(...bounds(ranges, ({ offset }) => offset));
    const end = Math.max(...bounds(ranges, ({ offset, length }) => offset + length));
    if (end - first > MAX_VALUE) throw new PhosphorError('limit-exceeded', 'the values lie too far from each other');
    const all = await this.#range({ offset: first, length: end - first }, signal);
    return ({ offset, length }) => all.subarray(offset - first, offset - first + length);
  }

  async #range(range: FileRange, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (range.length === 0) return new Uint8Array();
    const { deflatedFrom } = this.header;
    if (deflatedFrom === undefined) return this.#read(range, signal);
    this.#inflated ??= this.#read(undefined, signal).then((file) => inflate(file.subarray(deflatedFrom), MAX_VALUE));
    const inflated = await this.#inflated.catch((thrown: unknown) => {
      this.#inflated = undefined;
      throw thrown;
    });
    return inflated.subarray(range.offset, range.offset + range.length);
  }
}

/** Bytes of one cell, by VR. */
const UNITS: Readonly<Record<string, number>> = { OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 };

/** Cells of `unit` bytes, each turned round. */
function swapped(bytes: Uint8Array, unit: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i - (i % unit) + unit - 1 - (i % unit)] = bytes[i] ?? 0;
  return out;
}

/** One extreme of a long list without spreading it. */
function bounds(ranges: readonly FileRange[], of: (range: FileRange) => number): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const range of ranges) {
    const value = of(range);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

async function fetchRange(
  client: Pick<Client, 'instanceRequest'>,
  sopInstanceUID: string,
  range: FileRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { url, headers } = client.instanceRequest(sopInstanceUID, range);
  let response: Response;
  try {
    response = await fetch(url, { headers, ...(signal === undefined ? {} : { signal }) });
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown;
    throw new PhosphorError('connection-lost', 'the workstation does not answer');
  }
  if (response.status === 404) throw new PhosphorError('not-found', 'the file is not in the archive');
  if (response.status === 416) throw new PhosphorError('damaged', 'the file ends before a value does');
  if (!response.ok) throw new PhosphorError('unreadable', `the file could not be read (${response.status})`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A server that ignores Range answers with the whole file.
  return response.status === 200 && range !== undefined ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
}
