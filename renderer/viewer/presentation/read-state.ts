import { profileName, readProfile } from '../../../shared/codecs/index.ts';
import type { ValueTable } from '../../../shared/codecs/lookup-table.ts';
import type { Item } from '../dataset/item.ts';
import type { Bytes } from './bulk-values.ts';
import { blendingItems } from './read-blending.ts';
import { layersOf } from './read-graphics.ts';
import { maskOf } from './read-mask.ts';
import { activeOverlays, ownPlanes } from './read-overlays.ts';
import { stateShutterOf } from './read-shutter.ts';
import { lookupTableOf, paletteOf } from './read-tables.ts';
import { referencesOf } from './references.ts';
import type {
  DisplayedArea,
  ImageReference,
  NotApplied,
  PresentationState,
  Selected,
  StateKind,
  StateWindow,
  Superimposed,
} from './state.ts';
import { StateTag as T } from './tags.ts';

/** The softcopy presentation states that are applied. */
const GRAYSCALE_STATE = '1.2.840.10008.5.1.4.1.1.11.1';
const KINDS: Readonly<Partial<Record<string, StateKind>>> = {
  [GRAYSCALE_STATE]: 'grayscale',
  '1.2.840.10008.5.1.4.1.1.11.2': 'colour',
  '1.2.840.10008.5.1.4.1.1.11.3': 'pseudo-colour',
  '1.2.840.10008.5.1.4.1.1.11.4': 'blending',
};

export function isPresentationState(sopClassUID: string): boolean {
  return KINDS[sopClassUID] !== undefined;
}

/**
 * A softcopy presentation state (PS3.3 A.33.1 to A.33.4) from its data set; undefined for an object of another class. What is damaged is left
 * out, and `notApplied` says so where it would change the picture.
 */
export function readState(dataset: Item, bytes: Bytes): PresentationState | undefined {
  const kind = KINDS[dataset.string(T.SOPClassUID)];
  if (kind === undefined) return undefined;
  const missing = new Set<NotApplied>();
  const table = (item: Item | undefined): ValueTable | undefined => {
    if (item === undefined) return undefined;
    const found = lookupTableOf(item, bytes);
    if (found === undefined) missing.add('tables');
    return found;
  };
  const graphics = layersOf(dataset);
  if (graphics.cut) missing.add('cut');
  const own = ownPlanes(dataset, bytes);
  if (own.missing) missing.add('overlays');
  const mask = maskOf(dataset);
  if (mask === undefined && dataset.has(T.MaskSubtractionSequence)) missing.add('mask');
  const presentation = table(dataset.first(T.PresentationLUTSequence));
  // What a blending state says of each of its two sets of images stands in an item of its own.
  const [under, over] = kind === 'blending' ? blendingItems(dataset) : [];
  const chain = under ?? dataset;
  return {
    sopInstanceUID: dataset.string(T.SOPInstanceUID),
    kind,
    label: dataset.string(T.ContentLabel),
    description: dataset.string(T.ContentDescription),
    creator: dataset.string(T.ContentCreatorName),
    date: dataset.string(T.PresentationCreationDate),
    time: dataset.string(T.PresentationCreationTime),
    images: imagesOf(chain),
    modality: modalityOf(chain, table),
    vois: voisOf(chain, table),
    presentationLUT: presentation ?? (dataset.string(T.PresentationLUTShape) === 'INVERSE' ? 'INVERSE' : 'IDENTITY'),
    areas: areasOf(dataset),
    ...spatialOf(dataset),
    shutter: stateShutterOf(dataset),
    overlays: activeOverlays(dataset),
    planes: own.planes,
    mask,
    ...coloursOf(dataset, kind, bytes, missing),
    superimposed: over === undefined ? undefined : superimposedOf(dataset, over, table, missing),
    layers: graphics.layers,
    groups: dataset.sequence(T.GraphicGroupSequence).map((item) => ({
      id: item.number(T.GraphicGroupID) ?? -1,
      label: item.string(T.GraphicGroupLabel),
      description: item.string(T.GraphicGroupDescription),
    })),
    notApplied: [...missing, ...(kind === 'blending' && over === undefined ? ['blending' as const] : [])],
  };
}

function imagesOf(item: Item): ImageReference[] {
  return item.sequence(T.ReferencedSeriesSequence).flatMap((series) => referencesOf(series) ?? []);
}

