import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareSamples, type Outcome } from './compare.ts';
import { compareMosaic, compareVolume, filesIn } from './nifti.ts';
import { readPNG } from './png.ts';
import { imageOfCommand, presentedPicture, stateOfFile } from './presented-file.ts';
import type { Finding } from './reference.ts';
import { type Row, readTable } from './tables.ts';
import { pictureOf, viewFile } from './viewed-file.ts';

/** Lines of REFERENCE-EXTRA.tsv about decoded frames: compared by the picture where there is one, else by their samples' hash. */
export async function* extraFindings(folder: string): AsyncGenerator<Finding> {
  for (const row of readTable(folder, 'REFERENCE-EXTRA.tsv')) {
    const how = row.how ?? '';
    const path = row.path ?? '';
    const isFrames = FRAMES.test(how) && existsSync(join(folder, path));
    if (isFrames) yield { name: `${path} (${how.split(' ')[0]})`, outcome: await compare(folder, row) };
    if (/NIfTI|dcm2niix/.test(how)) yield { name: `${path} (NIfTI)`, outcome: await compareNIfTI(folder, row) };
    if (how.startsWith('dcmp2pgm -p')) yield { name: `${path} (dcmp2pgm)`, outcome: await comparePresented(folder, row) };
  }
}

/** How references of still frames were made. */
const FRAMES = /^(opj_decompress|zlib raw inflate|expected = PixelData|decoders differ|RTDOSE)/;

/** The series that the reference names by its folder, or by the end of its file's name: `…_5` is series mr_0005. */
async function compareNIfTI(folder: string, row: Row): Promise<Outcome> {
  const nifti = row['file (relative to this folder)'] ?? '';
  const path = row.path ?? '';
  const series = `mr_${(/_(\d+)\.nii$/.exec(nifti)?.[1] ?? '').padStart(4, '0')}`;
  const all = path.endsWith('/*') ? filesIn(join(folder, path.slice(0, -2))) : filesIn(join(folder, 'dcm_qa_nih'));
  const files = path.endsWith('/*') ? all : all.filter((file) => file.includes(series));
  if (files.length === 0) return { kind: 'none', detail: '' };
  try {
    const isMosaic = readFileSync(files[0] ?? '')
      .subarray(0, 4096)
      .includes('MOSAIC');
    return isMosaic
      ? await compareMosaic(files, join(folder, nifti))
      : await compareVolume(files, join(folder, nifti), path.endsWith('/*'));
  } catch (thrown) {
    return { kind: 'refused', detail: thrown instanceof Error ? thrown.message : 'unknown' };
  }
}

/** An image under a presentation state against DCMTK's picture of it. */
async function comparePresented(folder: string, row: Row): Promise<Outcome> {
  const path = row.path ?? '';
  try {
    const state = await stateOfFile(join(folder, path));
    if (state === undefined) return { kind: 'refused', detail: 'no presentation state' };
    const reference = readPNG(readFileSync(join(folder, row['file (relative to this folder)'] ?? '')));
    return compareSamples(reference, await presentedPicture(state, imageOfCommand(folder, row.how ?? '')), false);
  } catch (thrown) {
    return { kind: 'refused', detail: thrown instanceof Error ? thrown.message : 'unknown' };
  }
}

async function compare(folder: string, row: Row): Promise<Outcome> {
  try {
    const file = viewFile(join(folder, row.path ?? ''));
    if (file.image === undefined) return { kind: 'refused', detail: file.reason ?? '' };
    const picture = row['file (relative to this folder)'] ?? '';
    if (picture.endsWith('.png')) {
      return compareSamples(readPNG(readFileSync(join(folder, picture))), pictureOf(await file.drawable(0), undefined), false);
    }
    const sha256 = createHash('sha256');
    for (let frame = 0; frame < file.frames; frame += 1) {
      const { samples } = await file.stored(frame);
      sha256.update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
    }
    const given = sha256.digest('hex');
    return given === row.sha256 ? { kind: 'equal', detail: '' } : { kind: 'different', detail: 'other stored values' };
  } catch (thrown) {
    return { kind: 'refused', detail: thrown instanceof Error ? thrown.message : 'unknown' };
  }
}
