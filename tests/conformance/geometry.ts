import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrawableFrame } from '../../renderer/viewer/decode-messages.ts';
import type { ImageModule } from '../../shared/contract/index.ts';
import { modalityFunction, modalityValueAt } from '../../shared/marks/index.ts';
import type { Outcome } from './compare.ts';
import type { Finding } from './reference.ts';
import { viewFile } from './viewed-file.ts';

interface Slice {
  readonly image: ImageModule;
  readonly z: number;
  readonly frame: DrawableFrame & { readonly kind: 'grey' };
  /** Hounsfield units. */
  readonly values: Int16Array;
}

/** Facts, hashes and probes of GEOMETRY.tsv (series, fact, value), those that the viewer can know. */
export async function* geometryFindings(folder: string): AsyncGenerator<Finding> {
  const path = join(folder, 'GEOMETRY.tsv');
  if (!existsSync(path)) return;
  const lines = readFileSync(path, 'utf8').split('\n');
  const facts = lines.map((line) => line.split('\t')).filter((cells) => cells.length === 3 && !(cells[0] ?? '').startsWith('#'));
  for (const series of new Set(facts.map(([name]) => name ?? ''))) {
    const slices = await readSlices(join(folder, series));
    for (const [name, fact = '', value = ''] of facts) {
      if (name !== series) continue;
      const given = slices.length === 0 ? 'no such series' : measure(slices, fact);
      if (given !== undefined) yield { name: `${series}: ${fact}`, outcome: judge(given, value) };
    }
  }
}

async function readSlices(folder: string): Promise<Slice[]> {
  if (!existsSync(folder)) return [];
  const slices: Slice[] = [];
  for (const name of readdirSync(folder)) {
    const file = viewFile(join(folder, name));
    const z = file.image?.imagePositionPatient?.[2];
    if (file.image === undefined || z === undefined) continue;
    const { frame } = await file.drawable(0);
    if (frame.kind !== 'grey') continue;
    slices.push({ image: file.image, z, frame, values: hounsfieldUnits(frame) });
  }
  return slices.sort((a, b) => a.z - b.z);
}

function hounsfieldUnits(frame: Slice['frame']): Int16Array {
  const toModality = modalityFunction({ ...frame, ...frame.exact });
  const stored = frame.exact?.samples ?? frame.levels[0]?.samples ?? new Int16Array(0);
  const values = new Int16Array(stored.length);
  for (let i = 0; i < stored.length; i += 1) values[i] = toModality(stored[i] ?? 0);
  return values;
}

/** What we say to a fact; undefined for one that is not about pixels and places. */
function measure(slices: readonly Slice[], fact: string): string | undefined {
  const [first] = slices;
  if (first === undefined) return undefined;
  const { rows, columns, pixelSpacing, imageOrientationPatient, imagePositionPatient: [x0, y0] = [Number.NaN, Number.NaN] } = first.image;
  const steps = slices.slice(1).map(({ z }, i) => z - (slices[i]?.z ?? 0));
  if (fact === 'slices') return String(slices.length);
  if (fact === 'rows x cols') return `${rows} x ${columns}`;
  if (fact.startsWith('pixel spacing')) return (pixelSpacing ?? []).join('\\');
  if (fact.startsWith('slice spacing')) return `${steps[0]} (min ${Math.min(...steps)} max ${Math.max(...steps)})`;
  if (fact === 'ImageOrientationPatient') return `[${(imageOrientationPatient ?? []).map((value) => value.toFixed(1)).join(', ')}]`;
  if (fact.startsWith('x,y of')) return `[${x0.toFixed(1)}, ${y0.toFixed(1)}]`;
  if (fact.startsWith('HU min')) return extremes(slices);
  if (fact.startsWith('HU volume sha256')) return hash(slices.map(({ values }) => values));
  if (fact.startsWith('sagittal plane')) return hash(slices.map(({ values }) => columnOf(values, columns, 256)));
  if (fact.startsWith('coronal plane')) return hash(slices.map(({ values }) => values.slice(256 * columns, 257 * columns)));
  const probe = /^HU at patient x,y,z = (\S+), (\S+), (\S+) /.exec(fact);
  if (probe === null) return undefined;
  const [x = 0, y = 0, z = 0] = probe.slice(1).map(Number);
  const slice = slices.find((candidate) => Math.abs(candidate.z - z) < 0.01);
  const row = Math.round((y - y0) / (pixelSpacing?.[0] ?? 1));
  const column = Math.round((x - x0) / (pixelSpacing?.[1] ?? 1));
  return slice === undefined ? 'no such slice' : String(modalityValueAt(slice.frame, row * columns + column));
}

function columnOf(values: Int16Array, columns: number, column: number): Int16Array {
  const picked = new Int16Array(values.length / columns);
  for (let row = 0; row < picked.length; row += 1) picked[row] = values[row * columns + column] ?? 0;
  return picked;
}

function extremes(slices: readonly Slice[]): string {
  let [low, high, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const { values } of slices) {
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i] ?? 0;
      if (value < low) low = value;
      if (value > high) high = value;
      sum += value;
    }
    count += values.length;
  }
  return `${low} / ${high} / ${(sum / count).toFixed(4)}`;
}

function hash(pieces: readonly Int16Array[]): string {
  const sha256 = createHash('sha256');
  for (const piece of pieces) sha256.update(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
  return sha256.digest('hex');
}

function judge(given: string, wanted: string): Outcome {
  return given === wanted ? { kind: 'equal', detail: '' } : { kind: 'different', detail: `${given}, not ${wanted}` };
}
