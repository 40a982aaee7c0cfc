import { FrameStore } from './frame-store.ts';
import { prefetchOrder } from './plan.ts';
import { PRIORITY } from './scheduler.ts';
import { decodedBytes, type StackFrame } from './stack.ts';

/** Neighbours that are wanted at once, before the rest of any series. */
const NEAR = 12;
/** The rest of the series is asked for when the reader rests: stating thousands of wishes with each slice would cost the slice. */
const REST_MS = 80;

/** Says to the store what a pane wants: the frame on the screen, its neighbours in the direction of scrolling, then the rest of the series. */
export class PaneLoader {
  readonly #store: FrameStore;
  readonly #owner: string;
  #frames: readonly StackFrame[] = [];
  #rest: ReturnType<typeof setTimeout> | undefined;
  #share = 1;

  constructor(store: FrameStore, owner: string) {
    this.#store = store;
    this.#owner = owner;
  }

  /** This pane's part of the cache. */
  set share(share: number) {
    this.#share = share;
  }

  want(frames: readonly StackFrame[], index: number, direction: 1 | -1): void {
    const visible = frames[index];
    const near = drawable(frames, prefetchOrder(index, direction, frames.length, NEAR));
    this.#store.want(this.#owner, PRIORITY.visible, visible?.image === undefined ? [] : [visible]);
    this.#store.want(this.#owner, PRIORITY.near, near);
    const wantRest = () => {
      this.#rest = undefined;
      this.#store.want(this.#owner, PRIORITY.series, drawable(frames, prefetchOrder(index, direction, frames.length, this.#limit(frames))));
    };
    clearTimeout(this.#rest);
    // Another series than before: what was wanted of that one is not any more.
    if (frames === this.#frames) this.#rest = setTimeout(wantRest, REST_MS);
    else wantRest();
    this.#frames = frames;
  }

  close(): void {
    clearTimeout(this.#rest);
    for (const priority of [PRIORITY.visible, PRIORITY.near, PRIORITY.series]) this.#store.want(this.#owner, priority, []);
  }

  #limit(frames: readonly StackFrame[]): number {
    const image = frames.find((frame) => frame.image !== undefined)?.image;
    return image === undefined ? 0 : Math.max(8, Math.floor((FrameStore.PREFETCH_BYTES * this.#share) / decodedBytes(image)));
  }
}

function drawable(frames: readonly StackFrame[], order: readonly number[]): StackFrame[] {
  return order.map((at) => frames[at]).filter((frame): frame is StackFrame => frame?.image !== undefined);
}
