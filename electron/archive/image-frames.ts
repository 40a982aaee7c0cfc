import type { FrameModule, ImageModule } from '../../shared/contract/index.ts';
import { type Dataset, Tag } from '../dicom/dataset/index.ts';
import { ImageTag } from './image-tags.ts';
import { optional, pair, positive } from './optional.ts';

/** Values of a frame as `ImageModule` has them: what one without functional groups says of all its frames stands in the data set itself. */
type FrameValues = Pick<ImageModule, 'rescaleSlope' | 'rescaleIntercept' | 'rescaleType' | 'windows'> & FrameModule;

/** More frames than this are described as the first. */
const MAX_FRAMES = 65_536;

/**
 * Values of the first frame, and for each frame what is different there: from the functional groups of an enhanced object (PS3.3 C.7.6.16), from
 * the grid of a dose (C.8.8.3.2), else nothing.
 */
export function frameValuesOf(dataset: Dataset, numberOfFrames: number): { first: FrameValues; frames: FrameModule[] } {
  const perFrame = dataset.items(Tag.PerFrameFunctionalGroupsSequence);
  const [shared] = dataset.items(Tag.SharedFunctionalGroupsSequence);
  const first = valuesOf(dataset, shared, perFrame[0]);
  const count = Math.min(numberOfFrames, MAX_FRAMES);
  if (perFrame.length > 0) {
    const frames = perFrame.slice(0, count).map((group) => {
      const { imagePositionPatient: _position, imageOrientationPatient: _orientation, ...values } = valuesOf(dataset, shared, group);
      return different(values, first);
    });
    return { first, frames: frames.some((frame) => Object.keys(frame).length > 0) ? frames : [] };
  }
  return { first, frames: doseFrames(dataset, first, count) };
}

function valuesOf(dataset: Dataset, shared: Dataset | undefined, own: Dataset | undefined): FrameValues {
  const group = (tag: number): Dataset => own?.items(tag)[0] ?? shared?.items(tag)[0] ?? dataset;
  const rescale = group(ImageTag.PixelValueTransformationSequence);
  const slope = rescale.number(Tag.RescaleSlope);
  const intercept = rescale.number(Tag.RescaleIntercept) ?? 0;
  const measures = group(ImageTag.PixelMeasuresSequence);
  const [rowSpacing, columnSpacing] = measures.numbers(Tag.PixelSpacing);
  const [x, y, z] = group(ImageTag.PlanePositionSequence).numbers(Tag.ImagePositionPatient);
  const orientation = group(ImageTag.PlaneOrientationSequence).numbers(Tag.ImageOrientationPatient);
  const maps = realWorldValueMapsOf(own, shared, dataset);
  return {
    rescaleSlope: slope === undefined || slope === 0 ? 1 : slope,
    rescaleIntercept: intercept,
    rescaleType: rescale.string(Tag.RescaleType).slice(0, 64),
    windows: [
      ...colourRangeOf(group(ImageTag.StoredValueColorRangeSequence), slope || 1, intercept),
      ...windowsOf(group(ImageTag.FrameVOILUTSequence)),
    ].slice(0, 64),
    ...optional('pixelSpacing', pair(positive(rowSpacing), positive(columnSpacing))),
    ...(x === undefined || y === undefined || z === undefined ? {} : { imagePositionPatient: [x, y, z] as [number, number, number] }),
    ...(orientation.length === 6 ? { imageOrientationPatient: orientation } : {}),
    ...optional('sliceThickness', positive(measures.number(Tag.SliceThickness))),
    ...(maps.length > 0 ? { realWorldValueMaps: maps } : {}),
  };
}

