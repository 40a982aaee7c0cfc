import { readTable, type ValueTable } from '../../../shared/codecs/lookup-table.ts';
import type { FileRange } from '../../../shared/contract/dicom-json.ts';
import type { Item } from '../dataset/item.ts';
import { layersOf } from './read-graphics.ts';
import { stateShutterOf } from './read-shutter.ts';
import { referencesOf } from './references.ts';
import type { DisplayedArea, NotApplied, PresentationState, Selected, StateWindow } from './state.ts';
import { StateTag as T } from './tags.ts';

/** The softcopy presentation states that are read. */
export const GRAYSCALE_STATE = '1.2.840.10008.5.1.4.1.1.11.1';
const COLOUR_STATE = '1.2.840.10008.5.1.4.1.1.11.2';
const PSEUDO_COLOUR_STATE = '1.2.840.10008.5.1.4.1.1.11.3';

export function isPresentationState(sopClassUID: string): boolean {
  return sopClassUID === GRAYSCALE_STATE || sopClassUID === COLOUR_STATE || sopClassUID === PSEUDO_COLOUR_STATE;
}

/** Little-endian bytes of a value that was left in the file; undefined where they could not be had. */
export type Bulk = (range: FileRange) => Uint8Array | undefined;

/** Where the tables of a state lie that are not in its header. */
export function bulkOfState(dataset: Item): FileRange[] {
  const inVOI = dataset.sequence(T.SoftcopyVOILUTSequence).map((item) => item.first(T.VOILUTSequence));
  const tables = [dataset.first(T.ModalityLUTSequence), ...inVOI, dataset.first(T.PresentationLUTSequence)];
  return tables.flatMap((table) => table?.ranges(T.LUTData) ?? []).slice(0, MAX_TABLES);
}

const MAX_TABLES = 256;

/**
 * A softcopy presentation state (PS3.3 A.33.1 to A.33.3) from its data set; undefined for an object of another class. What is damaged is left
 * out, and `notApplied` says so where it would change the picture.
 */
export function readState(dataset: Item, bulk: Bulk): PresentationState | undefined {
  const sopClassUID = dataset.string(T.SOPClassUID);
  if (!isPresentationState(sopClassUID)) return undefined;
  const missing = new Set<NotApplied>();
  const table = (item: Item | undefined): ValueTable | undefined => {
    if (item === undefined) return undefined;
    const found = tableOf(item, bulk);
    if (found === undefined) missing.add('tables');
    return found;
  };
  if (sopClassUID === PSEUDO_COLOUR_STATE) missing.add('palette');
  if (sopClassUID === COLOUR_STATE && dataset.has(T.ICCProfile)) missing.add('icc');
  if (dataset.has(T.MaskSubtractionSequence)) missing.add('mask');
  if (hasOwnOverlays(dataset)) missing.add('overlays');
  const graphics = layersOf(dataset);
  if (graphics.cut) missing.add('cut');
  const presentation = table(dataset.first(T.PresentationLUTSequence));
  return {
    sopInstanceUID: dataset.string(T.SOPInstanceUID),
    kind: sopClassUID === COLOUR_STATE ? 'colour' : 'grayscale',
    label: dataset.string(T.ContentLabel),
    description: dataset.string(T.ContentDescription),
    creator: dataset.string(T.ContentCreatorName),
    date: dataset.string(T.PresentationCreationDate),
    time: dataset.string(T.PresentationCreationTime),
    images: dataset.sequence(T.ReferencedSeriesSequence).flatMap((series) => referencesOf(series) ?? []),
    modality: modalityOf(dataset, table),
    vois: voisOf(dataset, table),
    presentationLUT: presentation ?? (dataset.string(T.PresentationLUTShape) === 'INVERSE' ? 'INVERSE' : 'IDENTITY'),
    areas: areasOf(dataset),
    ...spatialOf(dataset),
    shutter: stateShutterOf(dataset),
    overlays: activatedOverlays(dataset),
    layers: graphics.layers,
    groups: dataset.sequence(T.GraphicGroupSequence).map((item) => ({
      id: item.number(T.GraphicGroupID) ?? -1,
      label: item.string(T.GraphicGroupLabel),
      description: item.string(T.GraphicGroupDescription),
    })),
    notApplied: [...missing],
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

const GROUPS = Array.from({ length: 128 }, (_, index) => index);
const inGroup = (index: number, element: string): string => (0x6000 + index * 2).toString(16).toUpperCase() + element;

function hasOwnOverlays(dataset: Item): boolean {
  return GROUPS.some((index) => dataset.has(inGroup(index, '0010')));
}

/** Overlay Activation Layer (60xx,1001). */
function activatedOverlays(dataset: Item): number[] {
  return GROUPS.filter((index) => dataset.string(inGroup(index, '1001')) !== '');
}

function tableOf(item: Item, bulk: Bulk): ValueTable | undefined {
  const [length, first, bits] = item.numbers(T.LUTDescriptor);
  if (length === undefined || first === undefined || bits === undefined) return undefined;
  const entries = length === 0 ? 65_536 : length < 0 ? length + 65_536 : length;
  try {
    return readTable({ entries, firstMapped: first, bits, segmented: false }, bytesOf(item, bulk) ?? new Uint8Array(0));
  } catch {
    return undefined;
  }
}

function bytesOf(item: Item, bulk: Bulk): Uint8Array | undefined {
  const [range] = item.ranges(T.LUTData);
  if (range !== undefined) return bulk(range);
  // Typed arrays are little endian on everything that Chromium runs on.
  return item.inlineBytes(T.LUTData) ?? new Uint8Array(Uint16Array.from(item.numbers(T.LUTData)).buffer);
}
