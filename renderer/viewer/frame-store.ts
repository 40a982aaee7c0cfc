import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import type { Client } from '../api/index.ts';
import { bulkRanges } from './bulk.ts';
import { ByteCache } from './byte-cache.ts';
import { type ByteRequest, type ColourFrame, type DrawableFrame, type FrameJob, frameBytes } from './decode-messages.ts';
import { DecodePool } from './decode-pool.ts';
import { withoutOtherFrames } from './frame-module.ts';
import { PRIORITY, type Priority, Scheduler } from './scheduler.ts';
import { decodedBytes, frameRanges, joinRanges, type StackFrame } from './stack.ts';

export type FrameState = 'missing' | 'loaded' | 'failed';

/** Decoded frames may take this much memory. */
const CACHE_BYTES = 768 * 1024 * 1024;
const THUMBNAIL_PIXELS = 112;
/** A first image that takes longer holds nothing up. */
const PATIENCE_MS = 500;

/** Uncompressed frames up to this size are fetched several at once; they take a slot together. */
const SMALL_BYTES = 1024 * 1024;
const TOGETHER = 8;

type FrameClient = Pick<Client, 'instanceRequest' | 'partRequest'>;

/** Loads, keeps and hands out frames: scheduler, decode pool and cache behind one door. One for each open viewer. */
export class FrameStore {
  readonly #client: FrameClient;
  readonly #pool = new DecodePool();
  readonly #cache = new ByteCache<DrawableFrame>(CACHE_BYTES, (key) => this.#changed(key));
  readonly #thumbnails = new Map<string, ColourFrame>();
  readonly #errors = new Map<string, PhosphorErrorData>();
  readonly #frames = new Map<string, StackFrame>();
  readonly #aborts = new Map<string, () => void>();
  readonly #listeners = new Set<(key: string) => void>();
  readonly #scheduler: Scheduler;
  /** The first image does not share the machine with what comes after it. */
  #opening = true;
  #opened: () => void = () => undefined;
  /** Resolves when the first image is drawn, or takes long. */
  readonly firstImage: Promise<void>;
  readonly #patience: ReturnType<typeof setTimeout>;

  constructor(client: FrameClient) {
    this.#client = client;
    this.firstImage = new Promise<void>((resolve) => {
      this.#opened = resolve;
    }).then(() => {
      clearTimeout(this.#patience);
      this.#opening = false;
      this.#fill();
    });
    this.#patience = setTimeout(this.#opened, PATIENCE_MS);
    this.#pool.warmUp();
    this.#scheduler = new Scheduler({
      done: (key) => this.#isDone(key),
      slots: this.#pool.size * 2,
      reserved: this.#pool.size,
      weight: (key) => (this.#goesTogether(this.#frames.get(key)) ? 1 / TOGETHER : 1),
    });
  }

  /** Bytes that prefetching may fill: the rest is for what the reader goes back to. */
  static readonly PREFETCH_BYTES = CACHE_BYTES * 0.8;

