import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { memorySource, readPart10 } from '../../electron/dicom/dataset/index.ts';
import { storedWindows } from '../../renderer/viewer/voi.ts';
import { imageModule } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { pictureOf, viewFile } from '../conformance/viewed-file.ts';
import { provideWasmFromPackages } from '../support/wasm.ts';
import type { DecodeProgress, DecodeTask } from './decode.ts';
import { Random } from './random.ts';

// Draws damaged files in a process that can be watched from outside: what hangs here is seen there.

const { files, folder, seed, from, cases } = JSON.parse(process.argv[2] ?? '{}') as DecodeTask;
const FRAMES = 2;
/** Told this often, so that silence means a hang. */
const TELL_MS = 200;

provideWasmFromPackages();
const originals = files.map((file) => {
  const bytes = readFileSync(file);
  return { name: basename(file), bytes, pixels: pixelsOf(bytes) };
});
const scratch = join(folder, `mutant-${process.pid}.dcm`);
let progress = { longestMs: 0, outcomes: {} as Record<string, number>, failures: [] as string[] };
let toldAt = performance.now();

for (let index = from; index < cases; index += 1) {
  const original = originals[index % originals.length];
  if (original === undefined) break;
  // The file before this one is done, and a hang from now on is this one's.
  if (performance.now() - toldAt > TELL_MS) tell(index);
  const started = performance.now();
  const outcome = await outcomeOf(mutant(original, Random.of(seed, index)));
  const took = performance.now() - started;
  if (took > TELL_MS) tell(index);
  progress.longestMs = Math.max(progress.longestMs, took);
  progress.outcomes[outcome] = (progress.outcomes[outcome] ?? 0) + 1;
  if (outcome.startsWith('NOT TYPED')) progress.failures.push(`mutant ${index} of ${original.name}: ${outcome}`);
}
tell(cases);
process.disconnect();

function tell(next: number): void {
  toldAt = performance.now();
  const message: DecodeProgress = { next, residentMB: process.memoryUsage.rss() / 2 ** 20, ...progress };
  process.send?.(message);
  progress = { longestMs: 0, outcomes: {}, failures: [] };
}

/** From file to picture, as the archive and the window do it. */
async function outcomeOf(bytes: Buffer): Promise<string> {
  writeFileSync(scratch, bytes);
  try {
    const file = viewFile(scratch);
    if (file.image === undefined) return 'a tile instead of the image';
    // One description that breaks the contract would take the whole series with it.
    const checked = imageModule.safeParse(file.image);
    if (!checked.success) return `NOT TYPED: a description against the contract, ${checked.error.issues[0]?.path.join('.')}`;
    for (let frame = 0; frame < Math.min(FRAMES, file.frames); frame += 1) {
      const drawable = await file.drawable(frame);
      const picture = pictureOf(drawable, storedWindows(drawable.image)[0], { planes: true });
      if (picture.samples.length !== picture.rows * picture.columns * picture.samplesPerPixel) return 'NOT TYPED: too few samples';
    }
    return 'drawn';
  } catch (thrown) {
    return thrown instanceof PhosphorError ? `error ${thrown.kind}` : `NOT TYPED ${String(thrown).slice(0, 200)}`;
  }
}

interface Original {
  readonly bytes: Buffer;
  /** Where the pixels begin. */
  readonly pixels: number;
}

function pixelsOf(bytes: Buffer): number {
  try {
    return readPart10(memorySource(bytes)).pixelData?.offset ?? 0;
  } catch {
    return 0;
  }
}

/** Changed bytes in the head of the codestream, anywhere in it, or in the data set before it; a cut; a piece doubled or moved. */
function mutant({ bytes, pixels }: Original, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const change = (start: number, length: number, times: number) => {
    for (let i = 0; i < times; i += 1) {
      const at = Math.min(copy.length - 1, start + random.below(length));
      copy.writeUInt8(random.chance(0.5) ? random.below(256) : copy.readUInt8(at) ^ (1 << random.below(8)), at);
    }
    return copy;
  };
  const coded = Math.max(1, bytes.length - pixels);
  const within = () => pixels + random.below(coded);
  switch (random.below(8)) {
    case 0:
    case 1:
      return change(pixels, Math.min(coded, 250), 1 + random.below(4));
    case 2:
    case 3:
      return change(pixels, coded, 1 + random.below(20));
    case 4:
      // Rows, columns, bits, planes, tables: the last part of what stands before the pixels.
      return change(Math.max(132, pixels - 600), Math.min(pixels, 600), 1 + random.below(4));
    case 5:
      return Buffer.from(copy.subarray(0, within()));
    case 6: {
      const [at, length] = [within(), 1 + random.below(200)];
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at, at + length), copy.subarray(at)]);
    }
    default: {
      const [to, from] = [within(), within()];
      copy.copyWithin(to, from, from + random.below(400));
      return copy;
    }
  }
}
