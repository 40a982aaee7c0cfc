import { Dataset, type ValueInput } from '../../electron/dicom/dataset/index.ts';
import { type MadeStudy, patientAndStudy, writeInstance } from './volume.ts';

const STORAGE = '1.2.840.10008.5.1.4.1.1.';

/**
 * Writes objects about the axial series of `writeVolume`: a report with a circle on slice 41, a PDF whose second line is Japanese, an ECG of two
 * leads, a segmentation and a structure set of the metal cube on slices 36 to 45, a dose around it, and a CDA document in Latin-1.
 */
export async function writeObjects(folder: string, study: MadeStudy): Promise<void> {
  const { studyInstanceUID } = study;
  const image = `${studyInstanceUID}.1.41`;
  const write = (number: number, modality: string, sopClass: string, description: string, values: Readonly<Record<string, ValueInput>>) =>
    writeObject(folder, study, {
      SOPClassUID: STORAGE + sopClass,
      SOPInstanceUID: `${studyInstanceUID}.${number}.1`,
      SeriesInstanceUID: `${studyInstanceUID}.${number}`,
      Modality: modality,
      SeriesNumber: number,
      SeriesDescription: description,
      InstanceNumber: 1,
      ...values,
    });
  await write(11, 'SR', '88.33', 'Report', report(image));
  await write(12, 'DOC', '104.1', 'Letter', {
    DocumentTitle: 'Letter to the referring physician',
    MIMETypeOfEncapsulatedDocument: 'application/pdf',
    EncapsulatedDocument: padded(pdfOf('No sign of malignancy', '所見なし')),
  });
  await write(13, 'ECG', '9.1.1', 'ECG at rest', { WaveformSequence: [ecg()] });
  await write(14, 'SEG', '66.4', 'Segmentation', segmentation(studyInstanceUID));
  await write(15, 'RTSTRUCT', '481.3', 'Structures', structures(studyInstanceUID));
  await write(16, 'RTDOSE', '481.2', 'Dose', dose(studyInstanceUID));
  await write(17, 'DOC', '104.2', 'Discharge letter', {
    DocumentTitle: 'Entlassbrief',
    MIMETypeOfEncapsulatedDocument: 'text/xml',
    EncapsulatedDocument: padded(Buffer.from(CDA, 'latin1')),
    EncapsulatedDocumentLength: CDA.length,
  });
}

const item = (values: Readonly<Record<string, ValueInput>>): Dataset => Dataset.of(values);
const code = (CodeValue: string, CodingSchemeDesignator: string, CodeMeaning: string): Dataset =>
  item({ CodeValue, CodingSchemeDesignator, CodeMeaning });

/** A content item. */
function content(relationship: string, valueType: string, name: string, values: Readonly<Record<string, ValueInput>>): Dataset {
  return item({
    RelationshipType: relationship,
    ValueType: valueType,
    ConceptNameCodeSequence: [code('1', '99TEST', name)],
    ...values,
  });
}

function report(image: string): Record<string, ValueInput> {
  const reference = item({ ReferencedSOPClassUID: `${STORAGE}2`, ReferencedSOPInstanceUID: image });
  const seen = content('SELECTED FROM', 'IMAGE', 'Source image', { ReferencedSOPSequence: [reference] });
  const region = content('CONTAINS', 'SCOORD', 'Image region', {
    GraphicType: 'CIRCLE',
    GraphicData: [89, 59, 99, 59],
    ContentSequence: [seen],
  });
  const diameter = item({ NumericValue: '14.1', MeasurementUnitsCodeSequence: [code('mm', 'UCUM', 'millimeter')] });
  return {
    ValueType: 'CONTAINER',
    ContinuityOfContent: 'SEPARATE',
    ConceptNameCodeSequence: [code('18748-4', 'LN', 'Diagnostic imaging report')],
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'VERIFIED',
    ContentSequence: [
      content('HAS OBS CONTEXT', 'PNAME', 'Observer', { PersonName: 'Äsk^Ivar' }),
      content('CONTAINS', 'CONTAINER', 'Findings', {
        ContinuityOfContent: 'SEPARATE',
        ContentSequence: [
          content('CONTAINS', 'TEXT', 'Finding', {
            TextValue: 'A cube of metal lies in the left half of the chest, sharply outlined and without reaction around it.',
          }),
          content('CONTAINS', 'NUM', 'Diameter', { MeasuredValueSequence: [diameter] }),
          region,
        ],
      }),
    ],
  };
}

