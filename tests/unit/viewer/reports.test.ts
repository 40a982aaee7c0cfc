import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyObjectSelection } from '../../../electron/archive/compose-key-images.ts';
import { measurementReport } from '../../../electron/archive/compose-measurements.ts';
import { inUnicode } from '../../../electron/archive/new-instance.ts';
import {
  type Dataset,
  decodeDataset,
  encodeDataset,
  memorySource,
  readPart10,
  TransferSyntaxUID,
} from '../../../electron/dicom/dataset/index.ts';
import { Item } from '../../../renderer/viewer/dataset/item.ts';
import type { Point } from '../../../renderer/viewer/geometry.ts';
import { idOfTracking, trackingUIDOf } from '../../../renderer/viewer/reports/groups.ts';
import { readKeyObjects, readMeasurements, type ToldMark } from '../../../renderer/viewer/reports/read-measurements.ts';
import { readDicomJson } from '../../../shared/contract/dicom-json.ts';
import { composeContent } from '../../../shared/contract/index.ts';
import type { Annotation, AnnotationKind } from '../../../shared/marks/index.ts';
import { formatFigure, measure } from '../../../shared/marks/index.ts';
import { greyFrame, imageModule } from './frames.ts';
import { IMAGE, images, itemOf, mark, reportOf } from './measured-report.ts';

const frame = greyFrame(64, 64, (x, y) => x * 3 - y);
const image = imageModule({ rescaleType: 'HU', pixelSpacing: [0.5, 0.7] });

const points = (...pairs: [number, number][]): Point[] => pairs.map(([x, y]) => ({ x, y }));
/** As it stands in a file, and as the window gets it back. */
function reopened(dataset: Dataset): Item {
  inUnicode(dataset);
  const bytes = encodeDataset(dataset, TransferSyntaxUID.ExplicitVRLittleEndian);
  return itemOf(decodeDataset(bytes, TransferSyntaxUID.ExplicitVRLittleEndian));
}

function roundTrip(annotations: readonly Annotation[]): ToldMark[] {
  return readMeasurements(reopened(reportOf(annotations, image, frame).attributes));
}

describe('a measurement report', () => {
  const drawn: readonly (readonly [AnnotationKind, Point[], AnnotationKind?])[] = [
    ['length', points([0, 10.25], [20.5, 30])],
    ['bidirectional', points([1, 1], [20, 20], [5, 14], [14, 5])],
    ['angle', points([10, 3], [8, 30], [40, 10])],
    ['cobb', points([1, 2], [30, 2], [1, 20], [30, 30])],
    ['ellipse', points([4, 5], [20, 40])],
    ['rectangle', points([4.5, 5.5], [20, 40])],
    ['polygon', points([4, 5], [20, 8], [30, 40], [2, 30])],
    ['freehand', points([4, 5], [20, 8], [30, 40], [2, 30], [1, 1.125]), 'polygon'],
    ['probe', points([12.5, 13.5])],
    ['text', points([33, 12])],
    ['arrow', points([33, 12], [50, 50])],
  ];

  it.each(drawn.map(([kind, at, back]) => ({ kind, at, back: back ?? kind })))(
    'gives back where a mark stands: $kind',
    ({ kind, at, back }) => {
      const annotation = mark(kind, at, 'Läsion 山');
      const [told, ...rest] = roundTrip([annotation]);
      expect(rest).toEqual([]);
      expect(told?.drawn?.kind).toBe(back);
      expect(told?.drawn?.points).toHaveLength(at.length);
      for (const [index, { x, y }] of at.entries()) {
        expect(told?.drawn?.points[index]?.x).toBeCloseTo(x, 4);
        expect(told?.drawn?.points[index]?.y).toBeCloseTo(y, 4);
      }
      expect(told?.image).toEqual({ sopInstanceUID: IMAGE, frame: 0 });
      expect(idOfTracking(told?.trackingUID ?? '')).toBe(annotation.id);
      expect(kind === 'text' || kind === 'arrow' ? told?.comment : told?.name).toBe('Läsion 山');
    },
  );

  it('says the values that stand on the screen, with their units', () => {
    const annotations = [
      mark('length', points([0, 10], [20, 30])),
      mark('rectangle', points([4, 5], [20, 40])),
      mark('angle', points([10, 3], [8, 30], [40, 10])),
      mark('probe', points([12.5, 13.5])),
    ];
    const told = roundTrip(annotations);
    for (const [index, annotation] of annotations.entries()) {
      const { figures, statistics } = measure(annotation, image, 'CT', frame);
      const words = told[index]?.figures.map((figure) => figure.words) ?? [];
      for (const figure of figures) expect(words).toContain(formatFigure(figure));
      if (statistics === undefined) continue;
      const by = (what: string) => told[index]?.figures.find((figure) => figure.what === what);
      expect(by('mean')).toMatchObject({ unit: 'HU' });
      expect(by('mean')?.value).toBeCloseTo(statistics.mean, 8);
      expect(by('deviation')?.value).toBeCloseTo(statistics.deviation, 8);
      expect(by('minimum')?.value).toBe(statistics.minimum);
      expect(by('maximum')?.value).toBe(statistics.maximum);
    }
  });

  it('names the unit of anything that can be measured, in at most 16 characters', () => {
    const group = {
      trackingUID: trackingUIDOf(crypto.randomUUID()),
      name: 'a',
      image: { sopInstanceUID: IMAGE },
      figures: ['px', 'px²', 'SUV', '°', 'a unit that nobody knows at all', 'Z_EFF', ''].map((unit) => ({ what: 'value', value: 1, unit })),
    };
    const content = composeContent.parse({ kind: 'measurements', title: 'a', groups: [group] });
    if (content.kind !== 'measurements') throw new Error('not measurements');
    const root = reopened(measurementReport(content, '1.2.3', images, '2.25.7').attributes);
    const [told] = readMeasurements(root);
    expect(told?.figures.map(({ unit }) => unit)).toEqual(['px', 'px²', 'SUV', '°', 'a_unit_that_no', 'Z_EFF', '']);
    expect(JSON.stringify(root.json)).not.toMatch(/"00100010"/);
  });
});

