import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFileMeta } from '../../electron/dicom/dataset/index.ts';
import { dcmtk } from '../support/dcmtk.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compressed, ctDataset, SYNTAX } from '../unit/transcoding/encoded-images.ts';
import { openViewerBench } from './viewer-page.ts';

/** Different slices; a series repeats them under UIDs of their own. */
const SLICES = 5;

interface Codec {
  readonly name: string;
  readonly transferSyntaxUID: string;
  /** What decodes it on the command line. OpenJPEG's and GDCM's tools are not installed everywhere. */
  readonly program: string | undefined;
}

const CODECS: readonly Codec[] = [
  { name: 'rle', transferSyntaxUID: SYNTAX.rle, program: 'dcmdrle' },
  { name: 'jpeg-lossless', transferSyntaxUID: SYNTAX.jpegLossless, program: 'dcmdjpeg' },
  { name: 'jpeg-ls', transferSyntaxUID: SYNTAX.jpegLS, program: 'dcmdjpls' },
  { name: 'jpeg-2000', transferSyntaxUID: SYNTAX.jpeg2000, program: undefined },
];

/** Series of 512² CT in each compression, opened in a window whose workers have decoded nothing: seconds until all slices can be scrolled. */
export async function decodeCold(slices: number): Promise<object> {
  await using folder = await temporaryFolder('bench-viewer');
  const files = join(folder.path, 'files');
  await mkdir(files);
  const samples = new Map<string, string>();
  for (const codec of CODECS) samples.set(codec.name, await writeSeries(files, codec, slices));
  await using bench = await openViewerBench(folder.path, files);
  const { page } = bench;
  const result: Record<string, number> = {};
  for (const { name, program } of CODECS) {
    await bench.reopen();
    await page.waitForLoadState('networkidle');
    await page.locator('.study-row', { hasText: `Bench ${name}` }).dblclick();
    await page.waitForFunction(`document.querySelector('.viewer-pane')?.dataset.loaded === '${slices}'`, undefined, {
      polling: 20,
      timeout: 120_000,
    });
    const milliseconds = await page.evaluate<number>('performance.now() - viewerMeter.opened');
    result[`${name}.seconds`] = rounded(milliseconds / 1000);
    result[`${name}.msPerFrame`] = rounded(milliseconds / slices);
    if (program !== undefined)
      result[`${name}.${program}.msPerFrame`] = rounded(await programTime(program, samples.get(name) ?? '', folder.path));
  }
  return result;
}

/** Returns one of the files. */
async function writeSeries(folder: string, { name, transferSyntaxUID }: Codec, slices: number): Promise<string> {
  const index = CODECS.findIndex((codec) => codec.name === name) + 1;
  const root = `1.2.826.0.1.3680043.9.22.${index}`;
  const uid = (slice: number) => `${root}.${100_000 + slice}`;
  let path = '';
  for (let kind = 0; kind < SLICES; kind++) {
    const dataset = ctDataset(512, {
      change: (pixels, values) => {
        for (let i = kind; i < pixels.length; i += 7) pixels[i] = (pixels[i] ?? 0) + kind;
        values.set('SOPInstanceUID', uid(kind)).set('StudyInstanceUID', root).set('SeriesInstanceUID', `${root}.1`);
        values.set('PatientName', `Bench ${name}`).set('PatientID', `B-${index}`);
      },
    });
    const { sopClassUID, bytes } = await compressed(dataset, transferSyntaxUID);
    const at = Buffer.from(bytes).indexOf(uid(kind));
    for (let slice = kind; slice < slices; slice += SLICES) {
      const own = Buffer.from(bytes);
      own.write(uid(slice), at, 'latin1');
      path = join(folder, `${uid(slice)}.dcm`);
      await writeFile(path, Buffer.concat([encodeFileMeta({ sopClassUID, sopInstanceUID: uid(slice), transferSyntaxUID }), own]));
    }
  }
  return path;
}

/** Its wall clock for a file, what a program costs to start taken off: middle of several. */
async function programTime(program: string, file: string, folder: string): Promise<number> {
  const clock = async (...args: string[]) => {
    const times: number[] = [];
    for (let run = 0; run < 9; run++) {
      const started = performance.now();
      await dcmtk(program, ...args);
      times.push(performance.now() - started);
    }
    return times.sort((a, b) => a - b)[4] ?? Number.NaN;
  };
  return (await clock(file, join(folder, 'decoded.dcm'))) - (await clock('--version'));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
