import { type CachedLut, type Image, renderColorImage, renderGrayscaleImage } from 'cornerstone-core';
import type { ValueTable } from '../../shared/codecs/index.ts';
import type { ImageModule } from '../../shared/contract/index.ts';
import type { DrawableFrame, GreyFrame } from './decode-messages.ts';
import { renderExact } from './exact-image.ts';
import { renderLargeColour } from './large-colour.ts';
import { renderLarge } from './large-image.ts';
import { drawPlanes } from './planes-layer.ts';
import { type GreyTransform, greyTable, greyTransform, type Window } from './voi.ts';

const images = new WeakMap<DrawableFrame, { readonly bare: Image; readonly covered: Image }>();
let nextId = 1;

/**
 * The frame as cornerstone wants it; the same object as long as the frame is in the cache. `render`: what draws it instead (another colour map,
 * a filter); what covers the picture stays on top, of the overlays only where `overlays`.
 */
export function toCornerstoneImage(
  frame: DrawableFrame,
  module: ImageModule,
  { render, overlays = true }: { render?: Image['render']; overlays?: boolean } = {},
): Image {
  let image = images.get(frame);
  if (image === undefined) {
    const bare = frame.kind === 'grey' ? greyImage(frame, module) : colourImage(frame, module);
    image = { bare, covered: { ...bare, ...coveredBy(frame, bare.render, true) } };
    images.set(frame, image);
  }
  if (render === undefined && overlays) return image.covered;
  const { bare } = image;
  return { ...bare, ...(render === undefined ? {} : { render }), ...coveredBy(frame, render ?? bare.render, overlays) };
}

/**
 * The look-up table cornerstone shall use: ours instead of its own, because its window is not that of PS3.3 C.11.2.1.2 and knows neither
 * sigmoid nor padding. Frames of one series share it, so scrolling computes none.
 */
export function cachedLut(frame: DrawableFrame, module: ImageModule, window: Window, invert: boolean): CachedLut {
  const transform = frame.kind === 'grey' ? greyTransform(frame, module, window, invert) : { ...COLOUR_RANGE, window, invert };
  const { first, last, slope, intercept, padding, paddingLimit, modalityLUT, voiLUTs, presentationLUT, invert: polarity } = transform;
  const voi = window.voiLUT === undefined ? undefined : voiLUTs?.[window.voiLUT];
  const { center, width, function: kind } = window;
  const numbers = [first, last, slope, intercept, padding, paddingLimit, center, width, kind, polarity, invert];
  const key = [...numbers, nameOf(modalityLUT), nameOf(voi), nameOf(presentationLUT)].join();
  let lut = tables.get(key);
  if (lut === undefined) {
    if (tables.size >= MAX_TABLES) tables.delete(tables.keys().next().value as string);
    lut = {
      lutArray: greyTable(transform),
      windowWidth: window.width,
      windowCenter: window.center,
      invert,
      voiLUT: { id: [kind, window.voiLUT].join() },
    };
    transforms.set(lut, transform);
    tables.set(key, lut);
  }
  return lut;
}

/** The window in which a colour image looks as it is. */
export const COLOUR_WINDOW: Window = { center: 127.5, width: 255, function: 'LINEAR_EXACT' };
const COLOUR_RANGE: Omit<GreyTransform, 'window' | 'invert'> = { first: 0, last: 255, slope: 1, intercept: 0, padding: undefined };
const MAX_TABLES = 16;
const tables = new Map<string, CachedLut>();
/** What a table was made of, for frames that no table can hold. */
const transforms = new WeakMap<CachedLut, GreyTransform>();

const tableNames = new WeakMap<ValueTable, string>();

/** Every frame brings tables of its own: those with the same content have the same name. */
function nameOf(table: ValueTable | undefined): string {
  if (table === undefined) return '';
  let name = tableNames.get(table);
  if (name === undefined) {
    let [one, other] = [2_166_136_261, 5381];
    for (const value of table.values) {
      one = Math.imul(one ^ value, 16_777_619);
      other = (Math.imul(other, 33) + value) | 0;
    }
    name = [table.firstMapped, table.bits, table.values.length, one, other].join(':');
    tableNames.set(table, name);
  }
  return name;
}

function greyImage(frame: GreyFrame, module: ImageModule): Image {
  const samples = frame.levels[0]?.samples ?? new Uint8Array();
  const large = frame.levels.length > 1;
  return {
    ...common(frame, module),
    minPixelValue: frame.first,
    maxPixelValue: frame.last,
    slope: frame.slope,
    intercept: frame.intercept,
    getPixelData: () => samples,
    color: false,
    rgba: false,
    ...(frame.exact !== undefined ? { render: renderExact(frame, transforms) } : large ? { render: renderLarge(frame) } : {}),
  };
}

/** What covers the picture, drawn on top of whatever draws the picture. */
function coveredBy(frame: DrawableFrame, render: Image['render'], overlays: boolean): Pick<Image, 'render'> {
  const { planes } = frame;
  if (planes === undefined) return {};
  const base = render ?? (frame.kind === 'grey' ? renderGrayscaleImage : renderColorImage);
  return {
    render: (enabledElement, invalidated) => {
      base(enabledElement, invalidated);
      drawPlanes(enabledElement, frame, planes, overlays);
    },
  };
}

function colourImage(frame: DrawableFrame & { kind: 'colour' }, module: ImageModule): Image {
  return {
    ...common(frame, module),
    minPixelValue: 0,
    maxPixelValue: 255,
    slope: 1,
    intercept: 0,
    getPixelData: () => frame.rgba,
    color: true,
    rgba: true,
    ...(frame.smaller === undefined ? {} : { render: renderLargeColour(frame) }),
  };
}

function common(frame: DrawableFrame, module: ImageModule) {
  const [rowPixelSpacing, columnPixelSpacing] = ratio(module);
  return {
    imageId: `frame:${nextId++}`,
    windowCenter: 128,
    windowWidth: 256,
    rows: frame.rows,
    columns: frame.columns,
    height: frame.rows,
    width: frame.columns,
    rowPixelSpacing,
    columnPixelSpacing,
    invert: false,
    sizeInBytes: 0,
  };
}

/** Cornerstone needs the ratio only; aspect ratio and spacing say the same to it. */
function ratio(module: ImageModule): readonly [row: number, column: number] {
  const [row, column] = module.pixelSpacing ?? module.pixelAspectRatio ?? [1, 1];
  return Number.isFinite(row / column) && row / column > 0.01 && row / column < 100 ? [row, column] : [1, 1];
}