/** A letter as a hospital's system writes it: no word of it is to be lost, and nothing in it is to run. */
const CDA = `<?xml version="1.0" encoding="ISO-8859-1"?>
<?xml-stylesheet type="text/xsl" href="javascript:document.title='run'"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:h="http://www.w3.org/1999/xhtml">
  <title>Entlassbrief für Frau Öberg</title>
  <component><structuredBody>
    <component><section>
      <title>Befund</title>
      <text><paragraph>Kein Anhalt für Malignität &amp; kein Erguß.</paragraph>
        <table><tbody><tr><th>Größe</th><td>14 mm</td></tr></tbody></table>
        <h:script>document.title = 'run'</h:script></text>
      <entry><observation><value value="7"/></observation></entry>
    </section></component>
    <component><nonXMLBody><text mediaType="application/pdf" representation="B64">JVBERi0xLjQK</text></nonXMLBody></component>
  </structuredBody></component>
</ClinicalDocument>`;

/** One page of A4 with a line of text; below it one in Japanese, of a font and by a character map that are not in the document. */
export function pdfOf(text: string, japanese = ''): Buffer {
  const units = [...japanese].map((letter) => letter.charCodeAt(0).toString(16).padStart(4, '0')).join('');
  const second = japanese === '' ? '' : ` BT /F2 24 Tf 72 680 Td <${units}> Tj ET`;
  const drawn = `BT /F1 24 Tf 72 720 Td (${text}) Tj ET${second}`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>',
    `<< /Length ${drawn.length} >>\nstream\n${drawn}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    '<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiKakuGo-W5 /Encoding /UniJIS-UCS2-H /DescendantFonts [7 0 R] >>',
    `<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiKakuGo-W5 /DW 1000 /FontDescriptor 8 0 R ${ORDERING} >>`,
    '<< /Type /FontDescriptor /FontName /HeiseiKakuGo-W5 /Flags 4 /FontBBox [-92 -250 1010 922] /ItalicAngle 0 /Ascent 752 /Descent -221 /CapHeight 737 /StemV 114 >>',
  ];
  let pdf = '%PDF-1.4\n';
  const offsets = objects.map((body, index) => {
    const at = pdf.length;
    pdf += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return at;
  });
  const xref = pdf.length;
  const lines = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  pdf += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${lines}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`;
  return Buffer.from(pdf, 'latin1');
}

const ORDERING = '/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >>';

function padded(bytes: Uint8Array): Uint8Array {
  const even = new Uint8Array(bytes.length + (bytes.length % 2));
  even.set(bytes);
  return even;
}

const HERTZ = 500;
const SECONDS = 10;

/** Two leads: a beat a second of 1 mV, and its half. */
function ecg(): Dataset {
  const samples = new Int16Array(HERTZ * SECONDS * 2);
  for (let i = 0; i < HERTZ * SECONDS; i++) {
    const phase = (i % HERTZ) / HERTZ;
    const beat =
      400 * Math.exp(-(((phase - 0.3) / 0.012) ** 2)) +
      60 * Math.exp(-(((phase - 0.5) / 0.05) ** 2)) +
      30 * Math.exp(-(((phase - 0.18) / 0.03) ** 2));
    samples[2 * i] = Math.round(beat);
    samples[2 * i + 1] = Math.round(beat / 2);
  }
  const channel = (name: string) =>
    item({
      ChannelSourceSequence: [code('1', '99TEST', name)],
      ChannelSensitivity: '2.5',
      ChannelSensitivityUnitsSequence: [code('uV', 'UCUM', 'microvolt')],
      ChannelSensitivityCorrectionFactor: '1',
      ChannelBaseline: '0',
      WaveformBitsStored: 16,
    });
  return item({
    MultiplexGroupLabel: 'RHYTHM',
    NumberOfWaveformChannels: 2,
    NumberOfWaveformSamples: HERTZ * SECONDS,
    SamplingFrequency: String(HERTZ),
    ChannelDefinitionSequence: [channel('Lead I'), channel('Lead II')],
    WaveformBitsAllocated: 16,
    WaveformSampleInterpretation: 'SS',
  }).set('WaveformData', new Uint8Array(samples.buffer), 'OW');
}

