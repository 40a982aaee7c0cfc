import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeImage } from '../../electron/archive/image-description.ts';
import { decodeDataset, memorySource, readPart10, readPart10Meta, StreamingHeader } from '../../electron/dicom/dataset/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { FlipProgress, FlipTask } from './vr-flip.ts';

// Reads damaged headers, one flipped byte at a time, in a process that can be watched from outside: what hangs here is seen there.

const { files, step, folder } = JSON.parse(process.argv[2] ?? '{}') as FlipTask;

/** Told this often, so that silence means a hang. */
const TELL_MS = 200;
const CHUNK = 1000;
/** Of an instance without pixels, what comes first is its header. */
const LONGEST_HEADER = 16_000;

let progress = { cases: 0, longestMs: 0, outcomes: {} as Record<string, number>, failures: [] as string[] };
let toldAt = performance.now();

function tell(force: boolean): void {
  if (!force && performance.now() - toldAt < TELL_MS) return;
  toldAt = performance.now();
  const message: FlipProgress = progress;
  process.send?.(message);
  progress = { cases: 0, longestMs: 0, outcomes: {}, failures: [] };
}

const scratch = join(folder, 'flipped.dcm');

/** The readers that an arriving or stored instance meets. */
const READERS: readonly (readonly [string, (bytes: Uint8Array) => void])[] = [
  [
    'streaming header',
    (bytes) => {
      const { transferSyntaxUID, dataSetOffset } = readPart10Meta(bytes);
      const header = new StreamingHeader(transferSyntaxUID);
      for (let at = dataSetOffset; at < bytes.length; at += CHUNK) if (header.push(bytes.subarray(at, at + CHUNK))) break;
      header.finish();
    },
  ],
  [
    'decode',
    (bytes) => {
      const { transferSyntaxUID, dataSetOffset } = readPart10Meta(bytes);
      decodeDataset(bytes.subarray(dataSetOffset), transferSyntaxUID);
    },
  ],
  [
    'manifest',
    (bytes) => {
      writeFileSync(scratch, bytes);
      describeImage(scratch);
    },
  ],
];

for (const file of files) {
  const original = readFileSync(file);
  const end = headerEnd(original);
  for (let at = 0; at < end; at += step) {
    for (const mask of [0xff, 1 << (at % 8)]) {
      const bytes = Buffer.from(original);
      bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at);
      for (const [name, read] of READERS) {
        const started = performance.now();
        const outcome = outcomeOf(() => read(bytes));
        progress.longestMs = Math.max(progress.longestMs, performance.now() - started);
        progress.cases += 1;
        const key = `${name}: ${outcome}`;
        progress.outcomes[key] = (progress.outcomes[key] ?? 0) + 1;
        if (/^(internal|NOT TYPED)/.test(outcome))
          progress.failures.push(`${file.split('/').at(-1)}, byte ${at} ^ ${mask}, ${name}: ${outcome}`);
      }
      tell(false);
    }
  }
}
tell(true);
process.disconnect();

function outcomeOf(read: () => void): string {
  try {
    read();
    return 'read';
  } catch (thrown) {
    return thrown instanceof PhosphorError ? thrown.kind : `NOT TYPED ${String(thrown).slice(0, 200)}`;
  }
}

/** Everything before the pixels; of a data set without any, everything. */
function headerEnd(bytes: Uint8Array): number {
  try {
    const { pixelData } = readPart10(memorySource(bytes));
    return Math.min(bytes.length, LONGEST_HEADER, pixelData?.offset ?? bytes.length);
  } catch {
    return Math.min(bytes.length, LONGEST_HEADER);
  }
}
