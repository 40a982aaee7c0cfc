import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { locateInstance } from '../../../electron/archive/index.ts';
import { composeContent } from '../../../shared/contract/index.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { png } from '../../support/foreign-files.ts';
import { finished, opened, STORE, sample, store, writerOf } from '../../unit/archive/fixtures.ts';

const run = promisify(execFile);
const STUDY = '1.2.3';
const IMAGE = '1.2.3.4.5.6.1';
const image = { sopInstanceUID: IMAGE };
const hounsfield = { unit: 'HU' } as const;

/** Type 1 and type 2 attributes of the modules of each object (PS3.3 A.35.3, A.35.4, A.8.1), besides what the content tree is made of. */
const IDENTITY = {
  1: ['SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID', 'Modality', 'InstanceNumber', 'SeriesNumber'],
  2: [
    'PatientName',
    'PatientID',
    'PatientBirthDate',
    'PatientSex',
    'StudyDate',
    'StudyTime',
    'ReferringPhysicianName',
    'StudyID',
    'AccessionNumber',
    'Manufacturer',
  ],
};
const DOCUMENT = {
  1: [
    'ContentDate',
    'ContentTime',
    'ValueType',
    'ConceptNameCodeSequence',
    'ContinuityOfContent',
    'CurrentRequestedProcedureEvidenceSequence',
  ],
  2: ['ReferencedPerformedProcedureStepSequence'],
};
const NEEDED = {
  measurements: {
    1: [...IDENTITY[1], ...DOCUMENT[1], 'CompletionFlag', 'VerificationFlag'],
    2: [...IDENTITY[2], ...DOCUMENT[2], 'PerformedProcedureCodeSequence'],
  },
  'key-images': { 1: [...IDENTITY[1], ...DOCUMENT[1]], 2: [...IDENTITY[2], ...DOCUMENT[2]] },
  presentation: {
    1: [
      ...IDENTITY[1],
      'ReferencedSeriesSequence',
      'DisplayedAreaSelectionSequence',
      'PresentationLUTShape',
      'ContentLabel',
      'PresentationCreationDate',
      'PresentationCreationTime',
      'SoftcopyVOILUTSequence',
      'GraphicAnnotationSequence',
      'GraphicLayerSequence',
    ],
    2: [...IDENTITY[2], 'ContentDescription', 'ContentCreatorName'],
  },
  capture: {
    1: [
      ...IDENTITY[1],
      'ConversionType',
      'ImageType',
      'Rows',
      'Columns',
      'SamplesPerPixel',
      'PhotometricInterpretation',
      'PlanarConfiguration',
      'BitsAllocated',
      'BitsStored',
      'HighBit',
      'BurnedInAnnotation',
      'PixelData',
    ],
    2: [...IDENTITY[2], 'PatientOrientation'],
  },
};

/** That its checkers know no Unicode and no templates is DCMTK's own affair. */
const COMPLAINT = /^[WE]: (?!The VR checker does not support this Specific|Check for template constraints not yet)/m;

const READ = `
import json, sys, warnings, pydicom
warnings.simplefilter('error')
out = []
for path, needed in json.loads(sys.argv[1]):
    d = pydicom.dcmread(path)
    for e in d.iterall(): e.value
    missing = [k for k in needed['1'] if k not in d or d[k].value in (None, '') or (d[k].VR == 'SQ' and len(d[k].value) == 0)]
    missing += [k for k in needed['2'] if k not in d]
    numbers = []
    def walk(item):
        for child in item.get('ContentSequence', []):
            if child.ValueType == 'NUM':
                m = child.MeasuredValueSequence[0]
                numbers.append([child.ConceptNameCodeSequence[0].CodeMeaning, float(m.NumericValue), m.MeasurementUnitsCodeSequence[0].CodeValue])
            walk(child)
    walk(d)
    pixels = d.pixel_array.tolist() if 'PixelData' in d else None
    out.append({'missing': missing, 'numbers': numbers, 'pixels': pixels, 'name': str(d.PatientName), 'implementation': d.file_meta.ImplementationVersionName})
print(json.dumps(out))
`;

