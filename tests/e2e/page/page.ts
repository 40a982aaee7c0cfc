import type { Client } from '../../../renderer/api/index.ts';
import { DecodePool } from '../../../renderer/viewer/decode-pool.ts';
import { decodeStored } from '../../../renderer/viewer/drawable.ts';
import { imageOfFrame } from '../../../renderer/viewer/frame-module.ts';
import { FrameStore } from '../../../renderer/viewer/frame-store.ts';
import { Pane } from '../../../renderer/viewer/pane.ts';
import { availableFrames, buildStack, frameRanges, type StackFrame } from '../../../renderer/viewer/stack.ts';
import { provideWasmFromOrigin } from '../../../renderer/viewer/wasm-urls.ts';
import { inflate } from '../../../shared/codecs/index.ts';
import type { ImageModule, ManifestInstance } from '../../../shared/contract/index.ts';
import { windowOf } from '../../conformance/window-of.ts';

// The viewer's own parts (store, workers, pane, canvas) without the rest of the window, told by the program that compares pictures.

/** What a picture is to be like: the frame counts from 0, `command` is DCMTK's; `planes`: with overlays and shutters. */
export interface PictureRequest {
  readonly instance: ManifestInstance;
  readonly frame: number;
  readonly command: string;
  readonly planes?: boolean;
}

export interface PageFunctions {
  /** Draws a frame at one to one and sends the canvas as RGBA; resolves with its size, or with what the viewer says instead. */
  drawPicture(request: PictureRequest): Promise<{ columns: number; rows: number } | { refused: string }>;
  /** Gives one worker a job whose file is never answered, and one that can be done; resolves with what became of both. */
  outliveHang(instance: ManifestInstance): Promise<{ hung: string; other: string }>;
  /** Sends the stored values of all frames one after the other. */
  decodeFrames(instance: ManifestInstance): Promise<{ frames: number } | { refused: string }>;
}

const instanceRequest: Client['instanceRequest'] = (uid, range) => ({
  url: `/instances/${uid}`,
  headers: range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` },
});
const store = new FrameStore({ instanceRequest });
const box = document.createElement('div');
document.body.append(box);
document.body.style.margin = '0';
provideWasmFromOrigin();
let opened = 0;

const functions: PageFunctions = {
  async drawPicture({ instance, frame, command, planes = false }) {
    if (instance.image === undefined) return { refused: instance.reason ?? 'no image' };
    const stack = buildStack({ instances: [{ ...instance, image: planes ? instance.image : bare(instance.image) }] });
    const index = stack.findIndex((step) => step.frame === frame);
    const wanted = stack[index];
    if (wanted === undefined) return { refused: 'no such frame' };
    box.style.width = `${wanted.image?.columns ?? 1}px`;
    box.style.height = `${wanted.image?.rows ?? 1}px`;
    const pane = new Pane(store, `pane-${opened++}`);
    try {
      pane.attach(box);
      pane.setSeries(wanted.key, stack);
      pane.scrollTo(index);
      const refused = await shown(pane, wanted);
      if (refused !== undefined) return { refused };
      const { drawn, shown: frameShown } = pane.view;
      const window =
        drawn === undefined || frameShown?.image === undefined ? undefined : windowOf(command, { frame: drawn, image: frameShown.image });
      pane.change({ window: window ?? 'auto' });
      await drawnAgain();
      const canvas = box.querySelector('canvas');
      const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
      if (canvas === null || pixels === undefined) return { refused: 'no canvas' };
      await fetch('/result', { method: 'POST', body: pixels.data });
      return { columns: canvas.width, rows: canvas.height };
    } finally {
      pane.close();
    }
  },

  async outliveHang(instance) {
    const { image, transferSyntaxUID } = instance;
    if (image === undefined) return { hung: 'no image', other: 'no image' };
    const pool = new DecodePool(1, 1500);
    const { ranges, bitOffset } = frameRanges(image, 0);
    const job = (uid: string) => ({
      transferSyntaxUID,
      image,
      frame: 0,
      fetches: ranges.map(([offset, length]) => ({ request: instanceRequest(uid, { offset, length }), offset, length })),
      ranges,
      bitOffset,
      thumbnail: undefined,
    });
    const outcome = (uid: string) => new Promise<string>((resolve) => pool.load(job(uid), ({ kind }) => resolve(kind)));
    const hung = await outcome('never');
    const other = await outcome(instance.sopInstanceUID);
    pool.close();
    return { hung, other };
  },

  async decodeFrames(instance) {
    const { image, transferSyntaxUID } = instance;
    if (image === undefined) return { refused: instance.reason ?? 'no image' };
    try {
      const file = new Uint8Array(await (await fetch(instanceRequest(instance.sopInstanceUID).url)).arrayBuffer());
      const { pixelData } = image;
      const counted = pixelData.encoding === 'deflated' ? await inflate(file.subarray(pixelData.dataSetOffset), 2 ** 30) : file;
      const fetched = ([offset, length]: readonly [number, number]) => counted.subarray(offset, offset + length);
      const frames = availableFrames(instance, image);
      for (let frame = 0; frame < frames; frame += 1) {
        const own = imageOfFrame(image, frame);
        const { ranges, bitOffset } = frameRanges(own, frame);
        const decoded = await decodeStored({ transferSyntaxUID, image: own, frame, fragments: ranges.map(fetched), bitOffset, fetched });
        const { samples } = decoded;
        await fetch('/result', {
          method: 'POST',
          headers: { 'X-Bytes-Per-Sample': String(samples.BYTES_PER_ELEMENT) },
          body: new Uint8Array(samples.buffer as ArrayBuffer, samples.byteOffset, samples.byteLength),
        });
      }
      return { frames };
    } catch (thrown) {
      return { refused: thrown instanceof Error ? thrown.message : 'unknown' };
    }
  },
};
Object.assign(globalThis, functions);

/** Square pixels and nothing on top: what the reference shows. */
function bare({
  pixelSpacing: _spacing,
  pixelAspectRatio: _ratio,
  overlays: _overlays,
  shutter: _shutter,
  supplementalPalette: _palette,
  ...image
}: ImageModule): ImageModule {
  return { ...image, ...(image.frames === undefined ? {} : { frames: image.frames.map(({ pixelSpacing: _own, ...frame }) => frame) }) };
}

/** Waits until the pane shows the frame; resolves with why it does not. */
function shown(pane: Pane, frame: StackFrame): Promise<string | undefined> {
  return new Promise((resolve) => {
    const look = () => {
      const error = store.error(frame);
      if (error !== undefined) resolve(error.message);
      else if (pane.view.shown?.key === frame.key) resolve(undefined);
      else return false;
      return true;
    };
    if (look()) return;
    const end = pane.subscribe(() => look() && end());
    const endStore = store.subscribe(() => look() && endStore());
  });
}

/** Cornerstone draws with the next animation frame. */
function drawnAgain(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
}
