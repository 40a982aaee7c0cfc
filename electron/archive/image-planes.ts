import type { ImageModule, Overlay, Shutter } from '../../shared/contract/index.ts';
import type { Dataset } from '../dicom/dataset/index.ts';
import { bytesOf, type FileForm } from './image-tables.ts';
import { ImageTag } from './image-tags.ts';
import { bounded } from './optional.ts';

const MAX_OVERLAYS = 16;
const MOST_FRAMES = 1_000_000_000;
const MOST_PIXELS = 65_536;
const OVERLAY_ROWS = 0x60000010;

/** Overlay Plane module (PS3.3 C.9.2), separate or in unused bits of the pixels; the first 16 that can be used. */
export function overlaysOf(dataset: Dataset, form: FileForm, image: Pick<ImageModule, 'bitsAllocated'>, numberOfFrames: number): Overlay[] {
  const overlays: Overlay[] = [];
  for (let index = 0; index < 128 && overlays.length < MAX_OVERLAYS; index += 1) {
    const overlay = dataset.has(OVERLAY_ROWS + index * 0x20000) ? overlayOf(dataset, index, form, image, numberOfFrames) : undefined;
    if (overlay !== undefined) overlays.push(overlay);
  }
  return overlays;
}

function overlayOf(
  dataset: Dataset,
  index: number,
  form: FileForm,
  { bitsAllocated }: Pick<ImageModule, 'bitsAllocated'>,
  numberOfFrames: number,
): Overlay | undefined {
  const tag = (element: number) => 0x60000000 + index * 0x20000 + element;
  const rows = dataset.number(tag(0x0010)) ?? 0;
  const columns = dataset.number(tag(0x0011)) ?? 0;
  if (!isSize(rows) || !isSize(columns)) return undefined;
  const [row = 1, column = 1] = dataset.numbers(tag(0x0050));
  const data = bytesOf(dataset, tag(0x3000), form);
  const bit = dataset.number(tag(0x0102)) ?? 0;
  const embedded =
    data === undefined && (dataset.number(tag(0x0100)) ?? 1) === bitsAllocated && bit >= 0 && bit < bitsAllocated && bit < 32;
  if (data === undefined && !embedded) return undefined;
  const frames = embedded ? numberOfFrames : bounded(dataset.number(tag(0x0015)) ?? 1, 1, MOST_FRAMES);
  return {
    index,
    rows,
    columns,
    origin: [bounded(row, -MOST_PIXELS, MOST_PIXELS), bounded(column, -MOST_PIXELS, MOST_PIXELS)],
    type: dataset.string(tag(0x0040)) === 'R' ? 'R' : 'G',
    label: (dataset.string(tag(0x1500)) || dataset.string(tag(0x0022))).slice(0, 64),
    frames,
    firstFrame: embedded ? 0 : bounded((dataset.number(tag(0x0051)) ?? 1) - 1, 0, MOST_FRAMES),
    source: data === undefined ? { embeddedBit: Math.trunc(bit) } : { data },
  };
}

const isSize = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65_535;

/** Display Shutter and Bitmap Display Shutter (PS3.3 C.7.6.11, C.7.6.15); undefined where nothing is shut off. */
export function shutterOf(dataset: Dataset): Shutter | undefined {
  const shapes = new Set(dataset.strings(ImageTag.ShutterShape));
  const shutter: { -readonly [K in keyof Shutter]: Shutter[K] } = {
    value: Math.min(1, Math.max(0, (dataset.number(ImageTag.ShutterPresentationValue) ?? 0) / 65_535)),
  };
  const [left, right, top, bottom] = [
    dataset.number(ImageTag.ShutterLeftVerticalEdge),
    dataset.number(ImageTag.ShutterRightVerticalEdge),
    dataset.number(ImageTag.ShutterUpperHorizontalEdge),
    dataset.number(ImageTag.ShutterLowerHorizontalEdge),
  ];
  if (shapes.has('RECTANGULAR') && left !== undefined && right !== undefined && top !== undefined && bottom !== undefined) {
    shutter.rectangle = { left, right, top, bottom };
  }
  const [row, column] = dataset.numbers(ImageTag.CenterOfCircularShutter);
  const radius = dataset.number(ImageTag.RadiusOfCircularShutter);
  if (shapes.has('CIRCULAR') && row !== undefined && column !== undefined && radius !== undefined && radius > 0) {
    shutter.circle = { row, column, radius };
  }
  const polygon = dataset.numbers(ImageTag.VerticesOfThePolygonalShutter);
  if (shapes.has('POLYGONAL') && polygon.length >= 6 && polygon.length <= 4096 && polygon.length % 2 === 0) shutter.polygon = polygon;
  const group = dataset.number(ImageTag.ShutterOverlayGroup);
  if (shapes.has('BITMAP') && group !== undefined && group >= 0x6000 && group <= 0x60ff && group % 2 === 0) {
    shutter.overlayIndex = (group - 0x6000) / 2;
  }
  return Object.keys(shutter).length > 1 ? shutter : undefined;
}