test('what is made of marks and pictures is read by DCMTK and pydicom without a complaint, with everything that its module tables ask for', async () => {
  const archive = await opened();
  await store(writerOf(archive), sample(IMAGE, { SpecificCharacterSet: 'ISO_IR 100', PatientName: 'Müller^Jörg' }), STORE);
  await archive.settled();
  const group = (name: string, trackingUID: string) => ({ name, trackingUID, image });
  const contents = [
    {
      kind: 'measurements',
      title: 'Measurements',
      groups: [
        {
          ...group('Läsion', '2.25.11'),
          figures: [{ what: 'length', value: 12.345678901234, unit: 'mm', graphic: [{ type: 'POLYLINE', data: [0, 10.25, 20.5, 30] }] }],
        },
        {
          ...group('Leber', '2.25.12'),
          region: { type: 'ELLIPSE', data: [1, 5, 9, 5, 5, 3, 5, 7] },
          figures: [
            { what: 'area', value: 25.1, unit: 'mm²' },
            { what: 'mean', value: -3.25, ...hounsfield },
            { what: 'deviation', value: 1e-7 / 3, ...hounsfield },
          ],
        },
        {
          ...group('Cobb', '2.25.13'),
          figures: [
            {
              what: 'cobbAngle',
              value: 12,
              unit: '°',
              graphic: [
                { type: 'POLYLINE', data: [0, 1, 2, 3] },
                { type: 'POLYLINE', data: [4, 5, 6, 7] },
              ],
            },
          ],
        },
        { ...group('Pfeil', '2.25.14'), figures: [], comment: { text: 'hier: 山', graphic: { type: 'POLYLINE', data: [1, 2, 3, 4] } } },
      ],
    },
    { kind: 'key-images', title: 'Key images', images: [image, { ...image, frameNumber: 2 }], description: 'Für die Besprechung' },
    { kind: 'capture', title: 'Capture', image, columns: 3, rows: 1 },
    {
      kind: 'presentation',
      title: 'Ansicht',
      images: [IMAGE],
      modality: { slope: 1, intercept: -1024, type: 'HU' },
      voi: { center: 40.123456789, width: 400, function: 'SIGMOID' },
      inverse: true,
      area: { left: 1, top: 1, right: 8, bottom: 8 },
      pixelAspectRatio: [1, 1],
      rotation: 90,
      flipped: true,
      marks: [
        {
          image,
          label: 'polygon',
          description: 'Läsion',
          graphics: [{ type: 'POLYLINE', data: [1, 1, 5, 1, 5, 5, 1, 1] }],
          text: { value: '12,5 mm²', anchor: [1, 1] },
        },
      ],
    },
  ].map((content) => composeContent.parse(content));
  const picture = png({ columns: 3, rows: 1, depth: 8, colour: 2 }, (x) => [200, 30, 7][x] ?? 0);
  const paths: string[] = [];
  for (const content of contents) {
    const args = content.kind === 'capture' ? { studyInstanceUID: STUDY, content, picture } : { studyInstanceUID: STUDY, content };
    paths.push(locateInstance(archive.location, (await finished(archive.job('compose', args))).result.sopInstanceUID));
  }

  for (const [index, path] of paths.entries()) {
    const dumped = await dcmtk('dcmdump', path);
    expect(dumped.code, contents[index]?.kind).toBe(0);
    expect(dumped.output).not.toMatch(COMPLAINT);
  }
  for (const path of paths.slice(0, 2)) {
    // The constraints of the IOD and of the relationships, checked while it is read.
    const dumped = await dcmtk('dsrdump', '-v', path);
    expect(dumped.output).not.toMatch(COMPLAINT);
    expect(dumped.code, dumped.output).toBe(0);
  }

  const asked = paths.map((path, index) => [path, NEEDED[contents[index]?.kind ?? 'capture']]);
  const { stdout } = await run('/usr/bin/python3', ['-c', READ, JSON.stringify(asked)]);
  const [report, selection, capture, state] = JSON.parse(stdout);
  for (const one of [report, selection, capture, state]) {
    expect(one).toMatchObject({ missing: [], name: 'Müller^Jörg', implementation: 'PHOSPHOR_1' });
  }
  expect(report.numbers).toEqual([
    ['Length', 12.345678901234, 'mm'],
    ['Area', 25.1, 'mm2'],
    ['Attenuation Coefficient', -3.25, "[hnsf'U]"],
    ['Attenuation Coefficient', expect.closeTo(1e-7 / 3, 15), "[hnsf'U]"],
    ['Cobb angle', 12, 'deg'],
  ]);
  expect(capture.pixels.flat()[0]).toHaveLength(3);
});
