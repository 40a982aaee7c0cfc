import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Dataset } from '../../../electron/dicom/dataset/index.ts';
import type { StoredObject } from '../../../renderer/viewer/dataset/stored-object.ts';
import { documentName, readDocument } from '../../../renderer/viewer/objects/document/document.ts';
import { objectKind } from '../../../renderer/viewer/objects/kinds.ts';
import { doseOnPlane, doseVolume, readDose } from '../../../renderer/viewer/objects/radiotherapy/dose.ts';
import { contoursOn } from '../../../renderer/viewer/objects/radiotherapy/on-image.ts';
import { readStructures } from '../../../renderer/viewer/objects/radiotherapy/structures.ts';
import { framesOn, paintSegment, planeToImage } from '../../../renderer/viewer/objects/segmentation/on-image.ts';
import { planeFrom, readSegmentation } from '../../../renderer/viewer/objects/segmentation/segmentation.ts';
import { marksOf, readReport } from '../../../renderer/viewer/objects/sr/content.ts';
import { reportText } from '../../../renderer/viewer/objects/sr/report-text.ts';
import { differences, rowText, tagRows, visibleRows } from '../../../renderer/viewer/objects/tags/rows.ts';
import { lanesOf, paperHeight } from '../../../renderer/viewer/objects/waveform/paper.ts';
import { readWaveforms } from '../../../renderer/viewer/objects/waveform/waveform.ts';
import { itemOf, objectOfFile, part10Of } from '../../support/objects.ts';
import { temporaryFolder } from '../archive/fixtures.ts';

const item = Dataset.of;
const code = (value: string, meaning: string) => item({ CodeValue: value, CodingSchemeDesignator: 'UCUM', CodeMeaning: meaning });

function stored(dataset: Dataset): StoredObject {
  const path = join(temporaryFolder(), 'file.dcm');
  writeFileSync(path, part10Of(dataset));
  return objectOfFile(path);
}

/** An axial plane of 1 mm pixels at a height. */
function plane(z: number, side = 8, frameOfReferenceUID = '1.2.3') {
  const made = planeFrom({
    frameOfReferenceUID,
    rows: side,
    columns: side,
    position: [0, 0, z],
    orientation: [1, 0, 0, 0, 1, 0],
    stepX: 1,
    stepY: 1,
  });
  if (made === undefined) throw new Error('no plane');
  return made;
}

describe('a report', () => {
  const name = (text: string) => ({ ConceptNameCodeSequence: [code('1', text)] });
  const image = item({ ReferencedSOPClassUID: '1.2', ReferencedSOPInstanceUID: '1.2.3.4', ReferencedFrameNumber: ['2'] });
  const report = itemOf(
    item({
      ValueType: 'CONTAINER',
      ContinuityOfContent: 'SEPARATE',
      ...name('Report'),
      ContentSequence: [
        item({ RelationshipType: 'CONTAINS', ValueType: 'DATETIME', ...name('Seen'), DateTime: '20261118081500.5' }),
        item({
          RelationshipType: 'CONTAINS',
          ValueType: 'NUM',
          ...name('Area'),
          MeasuredValueSequence: [item({ NumericValue: '1.7', MeasurementUnitsCodeSequence: [code('cm2', 'square centimeter')] })],
        }),
        item({ RelationshipType: 'CONTAINS', ValueType: 'NUM', ...name('Nothing measured') }),
        item({
          RelationshipType: 'CONTAINS',
          ValueType: 'SCOORD',
          ...name('Region'),
          GraphicType: 'POLYLINE',
          GraphicData: [1, 2, 3, 4],
          ContentSequence: [item({ RelationshipType: 'SELECTED FROM', ValueType: 'IMAGE', ReferencedSOPSequence: [image] })],
        }),
        item({ RelationshipType: 'INFERRED FROM', ReferencedContentItemIdentifier: [1, 2] }),
      ],
    }),
  );

  it('reads as text, with units, and with times as people write them', () => {
    const lines = reportText(readReport(report).root).split('\n');
    expect(lines.slice(0, 4)).toEqual(['Report', '  Seen: 2026-11-18 08:15:00', '  Area: 1.7 cm2', '  Nothing measured']);
  });

  it('names the regions that it marks, and the frames they are on', () => {
    expect(marksOf(readReport(report).root)).toEqual([
      { position: '1.4', sopInstanceUID: '1.2.3.4', frames: [2], graphic: 'POLYLINE', points: [1, 2, 3, 4], label: 'Region' },
    ]);
    expect(readReport(report).root.children[4]?.value).toEqual({ kind: 'elsewhere', position: '1.2' });
  });

  it('of very many items is cut', () => {
    const many = item({ ContentSequence: Array.from({ length: 50_010 }, () => item({ ValueType: 'TEXT' })) });
    expect(readReport(itemOf(many)).cut).toBe(true);
  });
});

