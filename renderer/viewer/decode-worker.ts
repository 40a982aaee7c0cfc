/// <reference lib="webworker" />
import charls from '@cornerstonejs/codec-charls/decodewasm?url';
import libjpegTurbo from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm?url';
import openjpeg from '@cornerstonejs/codec-openjpeg/decodewasm?url';
import openjph from '@cornerstonejs/codec-openjph/wasm?url';
import dcmjsNative from 'dcmjs-codecs/build/dcmjs-native-codecs.wasm?url';
import { decodeFrame, inflate, provideWasm, readPaletteTable, toRGBA, type WasmName } from '../../shared/codecs/index.ts';
import type { ImageModule } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import type { DrawableFrame, FrameJob, FromWorker, ToWorker } from './decode-messages.ts';
import { toGreyFrame } from './grey-frame.ts';
import { shrink } from './thumbnail.ts';

/** A decode worker: fetches the bytes of a frame, decodes them, hands the samples over. One of a pool; knows nothing of the others. */
const scope = self as unknown as DedicatedWorkerGlobalScope;

const WASM_URLS: Readonly<Record<WasmName, string>> = {
  charls,
  'libjpeg-turbo': libjpegTurbo,
  openjpeg,
  openjph,
  'dcmjs-native': dcmjsNative,
};
provideWasm(async (name) => {
  const response = await fetch(WASM_URLS[name]);
  if (!response.ok) throw new PhosphorError('unreadable', `the ${name} decoder could not be loaded`);
  return response.arrayBuffer();
});

/** Larger data sets than this are not inflated in the window. */
const MAX_INFLATED = 1024 * 1024 * 1024;

const running = new Map<number, AbortController>();

scope.onmessage = (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  if (message.kind === 'abort') running.get(message.id)?.abort();
  else void answer(message.job);
};

async function answer(job: FrameJob): Promise<void> {
  const abort = new AbortController();
  running.set(job.id, abort);
  try {
    const frame = await load(job, abort.signal);
    const message: FromWorker = frame.kind === 'grey' ? { kind: 'grey', id: job.id, frame } : { kind: 'colour', id: job.id, frame };
    const buffers = frame.kind === 'grey' ? frame.levels.map((level) => level.samples.buffer) : [frame.rgba.buffer];
    scope.postMessage(message, buffers as ArrayBuffer[]);
  } catch (thrown) {
    const error = abort.signal.aborted ? new PhosphorError('cancelled', 'no longer wanted') : thrown;
    scope.postMessage({ kind: 'failed', id: job.id, error: toErrorData(error) } satisfies FromWorker);
  } finally {
    running.delete(job.id);
  }
}

async function load(job: FrameJob, signal: AbortSignal): Promise<DrawableFrame> {
  const { image } = job;
  const fragments = await fetchFragments(job, signal);
  signal.throwIfAborted();
  const decoded = await decodeFrame({
    transferSyntaxUID: image.pixelData.encoding === 'deflated' ? '1.2.840.10008.1.2.1' : job.transferSyntaxUID,
    image,
    fragments,
    bitOffset: job.bitOffset,
    swappedWords: image.pixelData.encoding === 'native' && image.pixelData.bigEndian && image.bitsAllocated <= 8,
  });
  const grey = decoded.samplesPerPixel === 1 && decoded.photometricInterpretation !== 'PALETTE COLOR';
  const frame: DrawableFrame = grey
    ? toGreyFrame(decoded, image)
    : { kind: 'colour', columns: decoded.columns, rows: decoded.rows, rgba: toRGBA(decoded, readPalette(image)) };
  if (job.thumbnail === undefined) return frame;
  return shrink(frame, job.thumbnail, image.windows, image.photometricInterpretation === 'MONOCHROME1');
}

/** The frame's pieces, cut out of what is fetched. */
async function fetchFragments(job: FrameJob, signal: AbortSignal): Promise<Uint8Array[]> {
  const { pixelData } = job.image;
  const runs = await Promise.all(
    job.fetches.map(async ({ request, offset, length }) => ({
      offset,
      bytes: await fetchBytes(request.url, request.headers, offset, length, signal),
    })),
  );
  if (pixelData.encoding === 'deflated') {
    const [whole] = runs;
    if (whole === undefined) throw new PhosphorError('damaged', 'no pixel data');
    const inflated = await inflate(whole.bytes.subarray(pixelData.dataSetOffset), MAX_INFLATED);
    return job.ranges.map(([offset, length]) => inflated.subarray(offset, offset + length));
  }
  return job.ranges.map(([offset, length]) => {
    const run = runs.find((candidate) => offset >= candidate.offset && offset + length <= candidate.offset + candidate.bytes.length);
    if (run === undefined) throw new PhosphorError('damaged', 'the file ends before the frame does');
    return run.bytes.subarray(offset - run.offset, offset - run.offset + length);
  });
}

async function fetchBytes(
  url: string,
  headers: Record<string, string>,
  offset: number,
  length: number | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, { headers, signal });
  } catch {
    throw new PhosphorError('connection-lost', 'the workstation does not answer');
  }
  if (response.status === 404) throw new PhosphorError('not-found', 'the file is not in the archive');
  if (response.status === 416) throw new PhosphorError('damaged', 'the file ends before the frame does');
  if (!response.ok) throw new PhosphorError('unreadable', `the file could not be read (${response.status})`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A server that ignores Range answers with the whole file.
  return response.status === 200 && length !== undefined ? bytes.subarray(offset, offset + length) : bytes;
}

function readPalette({ palette }: ImageModule) {
  if (palette === undefined) return undefined;
  const table = ({ data, firstMapped, bits }: typeof palette.red) =>
    readPaletteTable(
      Uint8Array.from(atob(data), (character) => character.charCodeAt(0)),
      firstMapped,
      bits,
    );
  return { red: table(palette.red), green: table(palette.green), blue: table(palette.blue) };
}
