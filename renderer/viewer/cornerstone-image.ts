import type { CachedLut, Image } from 'cornerstone-core';
import type { ImageModule } from '../../shared/contract/index.ts';
import type { DrawableFrame, GreyFrame } from './decode-messages.ts';
import { renderLarge } from './large-image.ts';
import { greyTable, type Window } from './voi.ts';

const images = new WeakMap<DrawableFrame, Image>();
let nextId = 1;

/** The frame as cornerstone wants it; the same object as long as the frame is in the cache. */
export function toCornerstoneImage(frame: DrawableFrame, module: ImageModule): Image {
  let image = images.get(frame);
  if (image === undefined) {
    image = frame.kind === 'grey' ? greyImage(frame, module) : colourImage(frame, module);
    images.set(frame, image);
  }
  return image;
}

/**
 * The look-up table cornerstone shall use: ours instead of its own, because its window is not that of PS3.3 C.11.2.1.2 and knows neither
 * sigmoid nor padding. Frames of one series share it, so scrolling computes none.
 */
export function cachedLut(frame: DrawableFrame, module: ImageModule, window: Window, invert: boolean): CachedLut {
  const grey = frame.kind === 'grey';
  const { first, last, slope, intercept, padding } = grey ? frame : COLOUR_RANGE;
  const polarity = invert !== (grey && module.photometricInterpretation === 'MONOCHROME1');
  const key = [first, last, slope, intercept, padding, window.center, window.width, window.function, polarity, invert].join();
  let lut = tables.get(key);
  if (lut === undefined) {
    if (tables.size >= MAX_TABLES) tables.delete(tables.keys().next().value as string);
    lut = {
      lutArray: greyTable({ first, last, slope, intercept, window, invert: polarity, padding }),
      windowWidth: window.width,
      windowCenter: window.center,
      invert,
      voiLUT: { id: window.function },
    };
    tables.set(key, lut);
  }
  return lut;
}

/** The window in which a colour image looks as it is. */
export const COLOUR_WINDOW: Window = { center: 127.5, width: 255, function: 'LINEAR_EXACT' };
const COLOUR_RANGE = { first: 0, last: 255, slope: 1, intercept: 0, padding: undefined };
const MAX_TABLES = 16;
const tables = new Map<string, CachedLut>();

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
    ...(large ? { render: renderLarge(frame) } : {}),
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
