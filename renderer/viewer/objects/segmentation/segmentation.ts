import type { Item } from '../../dataset/item.ts';
import type { Plane, Vector } from '../../sync/planes.ts';
import { type Colour, colourOf, labToRgb } from '../colours.ts';
import { codeOf } from '../sr/content.ts';

export interface Segment {
  readonly number: number;
  readonly label: string;
  /** Segmented Property Type's meaning; '' where there is none. */
  readonly property: string;
  /** AUTOMATIC, SEMIAUTOMATIC, MANUAL, or ''. */
  readonly algorithm: string;
  readonly colour: Colour;
}

/** A frame of a segmentation and what it lies on. */
export interface SegmentFrame {
  /** 0-based, in the instance. */
  readonly frame: number;
  /** Segment Number; 0 = a label map, whose values are the numbers. */
  readonly segment: number;
  readonly plane: Plane | undefined;
  /** Images it was derived from; frames counted from 1, [] = the whole instance. */
  readonly sources: readonly { readonly sopInstanceUID: string; readonly frames: readonly number[] }[];
}

/** A segmentation (PS3.3 C.8.20). */
export interface Segmentation {
  readonly title: string;
  readonly segments: readonly Segment[];
  readonly frames: readonly SegmentFrame[];
  /** What the fractions of a fractional segmentation mean; '' where a pixel is inside or not. */
  readonly fractions: '' | 'probability' | 'occupancy';
  /** A pixel of this value is wholly inside: 1, or Maximum Fractional Value. */
  readonly full: number;
  readonly frameOfReferenceUID: string;
  /** Slices lie this far from each other, mm; 0 = not known. */
  readonly spacing: number;
}

const MAX_FRAMES = 100_000;

export function readSegmentation(dataset: Item): Segmentation {
  const kind = dataset.string('00620001');
  const shared = dataset.first('52009229');
  const frameOfReferenceUID = dataset.string('00200052');
  const rows = dataset.number('00280010') ?? 0;
  const columns = dataset.number('00280011') ?? 0;
  const own = dataset.sequence('52009230');
  const count = Math.min(MAX_FRAMES, Math.max(own.length, dataset.number('00280008') ?? 1));
  const frames: SegmentFrame[] = [];
  for (let frame = 0; frame < count; frame++) {
    const groups = [own[frame], shared].filter((one) => one !== undefined);
    frames.push({
      frame,
      segment: kind === 'LABELMAP' ? 0 : (inGroups(groups, '0062000A')?.number('0062000B') ?? 1),
      plane: planeIn(groups, { frameOfReferenceUID, rows, columns }),
      sources: sourcesIn(groups),
    });
  }
  const measures = shared?.first('00289110') ?? own[0]?.first('00289110');
  return {
    title: dataset.string('00700081') || dataset.string('0008103E'),
    segments: dataset.sequence('00620002').map(segmentOf),
    frames,
    fractions: kind !== 'FRACTIONAL' ? '' : dataset.string('00620010') === 'OCCUPANCY' ? 'occupancy' : 'probability',
    full: kind === 'FRACTIONAL' ? Math.max(1, dataset.number('0062000E') ?? 255) : 1,
    frameOfReferenceUID,
    spacing: measures?.number('00180088') ?? measures?.number('00180050') ?? 0,
  };
}

function segmentOf(item: Item, index: number): Segment {
  const number = item.number('00620004') ?? index + 1;
  const lab = item.numbers('0062000D');
  const property = codeOf(item.first('0062000F'))?.meaning ?? '';
  return {
    number,
    label: item.string('00620005') || property,
    property,
    algorithm: item.string('00620008'),
    colour: lab.length === 3 ? labToRgb(lab) : colourOf(number - 1),
  };
}

/** The first functional group of a kind: the frame's own, else the shared one. */
function inGroups(groups: readonly Item[], tag: string): Item | undefined {
  for (const group of groups) {
    const found = group.first(tag);
    if (found !== undefined) return found;
  }
  return undefined;
}

function planeIn(groups: readonly Item[], size: { frameOfReferenceUID: string; rows: number; columns: number }): Plane | undefined {
  const position = inGroups(groups, '00209113')?.numbers('00200032') ?? [];
  const orientation = inGroups(groups, '00209116')?.numbers('00200037') ?? [];
  const [stepY = 0, stepX = 0] = inGroups(groups, '00289110')?.numbers('00280030') ?? [];
  return planeFrom({ ...size, position, orientation, stepX, stepY });
}

/** A plane from what the standard calls it; undefined where something is missing or cannot be. */
export function planeFrom(given: {
  readonly frameOfReferenceUID: string;
  readonly rows: number;
  readonly columns: number;
  readonly position: readonly number[];
  readonly orientation: readonly number[];
  readonly stepX: number;
  readonly stepY: number;
}): Plane | undefined {
  const { position, orientation, stepX, stepY, ...rest } = given;
  if (position.length !== 3 || orientation.length !== 6 || !(stepX > 0) || !(stepY > 0)) return undefined;
  const [x = 0, y = 0, z = 0] = position;
  const right = unit(orientation.slice(0, 3));
  const down = unit(orientation.slice(3));
  if (right === undefined || down === undefined) return undefined;
  const normal = unit([
    right[1] * down[2] - right[2] * down[1],
    right[2] * down[0] - right[0] * down[2],
    right[0] * down[1] - right[1] * down[0],
  ]);
  return normal === undefined ? undefined : { ...rest, origin: [x, y, z], right, down, normal, stepX, stepY };
}

function unit([x = 0, y = 0, z = 0]: readonly number[]): Vector | undefined {
  const length = Math.hypot(x, y, z);
  return length > 1e-6 && Number.isFinite(length) ? [x / length, y / length, z / length] : undefined;
}

function sourcesIn(groups: readonly Item[]): SegmentFrame['sources'] {
  for (const group of groups) {
    const images = group.sequence('00089124').flatMap((derivation) => derivation.sequence('00082112'));
    if (images.length > 0) return images.map((one) => ({ sopInstanceUID: one.string('00081155'), frames: one.numbers('00081160') }));
  }
  return [];
}

/** SOP Instance UIDs of all images that a segmentation names. */
export function referencedInstances(dataset: Item): Set<string> {
  const uids = new Set<string>();
  for (const series of dataset.sequence('00081115')) {
    for (const instance of series.sequence('0008114A')) uids.add(instance.string('00081155'));
  }
  for (const study of dataset.sequence('00081200')) {
    for (const series of study.sequence('00081115'))
      for (const instance of series.sequence('0008114A')) uids.add(instance.string('00081155'));
  }
  uids.delete('');
  return uids;
}
