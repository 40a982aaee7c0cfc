import type { ValueTable } from '../../../shared/codecs/lookup-table.ts';
import type { Shutter } from '../../../shared/contract/index.ts';
import type { Point } from '../geometry.ts';
import type { VOIFunction } from '../voi.ts';

/** A softcopy presentation state (PS3.3 A.33) as the viewer applies it; of the groups of attributes that it has none, none is applied. */
export interface PresentationState {
  readonly sopInstanceUID: string;
  readonly kind: 'grayscale' | 'colour';
  readonly label: string;
  readonly description: string;
  readonly creator: string;
  /** DA and TM. */
  readonly date: string;
  readonly time: string;
  /** The images that it is about, in any series of the study. */
  readonly images: readonly ImageReference[];
  /** Stored values → modality values. */
  readonly modality: { readonly slope: number; readonly intercept: number } | { readonly table: ValueTable } | undefined;
  readonly vois: readonly (Selected & { readonly voi: StateWindow })[];
  readonly presentationLUT: 'IDENTITY' | 'INVERSE' | ValueTable;
  readonly areas: readonly (Selected & { readonly area: DisplayedArea })[];
  /** Degrees clockwise, then the flip about the vertical axis of the screen (PS3.3 C.10.6). */
  readonly rotation: 0 | 90 | 180 | 270;
  readonly flipped: boolean;
  readonly shutter: Shutter | undefined;
  /** Groups (0 = 6000) of the images' overlays that are shown; others are not (PS3.3 C.11.7). */
  readonly overlays: readonly number[];
  /** From the back to the front. */
  readonly layers: readonly GraphicLayer[];
  /** Graphics that belong together, by the `group` of each. */
  readonly groups: readonly { readonly id: number; readonly label: string; readonly description: string }[];
  /** What the state asks for and the viewer does not do. */
  readonly notApplied: readonly NotApplied[];
}

export type NotApplied = 'mask' | 'overlays' | 'palette' | 'icc' | 'tables' | 'cut';

export interface ImageReference {
  readonly sopInstanceUID: string;
  /** 0-based; undefined = all. */
  readonly frames: readonly number[] | undefined;
}

/** What concerns only some of the images; undefined = all. */
export interface Selected {
  readonly images: readonly ImageReference[] | undefined;
}

export type StateWindow =
  | { readonly center: number; readonly width: number; readonly function: VOIFunction }
  | { readonly table: ValueTable };

/** PS3.3 C.10.4: a box in image coordinates, 0\0 the outer corner of the first pixel. */
export interface DisplayedArea {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly mode: 'fit' | 'true-size' | 'magnify';
  /** mm, [row, column]; of `true-size`. */
  readonly spacing: readonly [number, number] | undefined;
  /** Screen pixels for an image pixel; of `magnify`. */
  readonly magnification: number | undefined;
}

export interface GraphicLayer {
  readonly name: string;
  readonly description: string;
  /** CSS colour; undefined: the state recommends none. */
  readonly colour: string | undefined;
  readonly annotations: readonly GraphicAnnotation[];
}

export interface GraphicAnnotation extends Selected {
  readonly graphics: readonly Graphic[];
  readonly texts: readonly GraphicText[];
}

/** Coordinates of the image, or shares of the displayed area (0\0 its upper left, 1\1 its lower right corner on the screen). */
export type Units = 'image' | 'display';

export type Shape =
  | 'point'
  | 'polyline'
  | 'interpolated'
  | 'circle'
  | 'ellipse'
  /** Of compound graphics. */
  | 'multiline'
  | 'infinite-line'
  | 'cut-line'
  | 'range-line'
  | 'ruler'
  | 'crosshair'
  | 'arrow'
  | 'rectangle'
  | 'box-ellipse';

export interface Graphic {
  readonly shape: Shape;
  readonly units: Units;
  readonly points: readonly Point[];
  readonly filled: boolean;
  readonly style: LineStyle;
  /** Of compound graphics: length left free in the middle, in `units`. */
  readonly gap: number | undefined;
  /** Of compound graphics: turned clockwise by degrees about a point, else about its centre. */
  readonly turned: { readonly degrees: number; readonly about: Point | undefined } | undefined;
  /** Of rulers: places along the line from 0 to 1, with their labels. */
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly group: number | undefined;
}

export interface LineStyle {
  readonly colour: string | undefined;
  /** Screen pixels at a scale of one. */
  readonly thickness: number | undefined;
  readonly dashed: boolean;
  readonly fill: string | undefined;
}

export interface GraphicText {
  readonly text: string;
  readonly box:
    | { readonly units: Units; readonly topLeft: Point; readonly bottomRight: Point; readonly align: 'left' | 'right' | 'center' }
    | undefined;
  readonly anchor: { readonly units: Units; readonly point: Point; readonly line: boolean } | undefined;
  readonly colour: string | undefined;
  readonly group: number | undefined;
}

/** True where a list of references (undefined = everything) names a frame (0-based) of an instance. */
export function refersTo(images: readonly ImageReference[] | undefined, sopInstanceUID: string, frame: number): boolean {
  if (images === undefined) return true;
  return images.some((image) => image.sopInstanceUID === sopInstanceUID && (image.frames === undefined || image.frames.includes(frame)));
}
