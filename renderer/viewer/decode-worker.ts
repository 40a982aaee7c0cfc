/// <reference lib="webworker" />
import { inflate } from '../../shared/codecs/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import type { BulkRange } from './bulk.ts';
import { buffersOf, type DrawableFrame, type FrameJob, type FromWorker, type ToWorker } from './decode-messages.ts';
import { toDrawable } from './drawable.ts';
import { fetchTogether } from './fetch-together.ts';
import { shrink } from './thumbnail.ts';
import { provideWasmFromOrigin } from './wasm-urls.ts';

/** A decode worker: fetches the bytes of a frame, decodes them, hands the samples over. One of a pool; knows nothing of the others. */
const scope = self as unknown as DedicatedWorkerGlobalScope;

provideWasmFromOrigin();

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
    // One buffer may hold several of them.
    scope.postMessage(message, [...new Set(buffersOf(frame))]);
  } catch (thrown) {
    const error = abort.signal.aborted ? new PhosphorError('cancelled', 'no longer wanted') : outOfMemory(thrown);
    scope.postMessage({ kind: 'failed', id: job.id, error: toErrorData(error) } satisfies FromWorker);
  } finally {
    running.delete(job.id);
  }
}

/** Arrays that cannot be had are a RangeError. */
function outOfMemory(thrown: unknown): unknown {
  return thrown instanceof RangeError ? new PhosphorError('limit-exceeded', 'there is not enough memory for the picture') : thrown;
}

async function load(job: FrameJob, signal: AbortSignal): Promise<DrawableFrame> {
  const { image, transferSyntaxUID, bitOffset, ranges } = job;
  const cut = await fetchAll(job, signal);
  signal.throwIfAborted();
  const fragments = ranges.map(cut);
  if (image.pixelData.encoding !== 'native') scope.postMessage({ kind: 'decoding', id: job.id } satisfies FromWorker);
  const frame = await toDrawable({ transferSyntaxUID, image, frame: job.frame, fragments, bitOffset, fetched: cut });
  if (job.thumbnail === undefined) return frame;
  return shrink(frame, job.thumbnail, image);
}

/** Fetches what the frame needs; gives the function that cuts a piece out of it. */
async function fetchAll(job: FrameJob, signal: AbortSignal): Promise<(range: BulkRange) => Uint8Array> {
  const { pixelData } = job.image;
  if (pixelData.encoding === 'deflated') {
    const inflated = await inflateWhole(job, pixelData.dataSetOffset, signal);
    return ([offset, length]) => inflated.subarray(offset, offset + length);
  }
  const runs = (await runTogether(job)) ?? (await Promise.all(job.fetches.map((fetched) => runAlone(fetched, signal))));
  return ([offset, length]) => {
    const run = runs.find((candidate) => offset >= candidate.offset && offset + length <= candidate.offset + candidate.bytes.length);
    if (run === undefined) throw new PhosphorError('damaged', 'the file ends before the frame does');
    return run.bytes.subarray(offset - run.offset, offset - run.offset + length);
  };
}

interface Run {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

async function runTogether({ fetches, together }: FrameJob): Promise<Run[] | undefined> {
  const [only] = fetches;
  const bytes = together === undefined || only === undefined ? undefined : await fetchTogether(together);
  return bytes === undefined || only === undefined ? undefined : [{ offset: only.offset, bytes }];
}

async function runAlone({ request, offset, length }: FrameJob['fetches'][number], signal: AbortSignal): Promise<Run> {
  return { offset, bytes: await fetchBytes(request.url, request.headers, offset, length, signal) };
}

/** The last deflated data set: its frames come one after the other, and each needs it whole. */
let inflatedLast: { readonly url: string; readonly bytes: Uint8Array } | undefined;

async function inflateWhole({ fetches }: FrameJob, dataSetOffset: number, signal: AbortSignal): Promise<Uint8Array> {
  const [only] = fetches;
  if (only === undefined) throw new PhosphorError('damaged', 'no pixel data');
  const { url, headers } = only.request;
  if (inflatedLast?.url !== url) {
    const file = await fetchBytes(url, headers, 0, undefined, signal);
    inflatedLast = { url, bytes: await inflate(file.subarray(dataSetOffset), MAX_INFLATED) };
  }
  return inflatedLast.bytes;
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