describe('a key object selection', () => {
  it('gives back images and frames', () => {
    const references = [{ sopInstanceUID: IMAGE }, { sopInstanceUID: IMAGE, frameNumber: 7 }];
    const { attributes } = keyObjectSelection(
      { kind: 'key-images', title: 'Key', images: references, description: 'For the board' },
      '1.2.3',
      images,
    );
    expect(readKeyObjects(reopened(attributes))).toEqual({
      title: 'Of Interest',
      description: 'For the board',
      images: [
        { sopInstanceUID: IMAGE, frame: 0 },
        { sopInstanceUID: IMAGE, frame: 6 },
      ],
    });
  });
});

it('a document that is no report, or a hostile one, tells of no marks', () => {
  const item = (json: object) => new Item(readDicomJson(JSON.stringify(json)));
  expect(readMeasurements(item({}))).toEqual([]);
  const concept = { vr: 'SQ', Value: [{ '00080100': { vr: 'SH', Value: ['125007'] }, '00080102': { vr: 'SH', Value: ['DCM'] } }] };
  const number = {
    '0040A040': { vr: 'CS', Value: ['NUM'] },
    '0040A300': { vr: 'SQ', Value: [{ '0040A30A': { vr: 'DS', Value: ['x'] } }] },
  };
  const group = { '0040A040': { vr: 'CS', Value: ['CONTAINER'] }, '0040A043': concept, '0040A730': { vr: 'SQ', Value: [number, {}] } };
  const [told] = readMeasurements(item({ '0040A730': { vr: 'SQ', Value: [group] } }));
  expect(told).toMatchObject({ figures: [], image: undefined, drawn: undefined, name: '' });
});

const REAL = process.env.DICOM_TEST_DATA ?? '';
const FOREIGN = join(REAL, 'highdicom', 'sr_document.dcm');

it.skipIf(REAL === '' || !existsSync(FOREIGN))('a report that highdicom wrote is read with its region and its area', () => {
  const { dataset } = readPart10(memorySource(readFileSync(FOREIGN)));
  const [told, ...rest] = readMeasurements(itemOf(dataset));
  expect(rest).toEqual([]);
  expect(told).toMatchObject({
    name: 'Planar ROI Measurements',
    figures: [{ meaning: 'Area of defined region', words: '1.7 cm²' }],
    image: { sopInstanceUID: '1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322', frame: 0 },
    // A circle.
    drawn: { kind: 'ellipse', points: points([47, 41], [69, 63]) },
  });
});
