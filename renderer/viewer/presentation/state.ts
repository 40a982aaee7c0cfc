import type { ColourConversion } from '../../../shared/codecs/index.ts';
import type { ValueTable } from '../../../shared/codecs/lookup-table.ts';
import type { Shutter } from '../../../shared/contract/index.ts';
import type { Point } from '../geometry.ts';
import type { VOIFunction } from '../voi.ts';
import type { StatePalette } from './read-tables.ts';

/** A softcopy presentation state (PS3.3 A.33) as the viewer applies it; of the groups of attributes that it has none, none is applied. */
export interface PresentationState {
  readonly sopInstanceUID: string;
  readonly kind: StateKind;
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
  /** Groups (0 = 6000) of overlays that are shown, the images' or the state's own, and their colours; others are not (PS3.3 C.11.7). */
  readonly overlays: readonly ActiveOverlay[];
  /** Overlays that the state itself brings, shown or shutting off. They stand before those of an image in the same group. */
  readonly planes: readonly StatePlane[];
  /** Digital subtraction. */
  readonly mask: Mask | undefined;
  /** Of pseudo-colour, and of what a blending state lays over. */
  readonly palette: StatePalette | undefined;
  /** Of colour: what the ICC profile makes of the images' colours. */
  readonly colours: (ColourConversion & { readonly name: string }) | undefined;
  /** Of blending: what lies over the images. */
  readonly superimposed: Superimposed | undefined;
  /** From the back to the front. */
  readonly layers: readonly GraphicLayer[];
  /** Graphics that belong together, by the `group` of each. */
  readonly groups: readonly { readonly id: number; readonly label: string; readonly description: string }[];
  /** What the state asks for and the viewer does not do. */
  readonly notApplied: readonly NotApplied[];
}

export type StateKind = 'grayscale' | 'colour' | 'pseudo-colour' | 'blending';

export type NotApplied = 'mask' | 'overlays' | 'palette' | 'icc' | 'tables' | 'cut' | 'registration' | 'blending' | 'absent';

export interface ActiveOverlay {
  readonly group: number;
  /** Red, green, blue of its layer; undefined: white. */
  readonly colour: readonly number[] | undefined;
}

/** An overlay of the state (PS3.3 C.9.2), one frame for all images. */
export interface StatePlane {
  readonly group: number;
  readonly rows: number;
  readonly columns: number;
  /** [row, column] of its first pixel in the image, counted from 1; may lie outside. */
  readonly origin: readonly [row: number, column: number];
  /** Packed, least significant bit first. */
  readonly bits: Uint8Array;
}

/** Mask module (PS3.3 C.7.6.10, C.11.13). */
export interface Mask {
  /** TID: the frame that lies `tidOffset` before. */
  readonly operation: 'AVG_SUB' | 'TID';
  /** 0-based; their mean is subtracted. */
  readonly maskFrames: readonly number[];
  /** Frames (0-based, both ends included) that are subtracted from; undefined = all. */
  readonly applicable: readonly (readonly [first: number, last: number])[] | undefined;
  /** So many frames, from the current one on, are averaged first. */
  readonly contrastFrames: number;
  readonly tidOffset: number;
  /** Pixels by which the mask is moved down and to the right. */
  readonly shift: readonly [down: number, right: number];
}

/** Other images over those of a blending state (PS3.3 C.11.14): looked up, coloured and mixed in. */
export interface Superimposed {
  readonly images: readonly ImageReference[];
  readonly modality: PresentationState['modality'];
  readonly vois: PresentationState['vois'];
  /** 0 to 1. */
  readonly opacity: number;
}

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
