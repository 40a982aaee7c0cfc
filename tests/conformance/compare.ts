import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageModule } from '../../shared/contract/index.ts';
import { type Picture, readPNG } from './png.ts';
import type { Row } from './tables.ts';
import { pictureOf, type ViewedFile, viewFile } from './viewed-file.ts';
import { windowOf } from './window-of.ts';

/** How a file of ours stands beside its reference. `refused`: we show a reason instead; `none`: the reference says nothing to compare with. */
export interface Outcome {
  readonly kind: 'equal' | 'within tolerance' | 'different' | 'refused' | 'none';
  readonly detail: string;
}

const NONE: Outcome = { kind: 'none', detail: '' };
const EQUAL: Outcome = { kind: 'equal', detail: '' };

/** Decoded pixels of all frames against the hashes of GDCM and DCMTK in a row of REFERENCE.tsv. */
export async function comparePixels(folder: string, row: Row): Promise<Outcome> {
  const wanted = [row.gdcm_pixels_sha256, row.dcmtk_pixels_sha256].filter((hash): hash is string => hash !== undefined && hash !== '');
  if (wanted.every((hash) => !/^[0-9a-f]{64}$/.test(hash))) return NONE;
  return guarded(async () => {
    const file = viewFile(join(folder, row.path ?? ''));
    if (file.image === undefined) return { kind: 'refused', detail: file.reason ?? '' };
    const given = await storedHashes(file, file.image);
    if (given.some((hash) => wanted.includes(hash))) return EQUAL;
    return { kind: 'different', detail: 'other stored values' };
  });
}

/** The same for a row of SERIES-REFERENCE.tsv. */
export async function compareSeriesFile(folder: string, row: Row): Promise<Outcome> {
  return comparePixels(folder, { path: row.path ?? '', gdcm_pixels_sha256: row.decoded_sha256 ?? '' });
}

/** SHA-256 of the stored values in the forms in which references may be laid out. */
async function storedHashes(file: ViewedFile, image: ImageModule): Promise<string[]> {
  const frames: StoredFrame[] = [];
  for (let frame = 0; frame < file.frames; frame += 1) {
    const { samples } = await file.stored(frame);
    frames.push({
      bytes: new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
      bytesPerSample: samples.BYTES_PER_ELEMENT,
    });
  }
  return storedForms(frames, image).map((form) => createHash('sha256').update(form).digest('hex'));
}

/** Samples of a frame as little-endian bytes. */
export interface StoredFrame {
  readonly bytes: Uint8Array;
  readonly bytesPerSample: number;
}

/** The frames as references may lay them out: a cell for each sample, as Pixel Data has them, and that of even length. */
export function storedForms(frames: readonly StoredFrame[], image: ImageModule): Uint8Array[] {
  const cells = Buffer.concat(frames.map((frame) => inCells(frame, image.bitsAllocated)));
  const raw = image.bitsAllocated === 1 ? packBits(cells) : rawForm(cells, image);
  return [cells, raw, raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.alloc(1)])];
}

/** In containers of the size that the file allocates. */
function inCells({ bytes, bytesPerSample }: StoredFrame, bitsAllocated: number): Uint8Array {
  if (bitsAllocated !== 16 || bytesPerSample !== 1) return bytes;
  const wide = Uint16Array.from(bytes);
  return new Uint8Array(wide.buffer);
}

/** As Pixel Data has them: two pixels share their chroma in 4:2:2. */
function rawForm(samples: Uint8Array, { photometricInterpretation, pixelData }: ImageModule): Uint8Array {
  if (photometricInterpretation !== 'YBR_FULL_422' || pixelData.encoding === 'encapsulated') return samples;
  const pairs = new Uint8Array((samples.length / 3) * 2);
  for (let from = 0, to = 0; from < samples.length; from += 6, to += 4) {
    pairs.set([samples[from] ?? 0, samples[from + 3] ?? 0, samples[from + 1] ?? 0, samples[from + 2] ?? 0], to);
  }
  return pairs;
}

