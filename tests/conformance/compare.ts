import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrawableFrame } from '../../renderer/viewer/decode-messages.ts';
import { modalityFunction, storedWindows, type Window } from '../../renderer/viewer/voi.ts';
import type { DecodedFrame } from '../../shared/codecs/index.ts';
import type { ImageModule } from '../../shared/contract/index.ts';
import { type Picture, readPNG } from './png.ts';
import type { Row } from './tables.ts';
import { pictureOf, type ViewedFile, viewFile } from './viewed-file.ts';

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
  const plain = createHash('sha256');
  const raw: Uint8Array[] = [];
  for (let frame = 0; frame < file.frames; frame += 1) {
    const decoded = await file.stored(frame);
    plain.update(asStored(decoded, image.bitsAllocated));
    raw.push(rawForm(decoded, image));
  }
  const bytes = image.bitsAllocated === 1 ? packBits(raw) : Buffer.concat(raw);
  const forms = [bytes, bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])];
  return [plain.digest('hex'), ...forms.map((form) => createHash('sha256').update(form).digest('hex'))];
}

/** Little-endian bytes in containers of the size that the file allocates. */
function asStored({ samples }: DecodedFrame, bitsAllocated: number): Uint8Array {
  const cells = bitsAllocated === 16 && samples.BYTES_PER_ELEMENT === 1 ? Uint16Array.from(samples) : samples;
  return new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength);
}

/** As Pixel Data has them: two pixels share their chroma in 4:2:2. */
function rawForm(decoded: DecodedFrame, { photometricInterpretation, bitsAllocated, pixelData }: ImageModule): Uint8Array {
  if (photometricInterpretation !== 'YBR_FULL_422' || pixelData.encoding === 'encapsulated') return asStored(decoded, bitsAllocated);
  const { samples } = decoded;
  const pairs = new Uint8Array((samples.length / 3) * 2);
  for (let from = 0, to = 0; from < samples.length; from += 6, to += 4) {
    pairs.set([samples[from] ?? 0, samples[from + 3] ?? 0, samples[from + 1] ?? 0, samples[from + 2] ?? 0], to);
  }
  return pairs;
}

function packBits(frames: readonly Uint8Array[]): Buffer {
  const bits = Buffer.concat(frames);
  const packed = Buffer.alloc(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) packed[i >> 3] = (packed[i >> 3] ?? 0) | (bit << (i & 7));
  return packed;
}

/** The drawn picture of the first (and last) rendered frame against DCMTK's. */
export async function comparePictures(folder: string, row: Row): Promise<Outcome> {
  const renders = [
    { command: row.render_cmd ?? '', png: row.render_png ?? '' },
    { command: row.render_last_cmd ?? '', png: row.render_last_png ?? '' },
  ].filter(({ png }) => png !== '' && existsSync(join(folder, png)));
  if (renders.length === 0) return NONE;
  return guarded(async () => {
    const file = viewFile(join(folder, row.path ?? ''));
    if (file.image === undefined) return { kind: 'refused', detail: file.reason ?? '' };
    let worst = EQUAL;
    for (const { command, png } of renders) {
      const number = Number(/\+F (\d+)/.exec(command)?.[1] ?? 1);
      const drawable = await file.drawable(number - 1);
      const window = windowOf(command, drawable);
      const outcome = compareSamples(readPNG(readFileSync(join(folder, png))), pictureOf(drawable, window), isLossy(row, drawable.image));
      if (RANK.indexOf(outcome.kind) > RANK.indexOf(worst.kind)) worst = outcome;
    }
    return worst;
  });
}

const RANK: readonly Outcome['kind'][] = ['none', 'equal', 'within tolerance', 'different', 'refused'];

/** The window that the command asked of DCMTK. */
export function windowOf(command: string, { frame, image }: { frame: DrawableFrame; image: ImageModule }): Window | undefined {
  if (command.includes('+Wi 1')) return image.windows[0];
  if (command.includes('+Wl 1')) return storedWindows(image).find(({ voiLUT }) => voiLUT === 0);
  if (!command.includes('+Wm') || frame.kind === 'colour') return undefined;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const sample of frame.exact?.samples ?? frame.levels[0]?.samples ?? []) {
    if (sample < low) low = sample;
    if (sample > high) high = sample;
  }
  const toModality = modalityFunction({ ...frame, ...frame.exact });
  const [a, b] = [toModality(low), toModality(high)];
  // DCMTK's window from smallest to largest value (DiMonoImage::setMinMaxWindow).
  return { center: (a + b + 1) / 2, width: Math.abs(b - a) + 1, function: 'LINEAR' };
}

const LOSSY = /^1\.2\.840\.10008\.1\.2\.4\.(50|51|53|55|81|91|93|203)$/;

function isLossy(row: Row, image: ImageModule): boolean {
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
