import { AwaitedFrames } from '../awaited-frames.ts';
import type { DrawableFrame } from '../decode-messages.ts';
import type { FrameStore } from '../frame-store.ts';
import type { StackFrame } from '../stack.ts';
import type { SubtractedFrames } from './apply-state.ts';
import { subtractionOf } from './mask.ts';
import type { PresentationState } from './state.ts';

/** Asks for the frames that a state subtracts from each other, beside what a pane wants to show. */
export class MaskLoader {
  readonly #store: FrameStore;
  /** Frames whose arrival lets a picture be subtracted. */
  readonly awaited: AwaitedFrames;

  constructor(store: FrameStore, pane: string) {
    this.#store = store;
    this.awaited = new AwaitedFrames(store, `mask of ${pane}`);
  }

  /** What is subtracted for a frame of a stack; `waiting` until all of it is loaded, undefined where nothing is or one of them cannot be had. */
  frames({ mask }: PresentationState, frame: StackFrame, stack: readonly StackFrame[]): SubtractedFrames | 'waiting' | undefined {
    const subtraction = mask === undefined ? undefined : subtractionOf(mask, frame.frame, frame.instance.numberOfFrames);
    if (subtraction === undefined) return this.#want([], undefined);
    const own = framesOfInstance(stack, frame);
    const wanted: StackFrame[] = [];
    let lost = false;
    const load = (number: number): DrawableFrame[] => {
      const one = own.get(number);
      const drawn = one === undefined ? undefined : this.#store.get(one);
      if (drawn !== undefined) return [drawn];
      if (one === undefined || this.#store.state(one) === 'failed') lost = true;
      else wanted.push(one);
      return [];
    };
    const found = { contrast: subtraction.contrast.flatMap(load), masks: subtraction.masks.flatMap(load) };
    if (lost) return this.#want([], undefined);
    return this.#want(wanted, wanted.length > 0 ? 'waiting' : found);
  }

  #want<T>(frames: readonly StackFrame[], answer: T): T {
    this.awaited.want(frames);
    return answer;
  }
}

const byNumber = new WeakMap<readonly StackFrame[], Map<string, Map<number, StackFrame>>>();

function framesOfInstance(stack: readonly StackFrame[], { instance }: StackFrame): ReadonlyMap<number, StackFrame> {
  let instances = byNumber.get(stack);
  if (instances === undefined) {
    instances = new Map();
    byNumber.set(stack, instances);
  }
  let frames = instances.get(instance.sopInstanceUID);
  if (frames === undefined) {
    const own = stack.filter((one) => one.instance.sopInstanceUID === instance.sopInstanceUID);
    frames = new Map(own.map((one) => [one.frame, one]));
    instances.set(instance.sopInstanceUID, frames);
  }
  return frames;
}
