import dcmjs from 'dcmjs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inUnicode } from '../../../electron/archive/new-instance.ts';
import { encodeDataset, encodeFileMeta, memorySource, readPart10, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { readMeasurements } from '../../../renderer/viewer/reports/read-measurements.ts';
import type { AnnotationKind } from '../../../shared/marks/index.ts';
import { greyFrame, imageModule } from './frames.ts';
import { CT, IMAGE, itemOf, mark, reportOf } from './measured-report.ts';

const { MeasurementReport } = dcmjs.adapters.Cornerstone;

// dcmjs tells the console what it reads.
beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const DRAWN: readonly (readonly [kind: AnnotationKind, points: readonly (readonly [number, number])[], dcmjs: string])[] = [
  [
    'length',
    [
      [1, 2],
      [4, 6],
    ],
    'Length',
  ],
  [
    'bidirectional',
    [
      [1, 1],
      [20, 20],
      [5, 14],
      [14, 5],
    ],
    'Bidirectional',
  ],
  [
    'ellipse',
    [
      [4, 5],
      [20, 45],
    ],
    'EllipticalRoi',
  ],
  [
    'rectangle',
    [
      [4, 5],
      [20, 40],
    ],
    'RectangleRoi',
  ],
  [
    'polygon',
    [
      [4, 5],
      [20, 8],
      [30, 40],
      [2, 30],
    ],
    'FreehandRoi',
  ],
];

test('the reader of dcmjs finds in our report every length, axis and region with its value, image and place', () => {
  const frame = greyFrame(64, 64, (x, y) => x + y);
  const image = imageModule({ rescaleType: 'HU', pixelSpacing: [1, 1] });
  const marks = DRAWN.map(([kind, points]) =>
    mark(
      kind,
      points.map(([x, y]) => ({ x, y })),
      kind,
    ),
  );
  const report = reportOf(marks, image, frame);
  const { attributes } = report;
  attributes.set('SOPClassUID', report.sopClassUID).set('SOPInstanceUID', '1.2.3.9.1');
  inUnicode(attributes);
  const transferSyntaxUID = TransferSyntaxUID.ExplicitVRLittleEndian;
  const meta = encodeFileMeta({ sopClassUID: report.sopClassUID, sopInstanceUID: '1.2.3.9.1', transferSyntaxUID });
  const bytes = Buffer.concat([meta, encodeDataset(attributes, transferSyntaxUID)]);
  const { dict } = dcmjs.data.DicomMessage.readFile(new Uint8Array(bytes).buffer);
  const state = MeasurementReport.generateToolState(dcmjs.data.DicomMetaDictionary.naturalizeDataset(dict), {
    // Which of its tools a group is, dcmjs knows by labels of its own; for others it asks.
    getToolClass: (group, _, classes) => {
      const tracking = (group.ContentSequence as { TextValue?: string }[])[0]?.TextValue;
      const wanted = DRAWN.find(([kind]) => kind === tracking)?.[2];
      return classes.find(({ toolType }) => toolType === wanted);
    },
  });
  const one = (tool: string) => state[tool]?.[0];
  expect(one('Length')).toMatchObject({
    sopInstanceUid: IMAGE,
    length: 5,
    handles: { start: { x: 1, y: 2 }, end: { x: 4, y: 6 } },
  });
  const axes = one('Bidirectional') as { longestDiameter: string; shortestDiameter: string; sopInstanceUid: string };
  expect(axes.sopInstanceUid).toBe(IMAGE);
  expect(Number(axes.longestDiameter)).toBeCloseTo(Math.hypot(19, 19), 6);
  expect(Number(axes.shortestDiameter)).toBeCloseTo(Math.hypot(9, 9), 6);
  const ellipse = one('EllipticalRoi') as { cachedStats: { area: number }; handles: { start: { x: number }; end: { x: number } } };
  expect(ellipse.cachedStats.area).toBeCloseTo(Math.PI * 8 * 20, 6);
  expect([ellipse.handles.start.x, ellipse.handles.end.x].sort((a, b) => a - b)).toEqual([4, 20]);
  expect(one('RectangleRoi')).toMatchObject({ cachedStats: { area: 560 }, handles: { start: { x: 4, y: 5 }, end: { x: 20, y: 40 } } });
  expect((one('FreehandRoi') as { handles: { points: object[] } }).handles.points.slice(0, 2)).toEqual([
    { x: 4, y: 5 },
    { x: 20, y: 8 },
  ]);
});

test('what dcmjs writes is read with its values and drawn where it was', () => {
  const p = (x: number, y: number) => ({ x, y });
  const tools = {
    Length: { data: [{ handles: { start: p(1, 2), end: p(4, 6) }, length: 5 }] },
    Bidirectional: {
      data: [
        {
          handles: { start: p(1, 1), end: p(20, 20), perpendicularStart: p(5, 14), perpendicularEnd: p(14, 5) },
          longestDiameter: 26.87,
          shortestDiameter: 12.73,
        },
      ],
    },
    Angle: { data: [{ handles: { start: p(10, 3), middle: p(8, 30), end: p(40, 10) }, rAngle: 57 }] },
    CobbAngle: { data: [{ handles: { start: p(1, 2), end: p(30, 2), start2: p(1, 20), end2: p(30, 30) }, rAngle: 19 }] },
    EllipticalRoi: { data: [{ handles: { start: p(4, 5), end: p(20, 40) }, cachedStats: { area: 439.8 } }] },
    RectangleRoi: { data: [{ handles: { start: p(4, 5), end: p(20, 40) }, cachedStats: { area: 560, perimeter: 102 } }] },
    FreehandRoi: { data: [{ handles: { points: [p(4, 5), p(20, 8), p(30, 40)] }, cachedStats: { area: 247, perimeter: 91 } }] },
    CircleRoi: { data: [{ handles: { start: p(30, 30), end: p(40, 30) }, cachedStats: { area: 314, radius: 10, perimeter: 63 } }] },
  };
  const modules: Record<string, object> = {
    generalSeriesModule: { studyInstanceUID: '1.2.3', seriesInstanceUID: '1.2.3.1' },
    sopCommonModule: { sopClassUID: CT, sopInstanceUID: IMAGE },
  };
  const { dataset } = MeasurementReport.generateReport({ image: tools }, { get: (module) => modules[module] });
  const written = new Uint8Array(dcmjs.data.datasetToDict(dataset).write());
  const marks = readMeasurements(itemOf(readPart10(memorySource(written)).dataset));
  const told = marks.map(({ drawn, figures, image }) => [drawn?.kind, drawn?.points.map(({ x, y }) => [x, y]), figures[0]?.value, image]);
  const image = { sopInstanceUID: IMAGE, frame: 0 };
  expect(told).toEqual([
    [
      'length',
      [
        [1, 2],
        [4, 6],
      ],
      5,
      image,
    ],
    [
      'bidirectional',
      [
        [1, 1],
        [20, 20],
        [5, 14],
        [14, 5],
      ],
      26.87,
      image,
    ],
    [
      'angle',
      [
        [10, 3],
        [8, 30],
        [40, 10],
      ],
      57,
      image,
    ],
    [
      'cobb',
      [
        [1, 2],
        [30, 2],
        [1, 20],
        [30, 30],
      ],
      19,
      image,
    ],
    [
      'ellipse',
      [
        [4, 5],
        [20, 40],
      ],
      439.8,
      image,
    ],
    [
      'rectangle',
      [
        [4, 5],
        [20, 40],
      ],
      expect.anything(),
      image,
    ],
    [
      'polygon',
      [
        [4, 5],
        [20, 8],
        [30, 40],
      ],
      expect.anything(),
      image,
    ],
    [
      'ellipse',
      [
        [20, 20],
        [40, 40],
      ],
      expect.anything(),
      image,
    ],
  ]);
});
