import { readFileSync } from 'node:fs';
import { describeImage } from '../../electron/archive/image-description.ts';
import { memorySource, readPart10, readPart10Meta, Tag } from '../../electron/dicom/dataset/index.ts';
import type { DrawableFrame } from '../../renderer/viewer/decode-messages.ts';
import { decodeStored, type FrameSource, toDrawable } from '../../renderer/viewer/drawable.ts';
import { exactGrey } from '../../renderer/viewer/exact-grey.ts';
import { imageOfFrame } from '../../renderer/viewer/frame-module.ts';
import { paintPlanes } from '../../renderer/viewer/planes.ts';
import { availableFrames, frameRanges } from '../../renderer/viewer/stack.ts';
import { greyTable, greyTransform, type Window } from '../../renderer/viewer/voi.ts';
import { type DecodedFrame, inflate } from '../../shared/codecs/index.ts';
import type { ImageModule } from '../../shared/contract/index.ts';
import type { Picture } from './png.ts';

/** A file on the viewer's own way: described by the archive, its bytes cut, decoded and drawn by the renderer's code. */
export interface ViewedFile {
  /** Undefined: the viewer shows `reason` instead. */
  readonly image: ImageModule | undefined;
  readonly reason: string | undefined;
  readonly frames: number;
  stored(frame: number): Promise<DecodedFrame>;
  drawable(frame: number): Promise<{ frame: DrawableFrame; image: ImageModule }>;
}

const MAX_INFLATED = 1024 ** 3;

export function viewFile(path: string): ViewedFile {
  const { image, reason } = describeImage(path);
  const file = readFileSync(path);
  const { transferSyntaxUID, dataSetOffset } = readPart10Meta(file);
  let inflated: Uint8Array | undefined;
  const source = async (frame: number): Promise<FrameSource> => {
    if (image === undefined) throw new Error(reason ?? 'no image');
    if (image.pixelData.encoding === 'deflated') inflated ??= await inflate(file.subarray(dataSetOffset), MAX_INFLATED);
    const counted = inflated ?? file;
    const own = imageOfFrame(image, frame);
    const { ranges, bitOffset } = frameRanges(own, frame);
    const fetched = ([offset, length]: readonly [number, number]) => counted.subarray(offset, offset + length);
    return { transferSyntaxUID, image: own, frame, fragments: ranges.map(fetched), bitOffset, fetched };
  };
  return {
    image,
    reason,
    frames: image === undefined ? 0 : availableFrames({ numberOfFrames: numberOfFrames(file) }, image),
    stored: async (frame) => decodeStored(await source(frame)),
    drawable: async (frame) => {
      const one = await source(frame);
      return { frame: await toDrawable(one), image: one.image };
    },
  };
}

function numberOfFrames(file: Uint8Array): number {
  return Math.max(1, readPart10(memorySource(file)).dataset.number(Tag.NumberOfFrames) ?? 1);
}

/** What the screen shows at one to one, overlays and shutters only where asked for. */
export function pictureOf(
  { frame, image }: { frame: DrawableFrame; image: ImageModule },
  window: Window | undefined,
  options: { planes?: boolean; inverted?: boolean } = {},
): Picture {
  const { rows, columns } = frame;
  const picture = frame.kind === 'colour' ? colours(frame.rgba) : grey(frame, image, window ?? frame.autoWindow, options.inverted ?? false);
  const samplesPerPixel = frame.kind === 'colour' ? 3 : 1;
  if (options.planes === true && frame.planes !== undefined) {
    const { colours: _colours, ...covering } = frame.planes;
    const words = new Uint32Array(rows * columns);
    paintPlanes(words, covering, true);
    for (const [p, word] of words.entries()) {
      for (let sample = 0; word !== 0 && sample < samplesPerPixel; sample++) {
        picture[p * samplesPerPixel + sample] = (word >> (8 * sample)) & 0xff;
      }
    }
  }
  return { rows, columns, samplesPerPixel, samples: picture };
}

function grey(frame: DrawableFrame & { kind: 'grey' }, image: ImageModule, window: Window, inverted: boolean): Uint8Array {
  const transform = greyTransform(frame, image, window, inverted);
  if (frame.exact !== undefined) return exactGrey(frame, transform);
  const table = greyTable(transform);
  const origin = Math.min(frame.first, 0);
  const stored = frame.levels[0]?.samples ?? new Uint8Array(0);
  const picture = new Uint8Array(stored.length);
  for (let i = 0; i < stored.length; i += 1) picture[i] = table[(stored[i] ?? 0) - origin] ?? 0;
  return picture;
}

function colours(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from] ?? 0;
    rgb[to + 1] = rgba[from + 1] ?? 0;
    rgb[to + 2] = rgba[from + 2] ?? 0;
  }
  return rgb;
}
