import type { Item } from '../../dataset/item.ts';
import type { StoredObject } from '../../dataset/stored-object.ts';
import { type Code, codeOf } from '../sr/content.ts';

/** One channel: its samples in `unit`, calibrated (PS3.3 C.10.9.1.4). */
export interface Channel {
  /** What the wave was taken from, such as "Lead II"; else the channel's label. */
  readonly name: string;
  readonly unit: Code | undefined;
  readonly values: Float64Array;
}

/** Channels that were sampled together (PS3.3 C.10.9.1.1). */
export interface MultiplexGroup {
  readonly label: string;
  /** Samples a second of each channel. */
  readonly frequency: number;
  readonly samples: number;
  readonly channels: readonly Channel[];
}

const MAX_CHANNELS = 512;

/** All waves of an instance. Rejects with PhosphorError as fetching does; groups that cannot be used are left out. */
export async function readWaveforms(object: StoredObject, signal?: AbortSignal): Promise<MultiplexGroup[]> {
  const groups: MultiplexGroup[] = [];
  for (const item of object.root.sequence('54000100')) {
    const group = groupOf(item, await object.bytes(item, '54001010', signal));
    if (group !== undefined) groups.push(group);
  }
  return groups;
}

function groupOf(item: Item, bytes: Uint8Array): MultiplexGroup | undefined {
  const count = item.number('003A0005') ?? 0;
  const frequency = item.number('003A001A') ?? 0;
  const read = READERS[item.string('54001006')];
  if (!(count >= 1 && count <= MAX_CHANNELS) || !(frequency > 0) || read === undefined) return undefined;
  const samples = Math.min(item.number('003A0010') ?? 0, Math.floor(bytes.length / read.bytes / count));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const padding = paddingOf(item, read);
  const definitions = item.sequence('003A0200');
  const channels = Array.from({ length: count }, (_, index): Channel => {
    const definition = definitions[index];
    const sensitivity = definition?.number('003A0210') ?? 1;
    const correction = definition?.number('003A0212') ?? 1;
    const baseline = definition?.number('003A0213') ?? 0;
    const factor = sensitivity * correction;
    const values = new Float64Array(samples);
    for (let i = 0; i < samples; i++) {
      const stored = read.at(view, (i * count + index) * read.bytes);
      values[i] = stored === padding ? Number.NaN : stored * factor + baseline;
    }
    const source = codeOf(definition?.first('003A0208'));
    return {
      name: source?.meaning || definition?.string('003A0203') || String(index + 1),
      unit: codeOf(definition?.first('003A0211')),
      values,
    };
  });
  return { label: item.string('003A0020'), frequency, samples, channels };
}

interface SampleReader {
  readonly bytes: 1 | 2 | 4;
  at(view: DataView, offset: number): number;
}

/** Waveform Sample Interpretation (PS3.3 C.10.9.1.5). */
const READERS: Readonly<Partial<Record<string, SampleReader>>> = {
  SB: { bytes: 1, at: (view, offset) => view.getInt8(offset) },
  UB: { bytes: 1, at: (view, offset) => view.getUint8(offset) },
  MB: { bytes: 1, at: (view, offset) => fromMuLaw(view.getUint8(offset)) },
  AB: { bytes: 1, at: (view, offset) => fromALaw(view.getUint8(offset)) },
  SS: { bytes: 2, at: (view, offset) => view.getInt16(offset, true) },
  US: { bytes: 2, at: (view, offset) => view.getUint16(offset, true) },
  SL: { bytes: 4, at: (view, offset) => view.getInt32(offset, true) },
  UL: { bytes: 4, at: (view, offset) => view.getUint32(offset, true) },
};

function paddingOf(item: Item, read: SampleReader): number | undefined {
  const bytes = item.inlineBytes('5400100A');
  if (bytes === undefined || bytes.length < read.bytes) return undefined;
  return read.at(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
}

/** ITU-T G.711 µ-law → 14 bits. */
function fromMuLaw(code: number): number {
  const inverted = ~code & 0xff;
  const magnitude = (((inverted & 0x0f) << 1) + 33) << ((inverted >> 4) & 7);
  return inverted & 0x80 ? 33 - magnitude : magnitude - 33;
}

/** ITU-T G.711 A-law → 13 bits. */
function fromALaw(code: number): number {
  const even = code ^ 0x55;
  const exponent = (even >> 4) & 7;
  const mantissa = ((even & 0x0f) << 1) + 1;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 32) << (exponent - 1);
  return even & 0x80 ? magnitude : -magnitude;
}

/** Millivolts for one of a channel's unit (UCUM); undefined for what is no voltage. */
export function millivolts(unit: Code | undefined): number | undefined {
  return MILLIVOLTS[unit?.value ?? ''];
}

const MILLIVOLTS: Readonly<Partial<Record<string, number>>> = { V: 1000, mV: 1, uV: 0.001, µV: 0.001, nV: 0.000_001 };
