import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memorySource, readPart10, Tag, toDicomJson } from '../../electron/dicom/dataset/index.ts';
import { Item } from '../../renderer/viewer/dataset/item.ts';
import { applyState } from '../../renderer/viewer/presentation/apply-state.ts';
import { readState } from '../../renderer/viewer/presentation/read-state.ts';
import type { PresentationState } from '../../renderer/viewer/presentation/state.ts';
import { readDicomJson } from '../../shared/contract/dicom-json.ts';
import type { Picture } from './png.ts';
import { pictureOf, viewFile } from './viewed-file.ts';

/** A stored presentation state as the viewer reads it; undefined for another object. */
export function stateOfFile(path: string): PresentationState | undefined {
  const file = readFileSync(path);
  const json = JSON.stringify(toDicomJson(readPart10(memorySource(file)).dataset));
  return readState(new Item(readDicomJson(json)), ({ offset, length }) => file.subarray(offset, offset + length));
}

/** The first frame of an image as the viewer shows it under a presentation state, at one to one, not turned. */
export async function presentedPicture(state: PresentationState, imagePath: string): Promise<Picture> {
  const { frame, image } = await viewFile(imagePath).drawable(0);
  const { dataset } = readPart10(memorySource(readFileSync(imagePath)));
  const sopInstanceUID = dataset.string(Tag.SOPInstanceUID);
  const presented = applyState(frame, image, state, { sopInstanceUID, frame: 0 });
  return pictureOf(presented, presented.window, { planes: true });
}

/** The image of the command `dcmp2pgm -p STATE IMAGE OUT`. */
export function imageOfCommand(folder: string, how: string): string {
  const [, , , image = ''] = how.split(' ');
  return join(folder, image);
}
