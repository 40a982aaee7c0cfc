import type { FrameStore } from './frame-store.ts';
import { PRIORITY } from './scheduler.ts';
import type { StackFrame } from './stack.ts';

/** Frames beside those of the stacks that something on a pane is made of; asked of the store in its name until it is closed. */
export class AwaitedFrames {
  readonly #store: FrameStore;
  readonly #owner: string;
  #wanted: ReadonlyMap<string, StackFrame> = new Map();

  constructor(store: FrameStore, owner: string) {
    this.#store = store;
    this.#owner = owner;
  }

  /** These are not loaded yet, and no others are waited for. */
  want(frames: readonly StackFrame[]): void {
    if (frames.length === 0 && this.#wanted.size === 0) return;
    this.#wanted = new Map(frames.map((frame) => [frame.key, frame]));
    this.#store.want(this.#owner, PRIORITY.near, frames);
  }

  close(): void {
    this.#store.want(this.#owner, PRIORITY.near, []);
  }

  /** True for the key of a frame whose arrival changes what is shown. */
  waitsFor(key: string): boolean {
    return this.#wanted.has(key);
  }

  /** True while something that can be had is on its way. */
  get waits(): boolean {
    return [...this.#wanted.values()].some((frame) => this.#store.state(frame) !== 'failed');
  }
}
