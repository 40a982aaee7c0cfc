import { type HeadTissues, headAt } from './head.ts';
import { grain } from './noise.ts';
import { withGrain } from './raster.ts';
import { bytesOf, SOPClass, uidFor } from './series-writer.ts';
import { type Count, openSeries, type StudyPlan } from './study.ts';

const T1: HeadTissues = {
  air: 6,
  skin: 420,
  fat: 920,
  muscle: 330,
  bone: 30,
  marrow: 380,
  csf: 110,
  grey: 400,
  white: 590,
  blood: 300,
  oedema: 330,
  vitreous: 120,
  lens: 330,
  dura: 220,
  calcium: 60,
};

const T2: HeadTissues = {
  air: 6,
  skin: 260,
  fat: 560,
  muscle: 170,
  bone: 25,
  marrow: 240,
  csf: 980,
  grey: 470,
  white: 310,
  blood: 240,
  oedema: 760,
  vitreous: 940,
  lens: 140,
  dura: 110,
  calcium: 60,
};

const SIDE = 256;
const FIELD_OF_VIEW = 220;
const GRAIN = grain(23, 65_537);

interface Weighting {
  readonly number: number;
  readonly description: string;
  readonly tissues: HeadTissues;
  readonly plane: 'axial' | 'sagittal';
  readonly slices: number;
  /** mm between slice centres. */
  readonly spacing: number;
  readonly window: readonly [center: number, width: number];
  readonly sequence: Readonly<Record<string, number | string>>;
}

const SERIES: readonly Weighting[] = [
  {
    number: 1,
    description: 'sag T1 SE',
    tissues: T1,
    plane: 'sagittal',
    slices: 22,
    spacing: 6,
    window: [420, 840],
    sequence: { ScanningSequence: 'SE', SequenceVariant: 'SK', RepetitionTime: 520, EchoTime: 12, FlipAngle: 90 },
  },
  {
    number: 2,
    description: 'ax T1 SE',
    tissues: T1,
    plane: 'axial',
    slices: 28,
    spacing: 5.5,
    window: [420, 840],
    sequence: { ScanningSequence: 'SE', SequenceVariant: 'SK', RepetitionTime: 520, EchoTime: 12, FlipAngle: 90 },
  },
  {
    number: 3,
    description: 'ax T2 TSE',
    tissues: T2,
    plane: 'axial',
    slices: 28,
    spacing: 5.5,
    window: [480, 960],
    sequence: { ScanningSequence: 'SE', SequenceVariant: 'SK', RepetitionTime: 4200, EchoTime: 98, FlipAngle: 150 },
  },
];

/** A cranial MR: sagittal and axial T1, axial T2, 256×256, 12 bits, one Frame of Reference. */
export function writeHeadMR(directory: string, study: StudyPlan, count: Count): void {
  for (const weighting of SERIES) writeSeries(directory, study, weighting, count);
}

export const HEAD_MR_IMAGES = SERIES.reduce((sum, { slices }) => sum + slices, 0);

function writeSeries(directory: string, study: StudyPlan, weighting: Weighting, count: Count): void {
  const pixel = FIELD_OF_VIEW / SIDE;
  const sagittal = weighting.plane === 'sagittal';
  const series = openSeries(directory, study, {
    number: weighting.number,
    description: weighting.description,
    modality: 'MR',
    sopClassUID: SOPClass.MR,
    model: 'Magnetic Resonance M1',
    attributes: {
      ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'ND'],
      FrameOfReferenceUID: uidFor('frame', study.key),
      PositionReferenceIndicator: '',
      PatientPosition: 'HFS',
      ImageOrientationPatient: sagittal ? [0, 1, 0, 0, 0, -1] : [1, 0, 0, 0, 1, 0],
      PixelSpacing: [pixel, pixel],
      SliceThickness: weighting.spacing - 0.5,
      SpacingBetweenSlices: weighting.spacing,
      MagneticFieldStrength: 3,
      MRAcquisitionType: '2D',
      ImagedNucleus: '1H',
      ScanOptions: '',
      ...weighting.sequence,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Rows: SIDE,
      Columns: SIDE,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      WindowCenter: weighting.window[0],
      WindowWidth: weighting.window[1],
    },
  });
  const options = { tissues: weighting.tissues, haemorrhage: false, holder: false };
  const edge = -FIELD_OF_VIEW / 2 + pixel / 2;
  const values = new Float32Array(SIDE * SIDE);
  const stored = new Int16Array(values.length);
  const texture = { noise: GRAIN, amount: 14, low: 0, high: 4095 };
  for (let slice = 0; slice < weighting.slices; slice += 1) {
    const place = (slice - (weighting.slices - 1) / 2) * weighting.spacing + (sagittal ? 0 : 8);
    for (let row = 0; row < SIDE; row += 1) {
      const down = edge + row * pixel;
      for (let column = 0; column < SIDE; column += 1) {
        const across = edge + column * pixel;
        const value = sagittal ? headAt(place, across, -down, options) : headAt(across, down, place, options);
        values[row * SIDE + column] = value * coil(across, down);
      }
    }
    const samples = withGrain(values, texture, slice * 7919 + weighting.number * 131, stored);
    const position = sagittal ? [place, edge, -edge] : [edge, edge, place];
    series.add({ AcquisitionNumber: 1, SliceLocation: place, ImagePositionPatient: position }, bytesOf(samples), 2);
    count();
  }
}

/** Surface coils see what is near them brighter. */
function coil(across: number, down: number): number {
  return 0.92 + 0.16 * Math.min(1.2, (across * across + down * down) / 10_000);
}
