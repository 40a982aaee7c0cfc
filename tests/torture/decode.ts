import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEBIAN_SAMPLES } from '../support/dicom-data.ts';
import type { Arena } from './arena.ts';

export interface DecodeTask {
  readonly files: readonly string[];
  readonly folder: string;
  readonly seed: number;
  /** Cases from here up to `cases`. */
  readonly from: number;
  readonly cases: number;
}

export interface DecodeProgress {
  /** The next case. */
  readonly next: number;
  readonly longestMs: number;
  readonly residentMB: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/** One or more of each compression, in grey and colour, with one frame and many, and what has palettes, overlays and tables. */
const KINDS = [
  'MR_small_RLE.dcm',
  'SC_rgb_rle_16bit.dcm',
  'OBXXXX1A_rle.dcm',
  'rtdose_rle_1frame.dcm',
  'SC_rgb_jpeg_dcmtk.dcm',
  'SC_rgb_dcmtk_+eb+cy+s4.dcm',
  'color3d_jpeg_baseline.dcm',
  'JPGExtended.dcm',
  'JPEG-lossy.dcm',
  'JPEG-LL.dcm',
  'MR_small_jpeg_ls_lossless.dcm',
  'emri_small_jpeg_ls_lossless.dcm',
  'JPEG2000.dcm',
  'MR_small_jp2klossless.dcm',
  'SC_rgb_gdcm_KY.dcm',
  'HTJ2KLossless_08_RGB.dcm',
  'liver_deflate.dcm',
  'image_dfl.dcm',
  'examples_palette.dcm',
  'vlut_04.dcm',
  'mlut_18.dcm',
  'MR-SIEMENS-DICOM-WithOverlays.dcm',
];
const LONGEST_FILE = 700_000;
const CASES = 20_000;
/** What the window's pool would allow a decoder before it is ended and replaced is longer; no mutant of so small a file needs as much. */
const HANG_MS = 5000;
const MOST_MB = 1500;
/** Decoders that hang are replaced, but they are to be few. */
const MOST_HANGS = 0.001;

/** Compressed files with bytes changed, cut, doubled and moved, on the whole way from file to picture, in a process that is replaced where it hangs. */
export async function decodeMutants(arena: Arena): Promise<void> {
  const files = samples();
  if (files.length === 0) throw new Error('no real DICOM files: apt-get install python3-pydicom, or set DICOM_TEST_DATA');
  arena.count('real files', files.length);
  const cases = Math.ceil(CASES * arena.scale);
  let from = 0;
  let hangs = 0;
  while (from < cases) {
    const ended = await decodeInProcess(arena, { files, folder: arena.folder, seed: arena.seed, from, cases });
    if (ended.hung) {
      hangs += 1;
      arena.count('decoder hung, was killed and replaced');
    }
    if (ended.next <= from && !ended.hung) return;
    from = ended.hung ? ended.next + 1 : ended.next;
  }
  if (hangs > Math.max(1, cases * MOST_HANGS)) arena.fail(`${hangs} of ${cases} mutants hung their decoder`);
}

async function decodeInProcess(arena: Arena, task: DecodeTask): Promise<{ next: number; hung: boolean }> {
  const child = fork(fileURLToPath(new URL('./decode-process.ts', import.meta.url)), [JSON.stringify(task)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const exited = once(child, 'exit');
  let heard = performance.now();
  let next = task.from;
  let hung = false;
  const watch = setInterval(() => {
    if (performance.now() - heard < HANG_MS) return;
    hung = true;
    child.kill('SIGKILL');
  }, 250);
  child.on('message', (progress: DecodeProgress) => {
    heard = performance.now();
    arena.count('mutants', progress.next - next);
    next = progress.next;
    for (const [outcome, count] of Object.entries(progress.outcomes)) arena.count(outcome, count);
    for (const failure of progress.failures) arena.fail(failure);
    if (progress.residentMB > MOST_MB) arena.fail(`the decoding process holds ${progress.residentMB.toFixed(0)} MB`);
  });
  const [code] = await exited;
  clearInterval(watch);
  if (code !== 0 && !hung) arena.fail(`the process that decodes ended with ${code} at mutant ${next}`);
  return { next, hung };
}

function samples(): string[] {
  const folders = [process.env.DICOM_TEST_DATA, dirname(DEBIAN_SAMPLES)];
  const all = folders.flatMap((folder) =>
    folder !== undefined && existsSync(folder)
      ? readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && KINDS.includes(entry.name))
          .map((entry) => join(entry.parentPath, entry.name))
      : [],
  );
  return KINDS.flatMap((kind) => all.find((path) => basename(path) === kind && statSync(path).size <= LONGEST_FILE) ?? []);
}
