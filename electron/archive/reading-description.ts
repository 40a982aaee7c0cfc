import type { FramePlane, ImageReading, UltrasoundRegion } from '../../shared/contract/index.ts';
import { USABLE_UID } from '../../shared/contract/limits.ts';
import { type Dataset, Tag } from '../dicom/dataset/index.ts';

const FrameTag = {
  ImageLaterality: 0x00200062,
  Laterality: 0x00200060,
  ViewPosition: 0x00185101,
  PatientOrientation: 0x00200020,
  ImagerPixelSpacing: 0x00181164,
  EstimatedRadiographicMagnificationFactor: 0x00181114,
  PixelSpacingCalibrationType: 0x00280a02,
  SequenceOfUltrasoundRegions: 0x00186011,
  LossyImageCompressionRatio: 0x00282112,
  EchoTime: 0x00180081,
  DiffusionBValue: 0x00189087,
  TemporalPositionIdentifier: 0x00200100,
  TriggerTime: 0x00181060,
  AcquisitionTime: 0x00080032,
  RecommendedDisplayFrameRate: 0x00082144,
  CineRate: 0x00180040,
  Units: 0x00541001,
  PlanePositionSequence: 0x00209113,
  PlaneOrientationSequence: 0x00209116,
  FrameContentSequence: 0x00209111,
  TemporalPositionIndex: 0x00209128,
  MRDiffusionSequence: 0x00189117,
  MREchoSequence: 0x00189114,
  EffectiveEchoTime: 0x00189082,
} as const;

const MAX_FRAMES = 65_536;
const MAX_REGIONS = 64;

/** What sorting, measuring, linking and hanging need of an image; undefined where its file says nothing of it. */
export function readingOf(dataset: Dataset): ImageReading | undefined {
  const [imagerRow, imagerColumn] = dataset.numbers(FrameTag.ImagerPixelSpacing).map(positive);
  const calibration = dataset.string(FrameTag.PixelSpacingCalibrationType);
  const [alongRows, alongColumns] = dataset.strings(FrameTag.PatientOrientation);
  const ratio = dataset.numbers(FrameTag.LossyImageCompressionRatio).reduce((all, one) => all * (positive(one) ?? 1), 1);
  const reading: ImageReading = {
    ...some('frameOfReferenceUID', uid(dataset.string(Tag.FrameOfReferenceUID))),
    ...(imagerRow === undefined || imagerColumn === undefined ? {} : { imagerPixelSpacing: [imagerRow, imagerColumn] }),
    ...some('magnification', positive(dataset.number(FrameTag.EstimatedRadiographicMagnificationFactor))),
    ...(calibration === 'GEOMETRY' || calibration === 'FIDUCIAL' ? { calibrationType: calibration } : {}),
    ...some('ultrasoundRegions', regionsOf(dataset)),
    ...some('lossyRatio', ratio > 1 && Number.isFinite(ratio) ? ratio : undefined),
    ...some('laterality', short(dataset.string(FrameTag.ImageLaterality) || dataset.string(FrameTag.Laterality))),
    ...some('viewPosition', short(dataset.string(FrameTag.ViewPosition))),
    ...(alongRows && alongColumns ? { patientOrientation: [alongRows.slice(0, 16), alongColumns.slice(0, 16)] } : {}),
    ...some('echoTime', finite(dataset.number(FrameTag.EchoTime))),
    ...some('bValue', finite(dataset.number(FrameTag.DiffusionBValue))),
    ...some('temporalPosition', finite(dataset.number(FrameTag.TemporalPositionIdentifier))),
    ...some('triggerTime', finite(dataset.number(FrameTag.TriggerTime))),
    ...some('acquisitionTime', secondsOf(dataset.string(FrameTag.AcquisitionTime))),
    ...some('displayRate', positive(dataset.number(FrameTag.RecommendedDisplayFrameRate) ?? dataset.number(FrameTag.CineRate))),
    ...some('units', short(dataset.string(FrameTag.Units))),
    ...some('frames', framesOf(dataset)),
  };
  return Object.keys(reading).length === 0 ? undefined : reading;
}

