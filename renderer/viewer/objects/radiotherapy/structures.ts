import type { FileRange } from '../../../../shared/contract/dicom-json.ts';
import type { Item } from '../../dataset/item.ts';
import type { StoredObject } from '../../dataset/stored-object.ts';
import { type Colour, colourOf } from '../colours.ts';

/** A contour in the patient (PS3.3 C.8.8.6.1). */
export interface Contour {
  /** POINT, OPEN_PLANAR, CLOSED_PLANAR, OPEN_NONPLANAR, CLOSEDPLANAR_XOR. */
  readonly type: string;
  /** x, y, z in turn, mm. */
  readonly points: Float64Array;
  /** Images it was drawn on. */
  readonly images: readonly string[];
}

export interface RegionOfInterest {
  readonly number: number;
  readonly name: string;
  readonly colour: Colour;
  readonly frameOfReferenceUID: string;
  readonly contours: readonly Contour[];
}

export interface StructureSet {
  readonly title: string;
  readonly regions: readonly RegionOfInterest[];
  /** All of its regions' Frames of Reference. */
  readonly framesOfReference: ReadonlySet<string>;
}

const MAX_CONTOURS = 200_000;

/** The regions of an RT Structure Set (PS3.3 C.8.8.5, C.8.8.6). Rejects with PhosphorError as fetching does. */
export async function readStructures(object: StoredObject, signal?: AbortSignal): Promise<StructureSet> {
  const { root } = object;
  const cut = await object.span(
    contourItems(root).flatMap((item) => item.ranges('30060050')),
    signal,
  );
  const fallback = root.string('00200052');
  const drawn = new Map(root.sequence('30060039').map((one) => [one.number('30060084'), one]));
  const regions = root.sequence('30060020').map((item, index): RegionOfInterest => {
    const number = item.number('30060022') ?? index + 1;
    const own = drawn.get(number);
    const [red, green, blue] = own?.numbers('3006002A') ?? [];
    const given: Colour | undefined = red === undefined || green === undefined || blue === undefined ? undefined : [red, green, blue];
    return {
      number,
      name: item.string('30060026'),
      colour: given ?? colourOf(index),
      frameOfReferenceUID: item.string('30060024') || fallback,
      contours: (own?.sequence('30060040') ?? []).map((contour) => contourOf(contour, cut)),
    };
  });
  return {
    title: root.string('30060002') || root.string('30060004'),
    regions,
    framesOfReference: new Set(regions.map(({ frameOfReferenceUID }) => frameOfReferenceUID)),
  };
}

function contourItems(root: Item): Item[] {
  return root
    .sequence('30060039')
    .flatMap((region) => region.sequence('30060040'))
    .slice(0, MAX_CONTOURS);
}

function contourOf(item: Item, cut: (range: FileRange) => Uint8Array): Contour {
  const [range] = item.ranges('30060050');
  const numbers = range === undefined ? item.numbers('30060050') : decimals(cut(range));
  const points = Float64Array.from(numbers.slice(0, numbers.length - (numbers.length % 3)));
  return {
    type: item.string('30060042'),
    points: points.every(Number.isFinite) ? points : new Float64Array(),
    images: item.sequence('30060016').map((one) => one.string('00081155')),
  };
}

/** Decimal strings between backslashes (PS3.5 §6.2, DS). */
function decimals(bytes: Uint8Array): number[] {
  return new TextDecoder('latin1')
    .decode(bytes)
    .replace(/[\0 ]+$/, '')
    .split('\\')
    .map(Number);
}