/** First and last slice of the metal cube, counted from 1. */
const CUBE = { first: 36, last: 45 } as const;

function slicesOfCube(): number[] {
  return Array.from({ length: CUBE.last - CUBE.first + 1 }, (_, i) => CUBE.first + i);
}

function segmentation(studyInstanceUID: string): Record<string, ValueInput> {
  const slices = slicesOfCube();
  const bits = new Uint8Array((slices.length * 128 * 128) / 8);
  for (let frame = 0; frame < slices.length; frame++) {
    for (let row = 54; row < 64; row++) {
      for (let column = 84; column < 94; column++) {
        const bit = (frame * 128 + row) * 128 + column;
        bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
      }
    }
  }
  const frames = slices.map((slice) =>
    item({
      SegmentIdentificationSequence: [item({ ReferencedSegmentNumber: 1 })],
      PlanePositionSequence: [item({ ImagePositionPatient: ['-64', '-64', String(slice - 31)] })],
    }),
  );
  const shared = item({
    PlaneOrientationSequence: [item({ ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'] })],
    PixelMeasuresSequence: [item({ PixelSpacing: ['1', '1'], SliceThickness: '1', SpacingBetweenSlices: '1' })],
  });
  return {
    FrameOfReferenceUID: `${studyInstanceUID}.9`,
    SegmentationType: 'BINARY',
    SegmentSequence: [
      item({
        SegmentNumber: 1,
        SegmentLabel: 'Metal',
        SegmentAlgorithmType: 'MANUAL',
        SegmentedPropertyTypeCodeSequence: [code('272310008', 'SCT', 'Foreign body')],
      }),
    ],
    SharedFunctionalGroupsSequence: [shared],
    PerFrameFunctionalGroupsSequence: frames,
    Rows: 128,
    Columns: 128,
    NumberOfFrames: slices.length,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    PixelData: bits,
  };
}

function structures(studyInstanceUID: string): Record<string, ValueInput> {
  const contours = slicesOfCube().map((slice) => {
    const z = slice - 31;
    const corners = [20, -10, z, 30, -10, z, 30, 0, z, 20, 0, z];
    return item({ ContourGeometricType: 'CLOSED_PLANAR', NumberOfContourPoints: 4, ContourData: corners.map(String) });
  });
  return {
    StructureSetLabel: 'Plan 1',
    StructureSetROISequence: [item({ ROINumber: 1, ReferencedFrameOfReferenceUID: `${studyInstanceUID}.9`, ROIName: 'Target' })],
    ROIContourSequence: [item({ ROIDisplayColor: ['255', '64', '64'], ReferencedROINumber: 1, ContourSequence: contours })],
  };
}

/** 32 × 32 × 15 points, 4 mm from each other: falls from 2 Gy in the middle of the cube. */
function dose(studyInstanceUID: string): Record<string, ValueInput> {
  const frames = 15;
  const stored = new Uint16Array(32 * 32 * frames);
  for (let frame = 0; frame < frames; frame++) {
    for (let row = 0; row < 32; row++) {
      for (let column = 0; column < 32; column++) {
        const [x, y, z] = [column * 4 - 62, row * 4 - 62, frame * 4 - 28];
        const distance = Math.hypot(x - 25, y + 5, z - 10);
        stored[(frame * 32 + row) * 32 + column] = Math.round(20_000 * Math.exp(-((distance / 25) ** 2)));
      }
    }
  }
  return {
    FrameOfReferenceUID: `${studyInstanceUID}.9`,
    ImagePositionPatient: ['-62', '-62', '-28'],
    ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'],
    PixelSpacing: ['4', '4'],
    GridFrameOffsetVector: Array.from({ length: frames }, (_, i) => String(i * 4)),
    DoseGridScaling: '0.0001',
    DoseUnits: 'GY',
    DoseType: 'PHYSICAL',
    DoseSummationType: 'PLAN',
    Rows: 32,
    Columns: 32,
    NumberOfFrames: frames,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
    PixelData: new Uint8Array(stored.buffer),
  };
}

async function writeObject(folder: string, study: MadeStudy, values: Readonly<Record<string, ValueInput>>): Promise<void> {
  await writeInstance(folder, Dataset.of({ ...patientAndStudy(study), ...values }));
}
