import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPart10Meta, Tag } from '../../electron/dicom/dataset/index.ts';
import { DEBIAN_SAMPLES } from '../support/dicom-data.ts';
import { type Arena, inParallel } from './arena.ts';
import { address } from './connections.ts';
import { StoringCaller } from './storing-caller.ts';

export interface FlipTask {
  readonly files: readonly string[];
  readonly folder: string;
  /** Every so many bytes. */
  readonly step: number;
}

export interface FlipProgress {
  readonly cases: number;
  readonly longestMs: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/** One of each kind: encodings, compressions, reports, private and unknown elements, character sets, no File Meta Information at all. */
const KINDS = [
  'CT_small.dcm',
  'MR_small_implicit.dcm',
  'MR_small_bigendian.dcm',
  'image_dfl.dcm',
  'MR_small_RLE.dcm',
  'JPEG2000.dcm',
  'SC_rgb_jpeg_dcmtk.dcm',
  'MR_small_jpeg_ls_lossless.dcm',
  'reportsi.dcm',
  'test-SR.dcm',
  'priv_SQ.dcm',
  'nested_priv_SQ.dcm',
  'UN_sequence.dcm',
  'badVR.dcm',
  'rtplan.dcm',
  'rtstruct.dcm',
  'rtdose_1frame.dcm',
  'liver_1frame.dcm',
  'chrH31.dcm',
  'chrKoreanMulti.dcm',
  'chrSQEncoding1.dcm',
  'no_meta.dcm',
  'color3d_jpeg_baseline.dcm',
  'ExplVR_BigEnd.dcm',
  'waveform_ecg.dcm',
  'JPGExtended.dcm',
];
const LONGEST_FILE = 120_000;
const HANG_MS = 5000;
const STORES = 3000;
const CALLERS = 8;

/** Every byte of real headers flipped, one at a time: through each reader, and a sample of them as C-STORE over a socket. */
export async function vrFlip(arena: Arena): Promise<void> {
  const files = samples(arena);
  if (files.length === 0) throw new Error('no real DICOM files: apt-get install python3-pydicom, or set DICOM_TEST_DATA');
  arena.count('real headers', files.length);
  await Promise.all([readFlipped(arena, { files, folder: arena.folder, step: Math.ceil(1 / arena.scale) }), storeFlipped(arena, files)]);
  const { instances, longestMs } = await arena.system.call('manifests', {});
  arena.count('instances in the manifests of what was stored', instances);
  if (longestMs > HANG_MS) arena.fail(`a manifest took ${longestMs.toFixed(0)} ms`);
}

function samples(arena: Arena): string[] {
  const folders = [process.env.DICOM_TEST_DATA, dirname(DEBIAN_SAMPLES), join(arena.folder, 'fresh')];
  const all = folders.flatMap((folder) =>
    folder !== undefined && existsSync(folder)
      ? readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && KINDS.includes(entry.name))
          .map((entry) => join(entry.parentPath, entry.name))
      : [],
  );
  return KINDS.flatMap((kind) => all.find((path) => basename(path) === kind && isUsable(path)) ?? []);
}

function isUsable(path: string): boolean {
  if (statSync(path).size > LONGEST_FILE) return false;
  try {
    readPart10Meta(readFileSync(path));
    return true;
  } catch {
    return false;
  }
}

async function readFlipped(arena: Arena, task: FlipTask): Promise<void> {
  const child = fork(fileURLToPath(new URL('./flip-process.ts', import.meta.url)), [JSON.stringify(task)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const exited = once(child, 'exit');
  let heard = performance.now();
  const watch = setInterval(() => {
    if (performance.now() - heard < HANG_MS) return;
    arena.fail(`a reader was not done with a header after ${HANG_MS} ms`);
    child.kill('SIGKILL');
  }, 500);
  child.on('message', ({ cases, outcomes, failures, longestMs }: FlipProgress) => {
    heard = performance.now();
    arena.count('headers read with one byte flipped', cases);
    for (const [outcome, count] of Object.entries(outcomes)) arena.count(outcome, count);
    for (const failure of failures) arena.fail(failure);
    if (longestMs > HANG_MS) arena.fail(`a reader took ${longestMs.toFixed(0)} ms for one header`);
  });
  const [code] = await exited;
  clearInterval(watch);
  if (code !== 0) arena.fail(`the process that reads headers ended with ${code}`);
}

async function storeFlipped(arena: Arena, files: readonly string[]): Promise<void> {
  const stores = Math.ceil(STORES * arena.scale);
  const perFile = Math.ceil(stores / files.length);
  await inParallel(CALLERS, async (index) => {
    const file = files[index % files.length];
    const turn = Math.floor(index / files.length);
    if (file === undefined || turn >= perFile) return false;
    const bytes = readFileSync(file);
    const meta = readPart10Meta(bytes);
    const dataSet = Buffer.from(bytes.subarray(meta.dataSetOffset));
    const at = Math.floor((turn * Math.min(dataSet.length, 6000)) / perFile);
    const sopClassUID = meta.metaElements.string(Tag.MediaStorageSOPClassUID) || '1.2.840.10008.5.1.4.1.1.2';
    const sopInstanceUID = meta.metaElements.string(Tag.MediaStorageSOPInstanceUID) || '1.2.3';
    dataSet.writeUInt8(dataSet.readUInt8(at) ^ (turn % 2 === 0 ? 0xff : 1 << (at % 8)), at);
    const name = basename(file);
    await arena.attempt(`C-STORE of ${name}, byte ${at}`, async () => {
      const caller = await StoringCaller.open(arena.system.port, address(index), sopClassUID, meta.transferSyntaxUID);
      try {
        return `C-STORE: ${await caller.store(sopInstanceUID, [dataSet])}`;
      } finally {
        await caller[Symbol.asyncDispose]();
      }
    });
    return true;
  });
}