function packBits(bits: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(bits.length / 8));
  for (let i = 0; i < bits.length; i += 1) packed[i >> 3] = (packed[i >> 3] ?? 0) | ((bits[i] ?? 0) << (i & 7));
  return packed;
}

/** The drawn picture of the first (and last) rendered frame against DCMTK's. */
export async function comparePictures(folder: string, row: Row): Promise<Outcome> {
  const renders = rendersOf(folder, row);
  if (renders.length === 0) return NONE;
  return guarded(async () => {
    const file = viewFile(join(folder, row.path ?? ''));
    if (file.image === undefined) return { kind: 'refused', detail: file.reason ?? '' };
    const outcomes: Outcome[] = [];
    for (const { command, png, frame } of renders) {
      const drawable = await file.drawable(frame);
      const ours = pictureOf(drawable, windowOf(command, drawable));
      outcomes.push(compareSamples(readPNG(readFileSync(join(folder, png))), ours, isLossy(row, drawable.image)));
    }
    return worstOf(outcomes);
  });
}

/** Pictures that a row of REFERENCE.tsv has of its file; frames count from 0. */
export function rendersOf(folder: string, row: Row): { command: string; png: string; frame: number }[] {
  return [
    { command: row.render_cmd ?? '', png: row.render_png ?? '' },
    { command: row.render_last_cmd ?? '', png: row.render_last_png ?? '' },
  ]
    .filter(({ png }) => png !== '' && existsSync(join(folder, png)))
    .map((render) => ({ ...render, frame: Number(/\+F (\d+)/.exec(render.command)?.[1] ?? 1) - 1 }));
}

export function worstOf(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce((worst, one) => (RANK.indexOf(one.kind) > RANK.indexOf(worst.kind) ? one : worst), EQUAL);
}

const RANK: readonly Outcome['kind'][] = ['none', 'equal', 'within tolerance', 'different', 'refused'];

const LOSSY = /^1\.2\.840\.10008\.1\.2\.4\.(50|51|53|55|81|91|93|203)$/;

export function isLossy(row: Row, image: ImageModule): boolean {
  return image.lossy || LOSSY.test(row.transfer_syntax_uid ?? '');
}

/**
 * Monochrome: no pixel more than 1 grey level off. Colour: exact, or (lossy) a mean difference of at most 1 and 99 % of the samples within 4.
 */
export function compareSamples(reference: Picture, ours: Picture, lossy: boolean): Outcome {
  if (reference.columns !== ours.columns || reference.rows !== ours.rows) {
    return { kind: 'different', detail: `${ours.columns} × ${ours.rows} for ${reference.columns} × ${reference.rows}` };
  }
  const grey = reference.samplesPerPixel === 1 && ours.samplesPerPixel === 1;
  const count = ours.rows * ours.columns * Math.max(reference.samplesPerPixel, ours.samplesPerPixel);
  const channels = count / (ours.rows * ours.columns);
  let most = 0;
  let sum = 0;
  let far = 0;
  for (let i = 0; i < count; i += 1) {
    const pixel = Math.floor(i / channels);
    const a = reference.samples[reference.samplesPerPixel === channels ? i : pixel] ?? 0;
    const b = ours.samples[ours.samplesPerPixel === channels ? i : pixel] ?? 0;
    const difference = Math.abs(a - b);
    if (difference > most) most = difference;
    if (difference > 4) far += 1;
    sum += difference;
  }
  if (most === 0) return EQUAL;
  const mean = sum / count;
  const detail = `largest ${most}, mean ${mean.toFixed(3)}, ${((100 * far) / count).toFixed(2)} % over 4`;
  const within = grey ? most <= 1 : lossy && mean <= 1 && far <= count / 100;
  return { kind: within ? 'within tolerance' : 'different', detail };
}

async function guarded(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (thrown) {
    return { kind: 'refused', detail: thrown instanceof Error ? thrown.message : 'unknown' };
  }
}
