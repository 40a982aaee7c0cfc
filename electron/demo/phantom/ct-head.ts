import { type HeadTissues, headAt } from './head.ts';
import { grain } from './noise.ts';
import { doubled, withGrain } from './raster.ts';
import { bytesOf, SOPClass, uidFor } from './series-writer.ts';
import { type Count, openSeries, type StudyPlan } from './study.ts';

/** Hounsfield units. */
const HOUNSFIELD: HeadTissues = {
  air: -1000,
  skin: 45,
  fat: -95,
  muscle: 55,
  bone: 1250,
  marrow: 520,
  csf: 6,
  grey: 41,
  white: 27,
  blood: 68,
  oedema: 17,
  vitreous: 12,
  lens: 78,
  dura: 58,
  calcium: 180,
};

const SIDE = 256;
const FIELD_OF_VIEW = 220;
const BOTTOM = -78;
const COVERED = 166;
const GRAIN = grain(11, 65_537);

export interface HeadCTOptions {
  readonly slices: number;
  readonly haemorrhage: boolean;
}

/** A cranial CT, 512×512, signed HU + 1024 rescaled, bottom to top. Anatomy is computed for every other thin slice and blended between. */
export function writeHeadCT(directory: string, study: StudyPlan, options: HeadCTOptions, count: Count): void {
  const spacing = COVERED / options.slices;
  const pixel = FIELD_OF_VIEW / (SIDE * 2);
  const series = openSeries(directory, study, {
    number: 2,
    description: `Head ${spacing.toFixed(1)} J30s`,
    modality: 'CT',
    sopClassUID: SOPClass.CT,
    model: 'Computed Tomograph C1',
    attributes: {
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      FrameOfReferenceUID: uidFor('frame', study.key),
      PositionReferenceIndicator: '',
      PatientPosition: 'HFS',
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [pixel, pixel],
      SliceThickness: Number(spacing.toFixed(3)),
      SpacingBetweenSlices: Number(spacing.toFixed(3)),
      KVP: 120,
      XRayTubeCurrent: 240,
      ExposureTime: 1000,
      ConvolutionKernel: 'J30s',
      ReconstructionDiameter: FIELD_OF_VIEW,
      GantryDetectorTilt: 0,
      ...CT_PIXELS,
      WindowCenter: [40, 600],
      WindowWidth: [80, 2800],
      WindowCenterWidthExplanation: ['BRAIN', 'BONE'],
    },
  });
  const every = spacing < 1.5 ? 2 : 1;
  const image = new Float32Array((SIDE * 2) ** 2);
  const values = new Int16Array(image.length);
  const texture = { noise: GRAIN, amount: every === 2 ? 4 : 2.6, low: -1024, high: 3071 };
  let below = anatomy(BOTTOM, options.haemorrhage);
  let above = below;
  for (let slice = 0; slice < options.slices; slice += 1) {
    const z = BOTTOM + slice * spacing;
    if (slice > 0 && slice % every === 0) below = every === 2 ? above : anatomy(z, options.haemorrhage);
    if (every === 2 && slice % 2 === 0) above = anatomy(z + 2 * spacing, options.haemorrhage);
    doubled(slice % every === 0 ? below : blended(below, above), SIDE, image);
    const samples = withGrain(image, texture, slice * 7919, values);
    const edge = -FIELD_OF_VIEW / 2 + pixel / 2;
    const position = [edge, edge, Number(z.toFixed(3))];
    series.add({ AcquisitionNumber: 1, SliceLocation: Number(z.toFixed(3)), ImagePositionPatient: position }, bytesOf(samples), 2);
    count();
  }
}

/** Image Pixel module of a CT that stores HU as signed 16-bit samples. */
export const CT_PIXELS = {
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  Rows: 512,
  Columns: 512,
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 1,
  RescaleIntercept: 0,
  RescaleSlope: 1,
  RescaleType: 'HU',
};

function anatomy(z: number, haemorrhage: boolean): Float32Array {
  const values = new Float32Array(SIDE * SIDE);
  const step = FIELD_OF_VIEW / SIDE;
  const options = { tissues: HOUNSFIELD, haemorrhage, holder: true };
  for (let row = 0; row < SIDE; row += 1) {
    const y = (row - (SIDE - 1) / 2) * step;
    for (let column = 0; column < SIDE; column += 1) {
      values[row * SIDE + column] = headAt((column - (SIDE - 1) / 2) * step, y, z, options);
    }
  }
  return values;
}

function blended(a: Float32Array, b: Float32Array): Float32Array {
  const values = new Float32Array(a.length);
  for (let i = 0; i < a.length; i += 1) values[i] = ((a[i] ?? 0) + (b[i] ?? 0)) / 2;
  return values;
}
