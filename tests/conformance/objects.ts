import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredObject } from '../../renderer/viewer/dataset/stored-object.ts';
import { readDocument } from '../../renderer/viewer/objects/document/document.ts';
import { doseVolume, readDose } from '../../renderer/viewer/objects/radiotherapy/dose.ts';
import { readStructures } from '../../renderer/viewer/objects/radiotherapy/structures.ts';
import { readReport } from '../../renderer/viewer/objects/sr/content.ts';
import { readWaveforms } from '../../renderer/viewer/objects/waveform/waveform.ts';
import { objectOfFile } from '../support/objects.ts';
import type { Outcome } from './compare.ts';
import { dsrdumpLines } from './dsrdump.ts';
import type { Finding } from './reference.ts';
import { type Row, readTable } from './tables.ts';
import { viewFile } from './viewed-file.ts';

/** Lines of REFERENCE-EXTRA.tsv about what is no picture: waves, contours, doses, documents and reports. */
export async function* objectFindings(folder: string): AsyncGenerator<Finding> {
  for (const row of readTable(folder, 'REFERENCE-EXTRA.tsv')) {
    const how = row.how ?? '';
    const path = join(folder, row.path ?? '');
    if (how.startsWith('dsrdump')) yield* reportFindings(folder, row['file (relative to this folder)'] ?? '');
    const compare = COMPARISONS.find(([start]) => how.startsWith(start))?.[1];
    if (compare === undefined || !existsSync(path)) continue;
    yield { name: `${row.path} (${how.split(' ').slice(0, 3).join(' ')})`, outcome: await safely(() => compare(row, path)) };
  }
}

const COMPARISONS: readonly (readonly [start: string, (row: Row, path: string) => Promise<Outcome>])[] = [
  ['multiplex group', compareWaves],
  ['RTSTRUCT', compareStructures],
  ['RTDOSE', compareDose],
  ['dcm2pdf', comparePDF],
];

/** The hash is of the samples as stored; what is said in words is of the calibrated ones. */
async function compareWaves(row: Row, path: string): Promise<Outcome> {
  const index = Number(/^multiplex group (\d+)/.exec(row.how ?? '')?.[1]);
  const object = objectOfFile(path);
  const group = (await readWaveforms(object))[index];
  const item = object.root.sequence('54000100')[index];
  if (group === undefined || item === undefined) return { kind: 'refused', detail: 'no such multiplex group' };
  if (sha256(await object.bytes(item, '54001010')) !== row.sha256) return { kind: 'different', detail: 'other stored samples' };
  const ours = group.channels.map(({ name, values }) => {
    const [first, least, most] = [values[0] ?? 0, values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    return `${name}: first=${first.toFixed(4)} min=${least.toFixed(4)} max=${most.toFixed(4)}`;
  });
  const other = (row.detail ?? '').split('; ').find((line, i) => line !== ours[i]);
  return other === undefined ? EQUAL : { kind: 'different', detail: other };
}

async function compareStructures(row: Row, path: string): Promise<Outcome> {
  const { regions } = await readStructures(objectOfFile(path));
  const ours = regions.map(({ number, name, contours }) => `${number}:${name} contours=${contours.length}`).join('; ');
  const empty = regions.some(({ contours }) => contours.some(({ points }) => points.length === 0));
  return ours === row.detail && !empty ? EQUAL : { kind: 'different', detail: ours };
}

async function compareDose(row: Row, path: string): Promise<Outcome> {
  const grid = readDose(objectOfFile(path).root);
  const file = viewFile(path);
  if (grid === undefined) return { kind: 'refused', detail: 'the grid has no place' };
  const frames: ArrayLike<number>[] = [];
  for (let i = 0; i < file.frames; i++) frames.push((await file.stored(i)).samples);
  const { maximum } = doseVolume(grid, frames);
  const ours = `units=${grid.units} max dose=${maximum.toFixed(6)}`;
  const [, units, most] = /units=(\S+).*max dose=(\S+)/.exec(row.detail ?? '') ?? [];
  return units === grid.units && most === maximum.toFixed(6) ? EQUAL : { kind: 'different', detail: ours };
}

async function comparePDF(row: Row, path: string): Promise<Outcome> {
  const { form, bytes } = await readDocument(objectOfFile(path));
  return form === 'pdf' && sha256(bytes) === row.sha256 ? EQUAL : { kind: 'different', detail: `${form}, ${bytes.length} bytes` };
}

/** One text of dsrdump for each document; those that DCMTK refuses cannot be compared. */
async function* reportFindings(folder: string, texts: string): AsyncGenerator<Finding> {
  for (const name of readdirSync(join(folder, texts)).sort()) {
    const path = documentOf(folder, name);
    const dump = readFileSync(join(folder, texts, name));
    if (path === undefined || dump.includes('F: dsrdump: error')) continue;
    yield { name: `${name} (dsrdump)`, outcome: await safely(() => compareReport(objectOfFile(path), dump)) };
  }
}

function documentOf(folder: string, name: string): string | undefined {
  const parts = name
    .replace(/^dev_/, '')
    .replace(/\.txt$/, '')
    .split('_');
  // Folders and names were joined by underscores, which both hold too.
  for (let cuts = 0; cuts < 2 ** (parts.length - 1); cuts++) {
    const path = join(folder, parts.map((part, i) => (i === 0 ? part : `${(cuts >> (i - 1)) & 1 ? '/' : '_'}${part}`)).join(''));
    if (existsSync(path)) return path;
  }
  return undefined;
}

async function compareReport({ root }: StoredObject, dump: Buffer): Promise<Outcome> {
  const encoding = ENCODINGS[root.string('00080005')] ?? 'latin1';
  const [, ...tree] = new TextDecoder(encoding).decode(dump).split(/\n(?=<)/);
  const theirs = tree.join('\n').trimEnd().split('\n');
  const ours = dsrdumpLines(readReport(root).root, encoding !== 'utf-8');
  const at = theirs.findIndex((line, i) => line !== ours[i]);
  if (at < 0 && ours.length === theirs.length) return EQUAL;
  return { kind: 'different', detail: `line ${at + 1}: ${ours[at] ?? ''} instead of ${theirs[at] ?? ''}` };
}

const ENCODINGS: Readonly<Record<string, string>> = { 'ISO_IR 192': 'utf-8', 'ISO_IR 101': 'iso-8859-2' };
const EQUAL: Outcome = { kind: 'equal', detail: '' };

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function safely(compare: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await compare();
  } catch (thrown) {
    return { kind: 'refused', detail: thrown instanceof Error ? thrown.message : 'unknown' };
  }
}
