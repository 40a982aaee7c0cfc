import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memorySource, readPart10, Tag } from '../../electron/dicom/dataset/index.ts';
import { applyState, type Presented } from '../../renderer/viewer/presentation/apply-state.ts';
import { subtractionOf } from '../../renderer/viewer/presentation/mask.ts';
import type { PresentationState } from '../../renderer/viewer/presentation/state.ts';
import { stateOf } from '../../renderer/viewer/presentation/stored-state.ts';
import { objectOfFile } from '../support/objects.ts';
import type { Picture } from './png.ts';
import { pictureOf, viewFile } from './viewed-file.ts';

/** A stored presentation state as the viewer reads it; undefined for another object. */
export function stateOfFile(path: string): Promise<PresentationState | undefined> {
  return stateOf(objectOfFile(path), { left: 64 * 1024 * 1024 });
}

/** A frame (0-based) of an image as the viewer shows it under a presentation state, at one to one, not turned. */
export async function presentedPicture(state: PresentationState, imagePath: string, frame = 0): Promise<Picture> {
  const { image, frame: shown, window, colours } = await presentedFrame(state, imagePath, frame);
  const picture = pictureOf({ image, frame: shown }, window, { planes: true });
  if (colours === undefined) return picture;
  const samples = new Uint8Array(picture.samples.length * 3);
  for (const [p, grey] of picture.samples.entries()) {
    const word = colours[grey] ?? 0;
    samples.set([word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff], p * 3);
  }
  return { ...picture, samplesPerPixel: 3, samples };
}

/** The same before it is looked up. */
export async function presentedFrame(state: PresentationState, imagePath: string, frame = 0): Promise<Presented> {
  const viewed = viewFile(imagePath);
  const load = async (number: number) => (await viewed.drawable(number)).frame;
  const { frame: drawn, image } = await viewed.drawable(frame);
  const { dataset } = readPart10(memorySource(readFileSync(imagePath)));
  const subtraction = state.mask === undefined ? undefined : subtractionOf(state.mask, frame, viewed.frames);
  const subtracted =
    subtraction === undefined
      ? undefined
      : { contrast: await Promise.all(subtraction.contrast.map(load)), masks: await Promise.all(subtraction.masks.map(load)) };
  return applyState(drawn, image, state, { sopInstanceUID: dataset.string(Tag.SOPInstanceUID), frame }, subtracted);
}

/** The image of the command `dcmp2pgm -p STATE IMAGE OUT`. */
export function imageOfCommand(folder: string, how: string): string {
  const [, , , image = ''] = how.split(' ');
  return join(folder, image);
}
