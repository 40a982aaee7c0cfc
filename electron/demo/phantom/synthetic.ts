import { CT_PIXELS } from './ct-head.ts';
import { randomFrom } from './noise.ts';
import type { Person } from './people.ts';
import { bytesOf, SOPClass, uidFor } from './series-writer.ts';
import { openSeries } from './study.ts';

/** Many small studies with known counts, for tests. */
export interface SyntheticOptions {
  readonly patients: number;
  readonly studiesPerPatient: number;
  readonly seriesPerStudy: number;
  readonly instancesPerSeries: number;
  readonly rows: number;
  readonly columns: number;
  readonly seed: number;
}

export interface SyntheticSummary {
  readonly studies: readonly { patientID: string; studyInstanceUID: string; seriesInstanceUIDs: string[]; instances: number }[];
  readonly instances: number;
  readonly files: readonly string[];
}

const FAMILY_NAMES = [
  'Andersson',
  'Bergström',
  'Carvalho',
  'Dubois',
  'Eriksen',
  'Fischer',
  'García',
  'Horváth',
  'Ivanova',
  'Jensen',
  'Kowalska',
  'López',
];
const GIVEN_NAMES = ['Anna', 'Björn', 'Clara', 'David', 'Elena', 'Felix', 'Greta', 'Hugo', 'Ines', 'Jonas', 'Karin', 'Luis'];

/** Writes CT-like gradients with a moving disc as Part 10 files below `directory`; the same files for the same options in every run. */
export function generateSyntheticStudies(options: SyntheticOptions, directory: string): SyntheticSummary {
  const random = randomFrom(options.seed);
  const studies: { patientID: string; studyInstanceUID: string; seriesInstanceUIDs: string[]; instances: number }[] = [];
  const files: string[] = [];
  for (let p = 0; p < options.patients; p += 1) {
    const person: Person = {
      characterSet: ['ISO_IR 192'],
      name: `${FAMILY_NAMES[p % FAMILY_NAMES.length]}${p < FAMILY_NAMES.length ? '' : p}^${GIVEN_NAMES[Math.floor(random() * GIVEN_NAMES.length)]}`,
      id: `SYN-${options.seed}-${String(p + 1).padStart(4, '0')}`,
      birthDate: `19${40 + (p % 60)}0${1 + (p % 9)}1${p % 10}`,
      sex: p % 2 === 0 ? 'F' : 'M',
      institution: 'Synthetic',
    };
    for (let s = 0; s < options.studiesPerPatient; s += 1) {
      const key = `synthetic-${options.seed}-${p}-${s}`;
      const study = {
        key,
        person,
        date: `2026${String(1 + ((p + s) % 12)).padStart(2, '0')}${String(1 + ((p * 7 + s * 3) % 28)).padStart(2, '0')}`,
        time: '081500',
        description: `Synthetic CT ${s + 1}`,
        accession: `SYN${options.seed}${p}${s}`.slice(0, 16),
        referrer: 'Referrer^Test',
        bodyPart: 'CHEST',
        age: '050Y',
      };
      const seriesInstanceUIDs: string[] = [];
      for (let n = 1; n <= options.seriesPerStudy; n += 1) {
        seriesInstanceUIDs.push(uidFor('series', key, n));
        files.push(...writeSeries(directory, study, n, options));
      }
      const instances = options.seriesPerStudy * options.instancesPerSeries;
      studies.push({ patientID: person.id, studyInstanceUID: uidFor('study', key), seriesInstanceUIDs, instances });
    }
  }
  return { studies, instances: files.length, files };
}

function writeSeries(directory: string, study: Parameters<typeof openSeries>[1], number: number, options: SyntheticOptions): string[] {
  const { rows, columns } = options;
  const series = openSeries(directory, study, {
    number,
    description: `Series ${number}`,
    modality: 'CT',
    sopClassUID: SOPClass.CT,
    model: 'Synthetic',
    attributes: {
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      FrameOfReferenceUID: uidFor('frame', study.key),
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [1, 1],
      SliceThickness: 1,
      ...CT_PIXELS,
      Rows: rows,
      Columns: columns,
      WindowCenter: 40,
      WindowWidth: 400,
    },
  });
  const base = Int16Array.from({ length: rows * columns }, (_, i) => ((i % columns) * 400) / columns - 200);
  return Array.from({ length: options.instancesPerSeries }, (_, slice) => {
    const samples = base.slice();
    drawDisc(samples, columns, rows, slice / Math.max(1, options.instancesPerSeries - 1), 100 + number * 50);
    const position = [-columns / 2, -rows / 2, slice];
    return series.add({ AcquisitionNumber: 1, SliceLocation: slice, ImagePositionPatient: position }, bytesOf(samples), 2);
  });
}

/** A disc that wanders from left to right through the series, so that every image differs and the order is seen. */
function drawDisc(samples: Int16Array, columns: number, rows: number, t: number, value: number): void {
  const radius = Math.max(1, Math.floor(Math.min(rows, columns) / 8));
  const cx = radius + t * (columns - 2 * radius);
  for (let y = Math.floor(rows / 2) - radius; y <= Math.floor(rows / 2) + radius; y += 1) {
    const half = Math.sqrt(Math.max(0, radius * radius - (y - Math.floor(rows / 2)) ** 2));
    for (let x = Math.max(0, Math.ceil(cx - half)); x <= Math.min(columns - 1, cx + half); x += 1) samples[y * columns + x] = value;
  }
}