/** VOI LUT module (PS3.3 C.11.2): pairs of center and width that can be used. */
function windowsOf(voi: Dataset): ImageModule['windows'] {
  const centers = voi.numbers(Tag.WindowCenter);
  const widths = voi.numbers(Tag.WindowWidth);
  const labels = voi.strings(Tag.WindowCenterWidthExplanation);
  const named = voi.string(Tag.VOILUTFunction);
  const fn = named === 'SIGMOID' || named === 'LINEAR_EXACT' ? named : 'LINEAR';
  return centers.slice(0, 64).flatMap((center, i) => {
    const width = widths[i];
    // PS3.3 C.11.2.1.2.1: at least 1, but for the functions that divide by it as it is.
    if (width === undefined || width <= 0 || (width < 1 && fn === 'LINEAR')) return [];
    return [{ center, width, label: (labels[i] ?? '').slice(0, 64), function: fn }];
  });
}

/** The stored values over which a parametric map has its palette, as the window through which they are looked at first. */
function colourRangeOf(range: Dataset, slope: number, intercept: number): ImageModule['windows'] {
  const first = range.number(ImageTag.MinimumStoredValueMapped);
  const last = range.number(ImageTag.MaximumStoredValueMapped);
  if (first === undefined || last === undefined) return [];
  const center = ((first + last) / 2) * slope + intercept;
  const width = Math.abs((last - first) * slope);
  return Number.isFinite(center) && Number.isFinite(width) && width > 0 ? [{ center, width, label: '', function: 'LINEAR_EXACT' }] : [];
}

/** PS3.3 C.7.6.16.2.11; a dose grid is scaled likewise. */
function realWorldValueMapsOf(
  own: Dataset | undefined,
  shared: Dataset | undefined,
  dataset: Dataset,
): NonNullable<FrameModule['realWorldValueMaps']> {
  const tag = ImageTag.RealWorldValueMappingSequence;
  const items = [own, shared, dataset].map((holder) => holder?.items(tag) ?? []).find((found) => found.length > 0) ?? [];
  const maps = items.slice(0, 16).flatMap((item) => {
    const slope = item.number(ImageTag.RealWorldValueSlope);
    const intercept = item.number(ImageTag.RealWorldValueIntercept);
    if (slope === undefined || intercept === undefined) return [];
    const [unit] = item.items(ImageTag.MeasurementUnitsCodeSequence);
    return [
      {
        first:
          item.number(ImageTag.RealWorldValueFirstValueMapped) ?? item.number(ImageTag.DoubleFloatRealWorldValueFirstValueMapped) ?? -1e308,
        last:
          item.number(ImageTag.RealWorldValueLastValueMapped) ?? item.number(ImageTag.DoubleFloatRealWorldValueLastValueMapped) ?? 1e308,
        slope,
        intercept,
        unit: (unit?.string(ImageTag.CodeValue) ?? '').slice(0, 64),
        label: item.string(ImageTag.LUTLabel).slice(0, 64),
      },
    ];
  });
  const dose = dataset.number(ImageTag.DoseGridScaling);
  if (maps.length > 0 || dose === undefined || dose <= 0) return maps;
  const unit = dataset.string(ImageTag.DoseUnits) === 'GY' ? 'Gy' : '1';
  return [{ first: -1e308, last: 1e308, slope: dose, intercept: 0, unit, label: 'Dose' }];
}

/** Grid Frame Offset Vector: planes of a dose along its normal, from the first one or (where that is not 0) as positions in z. */
function doseFrames(dataset: Dataset, first: FrameValues, count: number): FrameModule[] {
  const offsets = dataset.numbers(ImageTag.GridFrameOffsetVector);
  const { imagePositionPatient: position, imageOrientationPatient: axes } = first;
  if (offsets.length < 2 || position === undefined || axes === undefined) return [];
  const [rx = 0, ry = 0, rz = 0, cx = 0, cy = 0, cz = 0] = axes;
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx] as const;
  const base = offsets[0] ?? 0;
  return offsets.slice(0, count).map((offset, i) => {
    const along = offset - base;
    const [x, y, z] = position;
    return i === 0 ? {} : { imagePositionPatient: [x + normal[0] * along, y + normal[1] * along, z + normal[2] * along] };
  });
}

/** The values of a frame that are not those of the first one. */
function different(values: FrameModule, first: FrameValues): FrameModule {
  const entries = Object.entries(values).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(first[key as keyof FrameValues]),
  );
  return Object.fromEntries(entries);
}