describe('waves', () => {
  const channel = (values: Readonly<Record<string, string>>, unit = 'uV') =>
    item({ ChannelLabel: 'I', ChannelSensitivityUnitsSequence: [code(unit, unit)], ...values });

  it('are calibrated by sensitivity, correction and baseline; padding is a gap', async () => {
    const samples = Int16Array.of(100, 1, -200, 2, -32768, 3);
    const group = item({
      NumberOfWaveformChannels: 2,
      NumberOfWaveformSamples: 3,
      SamplingFrequency: '250',
      ChannelDefinitionSequence: [
        channel({ ChannelSensitivity: '2', ChannelSensitivityCorrectionFactor: '1.5', ChannelBaseline: '10' }),
        channel({ ChannelSensitivity: '1' }, 'mm[Hg]'),
      ],
      WaveformBitsAllocated: 16,
      WaveformSampleInterpretation: 'SS',
    })
      .set('WaveformData', new Uint8Array(samples.buffer), 'OW')
      .set('WaveformPaddingValue', Uint8Array.of(0, 0x80), 'OW');
    const [read] = await readWaveforms(stored(item({ WaveformSequence: [group] })));
    expect([...(read?.channels[0]?.values ?? [])]).toEqual([310, -590, Number.NaN]);
    expect([...(read?.channels[1]?.values ?? [])]).toEqual([1, 2, 3]);
    if (read === undefined) return;
    const [first, second] = lanesOf(read, 10);
    // 10 mm for a millivolt: a thousand microvolts.
    expect(first?.scale).toBeCloseTo(0.01);
    expect([first?.isVoltage, second?.isVoltage]).toEqual([true, false]);
    expect(second?.top).toBeGreaterThanOrEqual((first?.top ?? 0) + (first?.height ?? 0));
    expect(paperHeight(lanesOf(read, 10))).toBeGreaterThan(30);
  });

  it('of a telephone are expanded as ITU-T G.711 says', async () => {
    const wave = async (interpretation: string, bytes: Uint8Array) => {
      const group = item({
        NumberOfWaveformChannels: 1,
        NumberOfWaveformSamples: bytes.length,
        SamplingFrequency: '8000',
        WaveformBitsAllocated: 8,
        WaveformSampleInterpretation: interpretation,
      }).set('WaveformData', bytes, 'OB');
      return [...((await readWaveforms(stored(item({ WaveformSequence: [group] }))))[0]?.channels[0]?.values ?? [])];
    };
    expect(await wave('MB', Uint8Array.of(0xff, 0x7f, 0x80, 0x00))).toEqual([0, 0, 8031, -8031]);
    expect(await wave('AB', Uint8Array.of(0xd5, 0x55, 0xaa, 0x2a))).toEqual([1, -1, 4032, -4032]);
  });

  it('that say more than there is end where the samples do', async () => {
    const group = item({
      NumberOfWaveformChannels: 3,
      NumberOfWaveformSamples: 4_000_000_000,
      SamplingFrequency: '1',
      WaveformSampleInterpretation: 'UB',
    }).set('WaveformData', new Uint8Array(10), 'OB');
    expect((await readWaveforms(stored(item({ WaveformSequence: [group] }))))[0]?.samples).toBe(3);
  });
});

