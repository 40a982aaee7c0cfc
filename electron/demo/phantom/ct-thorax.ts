import { CT_PIXELS } from './ct-head.ts';
import { grain } from './noise.ts';
import { doubled, withGrain } from './raster.ts';
import { bytesOf, SOPClass, uidFor } from './series-writer.ts';
import { type Count, openSeries, type StudyPlan } from './study.ts';
import { thoraxAt } from './thorax.ts';
import { ThoraxDetails } from './thorax-details.ts';

const SIDE = 256;
const FIELD_OF_VIEW = 380;
const COVERED = 400;
const PIXEL = FIELD_OF_VIEW / (SIDE * 2);
const GRAIN = grain(31, 65_537);

/** The chest as X-rays cross it from front to back: water-equivalent mm per column and slice, slices from bottom to top. */
export interface Projection {
  readonly columns: number;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** A contrast-enhanced CT of the thorax, 512×512, HU, bottom to top. Anatomy is computed every 2.4 mm, vessels and ribs in every slice. */
export function writeThoraxCT(directory: string, study: StudyPlan, slices: number, count: Count): Projection {
  const spacing = COVERED / slices;
  const series = openSeries(directory, study, {
    number: 3,
    description: `Thorax CE ${spacing.toFixed(1)} B60`,
    modality: 'CT',
    sopClassUID: SOPClass.CT,
    model: 'Computed Tomograph C1',
    attributes: {
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      ContrastBolusAgent: 'Iodine 350',
      FrameOfReferenceUID: uidFor('frame', study.key),
      PositionReferenceIndicator: '',
      PatientPosition: 'HFS',
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [PIXEL, PIXEL],
      SliceThickness: Number(spacing.toFixed(3)),
      SpacingBetweenSlices: Number(spacing.toFixed(3)),
      KVP: 110,
      XRayTubeCurrent: 160,
      ConvolutionKernel: 'B60',
      ReconstructionDiameter: FIELD_OF_VIEW,
      ...CT_PIXELS,
      WindowCenter: [40, -600],
      WindowWidth: [400, 1500],
      WindowCenterWidthExplanation: ['MEDIASTINUM', 'LUNG'],
    },
  });
  const details = new ThoraxDetails(47);
  const image = new Float32Array((SIDE * 2) ** 2);
  const projection = new Float32Array(SIDE * 2 * slices);
  const values = new Int16Array(image.length);
  const texture = { noise: GRAIN, amount: 13, low: -1024, high: 3071 };
  const every = Math.max(1, Math.round(2.4 / spacing));
  let below = anatomy(-COVERED / 2);
  let above = below;
  for (let slice = 0; slice < slices; slice += 1) {
    const z = -COVERED / 2 + slice * spacing;
    const step = slice % every;
    if (step === 0) {
      below = above;
      above = anatomy(z + every * spacing);
    }
    doubled(blended(below, above, step / every), SIDE, image);
    details.paint({ values: image, side: SIDE * 2, pixel: PIXEL }, z);
    project(image, projection.subarray(slice * SIDE * 2, (slice + 1) * SIDE * 2));
    const samples = withGrain(image, texture, slice * 7919, values);
    const edge = -FIELD_OF_VIEW / 2 + PIXEL / 2;
    const place = Number(z.toFixed(3));
    series.add({ AcquisitionNumber: 1, SliceLocation: place, ImagePositionPatient: [edge, edge, place] }, bytesOf(samples), 2);
    count();
  }
  return { columns: SIDE * 2, rows: slices, width: FIELD_OF_VIEW, height: COVERED, values: projection };
}

function anatomy(z: number): Float32Array {
  const values = new Float32Array(SIDE * SIDE);
  const step = FIELD_OF_VIEW / SIDE;
  for (let row = 0; row < SIDE; row += 1) {
    const y = (row - (SIDE - 1) / 2) * step;
    for (let column = 0; column < SIDE; column += 1) values[row * SIDE + column] = thoraxAt((column - (SIDE - 1) / 2) * step, y, z);
  }
  return values;
}

function blended(a: Float32Array, b: Float32Array, share: number): Float32Array {
  if (share === 0) return a;
  const values = new Float32Array(a.length);
  for (let i = 0; i < a.length; i += 1) values[i] = (a[i] ?? 0) * (1 - share) + (b[i] ?? 0) * share;
  return values;
}

/** Sums attenuation down each column as far as the patient goes: the table is not in the way of a radiograph. */
function project(image: Float32Array, sums: Float32Array): void {
  const side = SIDE * 2;
  const last = Math.floor(side / 2 + 121 / PIXEL);
  for (let row = 0; row < last; row += 1) {
    const base = row * side;
    for (let column = 0; column < side; column += 1) {
      const density = ((image[base + column] ?? 0) + 1000) / 1000;
      // Bone stops diagnostic X-rays more than its density says.
      if (density > 0.02) sums[column] = (sums[column] ?? 0) + (density > 1.12 ? density * 1.5 - 0.56 : density) * PIXEL;
    }
  }
}
