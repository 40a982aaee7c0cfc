import type { Projection } from './ct-thorax.ts';
import { grain } from './noise.ts';
import { bytesOf, SOPClass } from './series-writer.ts';
import { clamp } from './shapes.ts';
import { openSeries, type StudyPlan } from './study.ts';

const COLUMNS = 2048;
const GRAIN = grain(53, 131_071);

export interface ChestRadiographOptions {
  readonly photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  /** A magnification, so that two people's chests are not the same picture. */
  readonly zoom: number;
}

/** A chest radiograph, posterior-anterior, 12 bits: the thorax's projection through a film-like curve with its edges enhanced. */
export function writeChestRadiograph(directory: string, study: StudyPlan, projection: Projection, options: ChestRadiographOptions): void {
  const pixel = projection.width / COLUMNS / options.zoom;
  const rows = 2 * Math.floor(projection.height / options.zoom / pixel / 2 - 0.01);
  const series = openSeries(directory, study, {
    number: 1,
    description: 'Chest PA',
    modality: 'CR',
    sopClassUID: SOPClass.CR,
    model: 'Computed Radiograph R1',
    attributes: {
      ImageType: ['ORIGINAL', 'PRIMARY'],
      ViewPosition: 'PA',
      PatientOrientation: ['L', 'F'],
      ImagerPixelSpacing: [Number(pixel.toFixed(5)), Number(pixel.toFixed(5))],
      PixelSpacing: [Number(pixel.toFixed(5)), Number(pixel.toFixed(5))],
      KVP: 125,
      ExposureInuAs: 2500,
      CassetteSize: '35CMX43CM',
      PlateID: 'P1',
      SamplesPerPixel: 1,
      PhotometricInterpretation: options.photometricInterpretation,
      Rows: rows,
      Columns: COLUMNS,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      BurnedInAnnotation: 'NO',
      WindowCenter: 2048,
      WindowWidth: 3600,
    },
  });
  const film = developed(projection);
  const samples = new Uint16Array(COLUMNS * rows);
  const inverted = options.photometricInterpretation === 'MONOCHROME1';
  const scaleX = projection.columns / COLUMNS / options.zoom;
  const scaleY = projection.rows / (projection.height / pixel);
  const marginX = (projection.columns * (1 - 1 / options.zoom)) / 2;
  const marginY = (projection.rows * (1 - 1 / options.zoom)) / 2;
  let noise = 0;
  for (let row = 0; row < rows; row += 1) {
    // The projection's slices rise, an image's rows go down.
    const y = projection.rows - 1 - (marginY + row * scaleY);
    for (let column = 0; column < COLUMNS; column += 1) {
      const value = sampled(film, projection.columns, projection.rows, marginX + column * scaleX, y) + (GRAIN[noise] ?? 0) * 26;
      noise = noise + 1 === GRAIN.length ? 0 : noise + 1;
      const level = clamp(marker(column, row) ?? value, 0, 4095);
      samples[row * COLUMNS + column] = inverted ? 4095 - level : level;
    }
  }
  series.add({ AcquisitionNumber: 1 }, bytesOf(samples), 2);
}

/** Film curve over the line integral, and what remains after a broad blur lifted: ribs and vessels stand out as in a processed plate. */
function developed({ columns, rows, values }: Projection): Float32Array {
  const film = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += 1) film[i] = 1 - Math.exp(-(values[i] ?? 0) / 105);
  const broad = blurred(blurred(film, columns, rows, 14), columns, rows, 14);
  for (let i = 0; i < film.length; i += 1) {
    const there = film[i] ?? 0;
    const lifted = there * 0.78 + (there - (broad[i] ?? 0)) * 1.15;
    const level = clamp((lifted - 0.02) / 0.84, 0, 1.08);
    film[i] = 120 + 3700 * level ** 1.9;
  }
  return film;
}

/** Box blur in both directions, `radius` in samples. */
function blurred(source: Float32Array, columns: number, rows: number, radius: number): Float32Array {
  const across = new Float32Array(source.length);
  const result = new Float32Array(source.length);
  for (let row = 0; row < rows; row += 1) slide(source, across, row * columns, 1, columns, radius);
  for (let column = 0; column < columns; column += 1) slide(across, result, column, columns, rows, radius);
  return result;
}

function slide(source: Float32Array, target: Float32Array, start: number, step: number, count: number, radius: number): void {
  const at = (index: number): number => source[start + clamp(index, 0, count - 1) * step] ?? 0;
  let sum = 0;
  for (let i = -radius; i <= radius; i += 1) sum += at(i);
  for (let i = 0; i < count; i += 1) {
    target[start + i * step] = sum / (2 * radius + 1);
    sum += at(i + radius + 1) - at(i - radius);
  }
}

/** Catmull-Rom across and down: four times magnified without facets. */
function sampled(values: Float32Array, columns: number, rows: number, x: number, y: number): number {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const wa = ((-0.5 * fx + 1) * fx - 0.5) * fx;
  const wb = (1.5 * fx - 2.5) * fx * fx + 1;
  const wc = ((-1.5 * fx + 2) * fx + 0.5) * fx;
  const wd = (0.5 * fx - 0.5) * fx * fx;
  const a = clamp(x0 - 1, 0, columns - 1);
  const b = clamp(x0, 0, columns - 1);
  const c = clamp(x0 + 1, 0, columns - 1);
  const d = clamp(x0 + 2, 0, columns - 1);
  const fy = y - y0;
  const upper = clamp(y0, 0, rows - 1) * columns;
  const lower = clamp(y0 + 1, 0, rows - 1) * columns;
  const above =
    (values[upper + a] ?? 0) * wa + (values[upper + b] ?? 0) * wb + (values[upper + c] ?? 0) * wc + (values[upper + d] ?? 0) * wd;
  const below =
    (values[lower + a] ?? 0) * wa + (values[lower + b] ?? 0) * wb + (values[lower + c] ?? 0) * wc + (values[lower + d] ?? 0) * wd;
  return above + (below - above) * fy;
}

/** The lead letter L beside the left shoulder. */
function marker(column: number, row: number): number | undefined {
  const x = column - 1880;
  const y = row - 130;
  if (x < 0 || y < 0 || x > 60 || y > 100) return undefined;
  return x < 18 || y > 82 ? 4000 : undefined;
}