/** Palette and ICC profile, by the kinds that have them. */
function coloursOf(dataset: Item, kind: StateKind, bytes: Bytes, missing: Set<NotApplied>): Pick<PresentationState, 'palette' | 'colours'> {
  if (kind === 'grayscale') return { palette: undefined, colours: undefined };
  if (kind !== 'colour') {
    const palette = paletteOf(dataset, bytes);
    if (palette === undefined) missing.add('palette');
    if (palette?.profiled === false) missing.add('icc');
    return { palette, colours: undefined };
  }
  if (!dataset.has(T.ICCProfile)) return { palette: undefined, colours: undefined };
  const profile = bytes(dataset, T.ICCProfile) ?? new Uint8Array(0);
  const colours = { ...readProfile(profile), name: profileName(profile) };
  if (colours.kind === 'not-applied') missing.add('icc');
  return { palette: undefined, colours };
}

function superimposedOf(dataset: Item, item: Item, read: ReadTable, missing: Set<NotApplied>): Superimposed {
  // Its matrix is in another object; images of one Frame of Reference need none.
  if (item.has(T.ReferencedSpatialRegistrationSequence)) missing.add('registration');
  const opacity = dataset.number(T.RelativeOpacity) ?? 0.5;
  return {
    images: imagesOf(item),
    modality: modalityOf(item, read),
    vois: voisOf(item, read),
    opacity: Math.max(0, Math.min(1, opacity)),
  };
}

type ReadTable = (item: Item | undefined) => ValueTable | undefined;

function modalityOf(dataset: Item, read: ReadTable): PresentationState['modality'] {
  const table = read(dataset.first(T.ModalityLUTSequence));
  if (table !== undefined) return { table };
  const [slope, intercept] = [dataset.number(T.RescaleSlope), dataset.number(T.RescaleIntercept)];
  return slope === undefined || intercept === undefined || slope === 0 ? undefined : { slope, intercept };
}

function voisOf(dataset: Item, read: ReadTable): (Selected & { voi: StateWindow })[] {
  return dataset.sequence(T.SoftcopyVOILUTSequence).flatMap((item) => {
    const table = read(item.first(T.VOILUTSequence));
    const voi = table === undefined ? windowOf(item) : { table };
    return voi === undefined ? [] : [{ images: referencesOf(item), voi }];
  });
}

function windowOf(item: Item): StateWindow | undefined {
  const [center, width] = [item.number(T.WindowCenter), item.number(T.WindowWidth)];
  if (center === undefined || width === undefined || width <= 0) return undefined;
  const named = item.string(T.VOILUTFunction);
  return { center, width, function: named === 'SIGMOID' || named === 'LINEAR_EXACT' ? named : 'LINEAR' };
}

/** First pixels are named from 1; what is displayed reaches from the first one's outer edge to the last one's. */
function areasOf(dataset: Item): (Selected & { area: DisplayedArea })[] {
  return dataset.sequence(T.DisplayedAreaSelectionSequence).flatMap((item) => {
    const [x0, y0] = item.numbers(T.DisplayedAreaTopLeftHandCorner);
    const [x1, y1] = item.numbers(T.DisplayedAreaBottomRightHandCorner);
    if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) return [];
    const mode = item.string(T.PresentationSizeMode);
    const [row, column] = item.numbers(T.PresentationPixelSpacing);
    const area: DisplayedArea = {
      left: Math.min(x0, x1) - 1,
      top: Math.min(y0, y1) - 1,
      right: Math.max(x0, x1),
      bottom: Math.max(y0, y1),
      mode: mode === 'TRUE SIZE' ? 'true-size' : mode === 'MAGNIFY' ? 'magnify' : 'fit',
      spacing: row !== undefined && column !== undefined && row > 0 && column > 0 ? [row, column] : undefined,
      magnification: item.number(T.PresentationPixelMagnificationRatio),
    };
    return [{ images: referencesOf(item), area }];
  });
}

function spatialOf(dataset: Item): Pick<PresentationState, 'rotation' | 'flipped'> {
  const turned = (((dataset.number(T.ImageRotation) ?? 0) % 360) + 360) % 360;
  const rotation = turned === 90 || turned === 180 || turned === 270 ? turned : 0;
  return { rotation, flipped: dataset.string(T.ImageHorizontalFlip) === 'Y' };
}