  /** Says anew what an owner wants and in which order; replaces what it wanted before at this priority. */
  want(owner: string, priority: Priority, frames: readonly StackFrame[]): void {
    const thumbnails = priority === PRIORITY.thumbnail;
    const keys = frames.map((frame) => {
      const key = thumbnails ? thumbnailKey(frame) : frame.key;
      this.#frames.set(key, frame);
      return key;
    });
    // Come back to, a frame that failed for a reason outside of it (a lost connection, a dead worker) is tried again.
    if (priority === PRIORITY.visible) for (const key of keys) if (this.#errors.get(key)?.retryable === true) this.#errors.delete(key);
    for (const stale of this.#scheduler.want(owner, priority, keys)) this.#aborts.get(stale)?.();
    this.#fill();
  }

  get(frame: StackFrame): DrawableFrame | undefined {
    return this.#cache.get(frame.key);
  }

  thumbnail(frame: StackFrame): ColourFrame | undefined {
    return this.#thumbnails.get(thumbnailKey(frame));
  }

  error(frame: StackFrame): PhosphorErrorData | undefined {
    return this.#errors.get(frame.key);
  }

  state(frame: StackFrame): FrameState {
    if (this.#cache.has(frame.key) || (frame.image !== undefined && !isStill(frame))) return 'loaded';
    return this.#errors.has(frame.key) || frame.image === undefined ? 'failed' : 'missing';
  }

  /** What to ask the host for to have a whole film: it has a player of its own. */
  filmRequests({ instance, image, frame }: StackFrame): ByteRequest[] {
    if (image === undefined) return [];
    return frameRanges(image, frame).ranges.map(([offset, length]) =>
      this.#client.instanceRequest(instance.sopInstanceUID, { offset, length }),
    );
  }

  /** Forgets that a frame failed, so that it is tried again when it is wanted next. */
  retry(frame: StackFrame): void {
    this.#errors.delete(frame.key);
    this.#changed(frame.key);
    this.#fill();
  }

  /** Called with the key of a frame (or of its thumbnail) that was loaded, failed or left the cache. */
  subscribe(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#opened();
    this.#listeners.clear();
    this.#pool.close();
    this.#cache.clear();
    this.#thumbnails.clear();
  }

  #isDone(key: string): boolean {
    return this.#cache.has(key) || this.#errors.has(key) || this.#thumbnails.has(key) || !isStill(this.#frames.get(key));
  }

  #fill(): void {
    for (;;) {
      const key = this.#scheduler.next(this.#opening ? PRIORITY.visible : undefined);
      if (key === undefined) return;
      const frame = this.#frames.get(key);
      if (frame?.image === undefined || !isStill(frame)) this.#scheduler.finished(key);
      else this.#load(key, this.#job(frame, frame.image, key.endsWith(THUMBNAIL_SUFFIX)));
    }
  }

  #load(key: string, job: Omit<FrameJob, 'id'>): void {
    const abort = this.#pool.load(job, (result) => {
      this.#aborts.delete(key);
      this.#scheduler.finished(key);
      if (result.kind !== 'grey' && result.kind !== 'colour') {
        // An aborted frame is neither loaded nor failed: wanted again, it is loaded again.
        if (result.kind !== 'cancelled') this.#errors.set(key, result);
      } else if (job.thumbnail !== undefined && result.kind === 'colour') this.#thumbnails.set(key, result);
      else this.#cache.set(key, result, frameBytes(result));
      this.#changed(key);
      // Once it is drawn: the next animation frame does that.
      if (this.#opening) requestAnimationFrame(() => setTimeout(this.#opened, 0));
      this.#fill();
    });
    this.#aborts.set(key, abort);
  }

  #job(frame: StackFrame, image: NonNullable<StackFrame['image']>, thumbnail: boolean): Omit<FrameJob, 'id'> {
    const { sopInstanceUID, transferSyntaxUID } = frame.instance;
    const { ranges, bitOffset } = frameRanges(image, frame.frame);
    const fetches =
      image.pixelData.encoding === 'deflated'
        ? [{ request: this.#client.instanceRequest(sopInstanceUID), offset: 0, length: undefined }]
        : joinRanges([...ranges, ...bulkRanges(image, frame.frame)]).map(([offset, length]) => ({
            request: this.#client.instanceRequest(sopInstanceUID, { offset, length }),
            offset,
            length,
          }));
    const own = withoutOtherFrames(image);
    const [only] = fetches;
    const visible = this.#scheduler.isVisible(frame.key);
    const together =
      only?.length === undefined || fetches.length > 1 || visible || !this.#goesTogether(frame)
        ? undefined
        : this.#client.partRequest?.(sopInstanceUID, { offset: only.offset, length: only.length });
    return {
      ...(together === undefined || only?.length === undefined ? {} : { together: { ...together, length: only.length } }),
      transferSyntaxUID,
      image: own,
      frame: frame.frame,
      fetches,
      ranges,
      bitOffset,
      thumbnail: thumbnail ? THUMBNAIL_PIXELS : undefined,
    };
  }

  #goesTogether(frame: StackFrame | undefined): boolean {
    const { image } = frame ?? {};
    return this.#client.partRequest !== undefined && image?.pixelData.encoding === 'native' && decodedBytes(image) <= SMALL_BYTES;
  }

  #changed(key: string): void {
    for (const listener of this.#listeners) listener(key);
  }
}

/** Films are not decoded here. */
function isStill(frame: StackFrame | undefined): boolean {
  return frame?.image !== undefined && frame.image.pixelData.encoding !== 'video';
}

const THUMBNAIL_SUFFIX = '#thumbnail';

function thumbnailKey(frame: StackFrame): string {
  return frame.key + THUMBNAIL_SUFFIX;
}