describe('a segmentation', () => {
  const frame = (segment: number, z: number, source = '') =>
    item({
      SegmentIdentificationSequence: [item({ ReferencedSegmentNumber: segment })],
      PlanePositionSequence: [item({ ImagePositionPatient: ['0', '0', String(z)] })],
      ...(source === ''
        ? {}
        : {
            DerivationImageSequence: [
              item({ SourceImageSequence: [item({ ReferencedSOPInstanceUID: source, ReferencedFrameNumber: ['3'] })] }),
            ],
          }),
    });
  const dataset = (frames: Dataset[], type = 'BINARY') =>
    itemOf(
      item({
        FrameOfReferenceUID: '1.2.3',
        SegmentationType: type,
        MaximumFractionalValue: 200,
        Rows: 4,
        Columns: 4,
        NumberOfFrames: frames.length,
        SegmentSequence: [
          item({ SegmentNumber: 1, SegmentLabel: 'One' }),
          item({ SegmentNumber: 2, RecommendedDisplayCIELabValue: [65535, 32896, 32896] }),
        ],
        SharedFunctionalGroupsSequence: [
          item({
            PlaneOrientationSequence: [item({ ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'] })],
            PixelMeasuresSequence: [item({ PixelSpacing: ['2', '2'], SpacingBetweenSlices: '3' })],
          }),
        ],
        PerFrameFunctionalGroupsSequence: frames,
      }),
    );

  it('lies on the frames that it was derived from, else on those in its planes', () => {
    const read = readSegmentation(dataset([frame(1, 0, '1.9'), frame(2, 3), frame(1, 3)]));
    const on = (sopInstanceUID: string, index: number, z: number, space = '1.2.3') =>
      framesOn(read, { sopInstanceUID, frame: index, plane: plane(z, 8, space) }).map(({ frame: number }) => number);
    expect(on('1.9', 2, 50)).toEqual([0]);
    expect(on('1.9', 1, 50)).toEqual([]);
    expect(on('1.8', 0, 3.4)).toEqual([1, 2]);
    expect(on('1.8', 0, 6)).toEqual([]);
    expect(on('1.8', 0, 3, '9.9.9')).toEqual([]);
    expect(read.segments.map(({ label, colour }) => [label, colour])[1]).toEqual(['', [255, 255, 255]]);
  });

  it('of larger pixels covers those that are in the same place', () => {
    const [only] = readSegmentation(dataset([frame(1, 0)])).frames;
    const place = planeToImage({ plane: only?.plane, columns: 4, rows: 4 }, { plane: plane(0), columns: 8, rows: 8 });
    // Both begin with the centre of a pixel at the same point: the larger one reaches half a pixel further.
    expect(place).toMatchObject({ a: 2, b: 0, c: 0, d: 2, e: -0.5, f: -0.5 });
  });

  it('of fractions is the more transparent the smaller they are; a label map paints each of its numbers', () => {
    const { full, frames } = readSegmentation(dataset([frame(1, 0)], 'FRACTIONAL'));
    const [first] = frames;
    if (first === undefined) return;
    expect([...paintSegment([0, 100, 200], first, full, () => [1, 2, 3])]).toEqual([0, 0, 0, 0, 1, 2, 3, 128, 1, 2, 3, 255]);
    const labels = paintSegment([0, 7, 8], { ...first, segment: 0 }, 1, (number) => (number === 7 ? [9, 9, 9] : undefined));
    expect([...labels]).toEqual([0, 0, 0, 0, 9, 9, 9, 255, 0, 0, 0, 0]);
  });
});

describe('structures and doses', () => {
  const circle = (z: number, count: number) =>
    Array.from({ length: count }, (_, i) => [Math.cos(i), Math.sin(i), z].map((value) => value.toFixed(4))).flat();

  it('are read whether their points came with the header or lie in the file', async () => {
    const contour = (z: number, count: number) => item({ ContourGeometricType: 'CLOSED_PLANAR', ContourData: circle(z, count) });
    const object = stored(
      item({
        StructureSetROISequence: [item({ ROINumber: 5, ROIName: 'Lung', ReferencedFrameOfReferenceUID: '1.2.3' })],
        ROIContourSequence: [
          item({
            ReferencedROINumber: 5,
            ROIDisplayColor: ['1', '2', '3'],
            ContourSequence: [contour(0, 4), contour(3, 200), contour(6, 300)],
          }),
        ],
      }),
    );
    const [region] = (await readStructures(object)).regions;
    expect(region).toMatchObject({ number: 5, name: 'Lung', colour: [1, 2, 3] });
    expect(region?.contours.map(({ points }) => points.length)).toEqual([12, 600, 900]);
    expect([...(region?.contours[2]?.points.slice(0, 3) ?? [])]).toEqual([1, 0, 6]);
    if (region === undefined) return;
    const drawn = contoursOn(region, plane(3), 0.5);
    expect(drawn).toMatchObject([{ closed: true }]);
    expect(drawn[0]?.points[0]).toEqual({ x: 1.5, y: 0.5 });
    expect(contoursOn(region, plane(4.5), 0.5)).toEqual([]);
    expect(contoursOn(region, plane(3, 8, '9.9.9'), 0.5)).toEqual([]);
  });

  it('lie between their points as a straight line would, and nowhere outside of them', () => {
    const grid = readDose(
      itemOf(
        item({
          FrameOfReferenceUID: '1.2.3',
          ImagePositionPatient: ['0', '0', '0'],
          ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'],
          PixelSpacing: ['4', '2'],
          Rows: 2,
          Columns: 3,
          NumberOfFrames: 2,
          GridFrameOffsetVector: ['0', '10'],
          DoseGridScaling: '0.5',
          DoseUnits: 'GY',
        }),
      ),
    );
    if (grid === undefined) throw new Error('no grid');
    const volume = doseVolume(grid, [
      [0, 2, 4, 8, 10, 12],
      [20, 22, 24, 28, 30, 32],
    ]);
    expect(volume.maximum).toBe(16);
    // Pixels of the plane stand at x = 0 … 7, y = 0 … 7, in the middle between the two frames.
    const dose = doseOnPlane(volume, plane(5), 8, 8);
    const at = (x: number, y: number) => dose[y * 8 + x];
    expect(at(0, 0)).toBeCloseTo(0.5 * 10);
    expect(at(3, 2)).toBeCloseTo(0.5 * (3 + 4 + 10));
    expect([at(5, 0), at(0, 5)]).toEqual([Number.NaN, Number.NaN]);
    expect(doseOnPlane(volume, plane(10.5), 8, 8).every(Number.isNaN)).toBe(true);
  });
});

describe('a document', () => {
  it('leaves its instance byte for byte, without the byte that made it even', async () => {
    const document = Uint8Array.from([0x25, 0x50, 0x44, 0x46, 0x2d, 1, 2, 0]);
    const pdf = await readDocument(stored(item({ MIMETypeOfEncapsulatedDocument: 'application/pdf', EncapsulatedDocument: document })));
    expect([...pdf.bytes]).toEqual([...document.subarray(0, 7)]);
    const counted = item({ EncapsulatedDocument: document, EncapsulatedDocumentLength: 6, MIMETypeOfEncapsulatedDocument: 'model/stl' });
    const other = await readDocument(stored(counted));
    expect([other.form, other.bytes.length, documentName(other)]).toEqual(['pdf', 6, 'document.pdf']);
  });

  it('is saved under a name that no file chose', async () => {
    const read = await readDocument(
      stored(item({ MIMETypeOfEncapsulatedDocument: '../../evil.exe', EncapsulatedDocument: Uint8Array.of(1, 2), DocumentTitle: '../x' })),
    );
    expect([read.form, documentName(read)]).toEqual(['other', 'document.bin']);
  });
});

describe('the table of elements', () => {
  const dataset = (id: string, more = {}) =>
    itemOf(
      item({ PatientID: id, Rows: 512, ReferencedImageSequence: [item({ ReferencedSOPInstanceUID: '1.2' }), item({})], ...more }).set(
        0x00091001,
        Uint8Array.of(0x41, 0x42),
        'UN',
      ),
    );
  const names = {
    '00100020': 'PatientID',
    '00280010': 'Rows',
    '00081140': 'ReferencedImageSequence',
    '00081155': 'ReferencedSOPInstanceUID',
  };

  it('lists all elements with what is nested in them, private and unknown ones as bytes', () => {
    const rows = tagRows(dataset('P1'), names);
    expect(rows.map(rowText)).toEqual([
      '(0008,1140)\tSQ\tReferencedImageSequence\t2',
      '  [1]',
      '    (0008,1155)\tUI\tReferencedSOPInstanceUID\t1.2',
      '  [2]',
      '(0009,1001)\tUN\t\t41 42  "AB"',
      '(0010,0020)\tLO\tPatientID\tP1',
      '(0028,0010)\tUS\tRows\t512',
    ]);
    expect(rows.find(({ tag }) => tag === '00091001')?.isPrivate).toBe(true);
  });

  it('closes sequences, and finds tags, names and values with the way to them', () => {
    const rows = tagRows(dataset('P1'), names);
    expect(visibleRows(rows, new Set(['00081140']), '').map(({ path }) => path)).toEqual(['00081140', '00091001', '00100020', '00280010']);
    expect(visibleRows(rows, new Set(), '1.2').map(({ path }) => path)).toEqual(['00081140', '00081140/1', '00081140/1/00081155']);
    expect(visibleRows(rows, new Set(), '(0010,0020)').map(({ tag }) => tag)).toEqual(['00100020']);
    expect(visibleRows(rows, new Set(), 'patient id').map(({ tag }) => tag)).toEqual(['00100020']);
  });

  it('shows what differs between two instances, in the order of the tags', () => {
    const rows = differences(tagRows(dataset('P1'), names), tagRows(dataset('P2', { AccessionNumber: 'A' }), names));
    expect(rows.map(({ path, left, right }) => [path, left?.value, right?.value])).toEqual([
      ['00080050', undefined, 'A'],
      ['00100020', 'P1', 'P2'],
    ]);
  });
});

it('objects are told apart by their SOP class', () => {
  const kindOf = (suffix: string) => objectKind(`1.2.840.10008.5.1.4.1.1.${suffix}`);
  expect(['88.11', '88.59', '104.1', '104.2', '9.1.1'].map(kindOf)).toEqual(['report', 'report', 'document', 'document', 'waveform']);
  expect(['66.4', '481.3', '481.2'].map(kindOf)).toEqual(['segmentation', 'structures', 'dose']);
  expect(['2', '30', '11.1'].map(kindOf)).toEqual(['other', 'other', 'other']);
});
