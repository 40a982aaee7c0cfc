import type { StoredObject } from '../../dataset/stored-object.ts';
import { readBulk } from '../../presentation/bulk-values.ts';
import { paletteOf } from '../../presentation/read-tables.ts';
import type { Segment, Segmentation } from './segmentation.ts';

/** Three tables of 65,536 entries and a profile. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A label map whose pixels are colours of a palette has those for its segments, instead of Recommended Display CIELab Value (PS3.3 C.8.20.2). */
export async function inLabelColours(segmentation: Segmentation, object: StoredObject): Promise<Segmentation> {
  if (object.root.string('00280004') !== 'PALETTE COLOR') return segmentation;
  const palette = paletteOf(object.root, await readBulk(object, { left: MAX_BYTES }));
  const [, first = 0] = object.root.numbers('00281101');
  if (palette === undefined) return segmentation;
  const coloured = (segment: Segment): Segment => {
    const at = (segment.number - first) * 4;
    const [red, green, blue] = palette.rgba.subarray(at, at + 3);
    return red === undefined || green === undefined || blue === undefined ? segment : { ...segment, colour: [red, green, blue] };
  };
  return { ...segmentation, segments: segmentation.segments.map(coloured) };
}