/** Plane and time of each frame from the functional groups (PS3.3 C.7.6.16). */
function framesOf(dataset: Dataset): FramePlane[] | undefined {
  const perFrame = dataset.items(Tag.PerFrameFunctionalGroupsSequence);
  if (perFrame.length < 2) return undefined;
  const shared = dataset.items(Tag.SharedFunctionalGroupsSequence)[0];
  const sharedOrientation = shared?.items(FrameTag.PlaneOrientationSequence)[0]?.numbers(Tag.ImageOrientationPatient);
  return perFrame.slice(0, MAX_FRAMES).map((groups) => {
    const [x, y, z] = (groups.items(FrameTag.PlanePositionSequence)[0]?.numbers(Tag.ImagePositionPatient) ?? []).map(finite);
    const own = groups.items(FrameTag.PlaneOrientationSequence)[0]?.numbers(Tag.ImageOrientationPatient);
    const orientation = (own ?? sharedOrientation)?.every(Number.isFinite) === true ? (own ?? sharedOrientation) : undefined;
    return {
      ...(x === undefined || y === undefined || z === undefined ? {} : { position: [x, y, z] as [number, number, number] }),
      ...(own !== undefined && orientation?.length === 6 ? { orientation: [...orientation] } : {}),
      ...some('time', finite(groups.items(FrameTag.FrameContentSequence)[0]?.number(FrameTag.TemporalPositionIndex))),
      ...some('bValue', finite(groups.items(FrameTag.MRDiffusionSequence)[0]?.number(FrameTag.DiffusionBValue))),
      ...some('echoTime', finite(groups.items(FrameTag.MREchoSequence)[0]?.number(FrameTag.EffectiveEchoTime))),
    };
  });
}

/** Sequence of Ultrasound Regions (PS3.3 C.8.5.5.1): those with a size and a scale. */
function regionsOf(dataset: Dataset): UltrasoundRegion[] | undefined {
  const regions = dataset
    .items(FrameTag.SequenceOfUltrasoundRegions)
    .slice(0, MAX_REGIONS)
    .flatMap((item): UltrasoundRegion[] => {
      const value = (tag: number) => finite(item.number(tag));
      const [minX, minY, maxX, maxY] = [value(0x00186018), value(0x0018601a), value(0x0018601c), value(0x0018601e)];
      const [unitsX, unitsY] = [value(0x00186024), value(0x00186026)];
      const [deltaX, deltaY] = [value(0x0018602c), value(0x0018602e)];
      if (minX === undefined || minY === undefined || maxX === undefined || maxY === undefined) return [];
      if (unitsX === undefined || unitsY === undefined || deltaX === undefined || deltaY === undefined) return [];
      return [
        {
          minX,
          minY,
          maxX,
          maxY,
          unitsX: Math.trunc(unitsX),
          unitsY: Math.trunc(unitsY),
          deltaX: Math.abs(deltaX),
          deltaY: Math.abs(deltaY),
        },
      ];
    });
  return regions.length === 0 ? undefined : regions;
}

/** `081530.250` as seconds since midnight. */
function secondsOf(time: string): number | undefined {
  const parts = /^(\d{2}):?(\d{2}):?(\d{2}(?:\.\d{1,6})?)?/.exec(time.trim());
  return parts === null ? undefined : Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3] ?? 0);
}

function some<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

const finite = (value: number | undefined): number | undefined => (value !== undefined && Number.isFinite(value) ? value : undefined);
const positive = (value: number | undefined): number | undefined => (value !== undefined && value > 0 ? finite(value) : undefined);
const short = (value: string): string | undefined => (value === '' ? undefined : value.slice(0, 64));
const uid = (value: string): string | undefined => (USABLE_UID.test(value) ? value : undefined);
