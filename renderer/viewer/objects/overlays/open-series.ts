import type { StoredObject } from '../../dataset/stored-object.ts';
import type { Content, ViewerSession } from '../../layout/session.ts';
import type { StackFrame } from '../../stack.ts';
import { objectKind } from '../kinds.ts';
import { readDose } from '../radiotherapy/dose.ts';
import { readStructures } from '../radiotherapy/structures.ts';
import { inLabelColours } from '../segmentation/label-colours.ts';
import { readSegmentation, referencedInstances } from '../segmentation/segmentation.ts';
import { findSeries } from './find-images.ts';
import { addOverlay, type Overlay } from './overlay-state.ts';

/** Shows a series in a pane: what lies over images goes onto them where they are open, everything else is shown itself. */
export function openSeries(session: ViewerSession, pane: string, content: Content): void {
  const [first] = session.find(content)?.frames ?? [];
  const kind = first === undefined ? 'other' : objectKind(first.instance.sopClassUID);
  if (first === undefined || (kind !== 'segmentation' && kind !== 'structures' && kind !== 'dose')) {
    session.show(pane, content);
    if (first === undefined) onceKnown(session, pane, content);
    return;
  }
  showOnImages(session, pane, first.instance.sopInstanceUID).then(
    (shown) => {
      if (!shown) session.show(pane, content);
    },
    // Shown by itself, it says what is wrong.
    () => session.show(pane, content),
  );
}

/** A series that is chosen before its instances were told is opened again when they are, unless the reader went on to another. */
function onceKnown(session: ViewerSession, pane: string, content: Content): void {
  const end = session.state.subscribe(({ contents }) => {
    const stays = contents[pane]?.seriesInstanceUID === content.seriesInstanceUID;
    const [first] = session.find(content)?.frames ?? [];
    if (stays && first === undefined) return;
    end();
    if (stays && first !== undefined && objectKind(first.instance.sopClassUID) !== 'other') openSeries(session, pane, content);
  });
}

/** Lays an object over its images and shows these; false where none of them is open. */
export async function showOnImages(session: ViewerSession, pane: string, sopInstanceUID: string): Promise<boolean> {
  const object = await session.object(sopInstanceUID);
  const overlay = await overlayOf(object, sopInstanceUID);
  if (overlay === undefined) return false;
  const found = findSeries(session, pane, fits(object, overlay));
  if (found === undefined) return false;
  addOverlay(session, overlay);
  const shown = session.state.getState().contents[pane];
  if (shown?.seriesInstanceUID !== found.content.seriesInstanceUID) session.show(pane, found.content);
  const at = found.frames.findIndex((frame) => isCovered(overlay, frame));
  if (at >= 0) session.pane(pane).scrollTo(at);
  return true;
}

async function overlayOf(object: StoredObject, sopInstanceUID: string): Promise<Overlay | undefined> {
  const kind = objectKind(object.root.string('00080016'));
  if (kind === 'segmentation') {
    const segmentation = await inLabelColours(readSegmentation(object.root), object);
    return { kind, sopInstanceUID, title: segmentation.title, segmentation };
  }
  if (kind === 'structures') {
    const structures = await readStructures(object);
    return { kind, sopInstanceUID, title: structures.title, structures };
  }
  if (kind !== 'dose') return undefined;
  const grid = readDose(object.root);
  return grid === undefined ? undefined : { kind, sopInstanceUID, title: object.root.string('0008103E'), grid };
}

/** Whether a frame belongs to it: it is named, or lies in the same Frame of Reference. */
function fits(object: StoredObject, overlay: Overlay): (frame: StackFrame) => boolean {
  const named = referencedInstances(object.root);
  const spaces = new Set<string>();
  if (overlay.kind === 'segmentation') {
    spaces.add(overlay.segmentation.frameOfReferenceUID);
    for (const { sources } of overlay.segmentation.frames) for (const source of sources) named.add(source.sopInstanceUID);
  } else if (overlay.kind === 'dose') spaces.add(overlay.grid.plane.frameOfReferenceUID);
  else if (overlay.kind === 'structures') {
    for (const uid of overlay.structures.framesOfReference) spaces.add(uid);
    for (const { contours } of overlay.structures.regions) for (const { images } of contours) for (const uid of images) named.add(uid);
  }
  spaces.delete('');
  return ({ instance, plane, image }) =>
    image !== undefined &&
    objectKind(instance.sopClassUID) === 'other' &&
    (named.has(instance.sopInstanceUID) || (plane !== undefined && spaces.has(plane.frameOfReferenceUID)));
}

/** Whether there is something of it on a frame, for the first look. */
function isCovered(overlay: Overlay, frame: StackFrame): boolean {
  const { sopInstanceUID } = frame.instance;
  if (overlay.kind === 'segmentation') {
    return overlay.segmentation.frames.some(({ sources }) => sources.some((source) => source.sopInstanceUID === sopInstanceUID));
  }
  if (overlay.kind !== 'structures') return false;
  return overlay.structures.regions.some(({ contours }) =>
    contours.some(({ images, points }) => points.length > 3 && images.includes(sopInstanceUID)),
  );
}
