import { readFile, writeFile } from 'node:fs/promises';
import {
  Dataset,
  encodeDataset,
  encodeFileMeta,
  memorySource,
  readPart10,
  Tag,
  TransferSyntaxUID,
  type ValueInput,
} from '../../electron/dicom/dataset/index.ts';
import type { RawElement } from './images.ts';

const STATE = '1.2.840.10008.5.1.4.1.1.11.1';

interface StateForm {
  readonly sopClassUID?: string;
  readonly transferSyntaxUID?: string;
}

/**
 * Writes a presentation state of an image of `writeImage` beside it: `asked` in place of what every state has. `elements` by tag, in the graphic
 * layer LAYER.
 */
export async function writePresentationState(
  imagePath: string,
  asked: Readonly<Record<string, ValueInput | Dataset[]>>,
  elements: readonly RawElement[] = [],
  { sopClassUID = STATE, transferSyntaxUID = TransferSyntaxUID.ExplicitVRLittleEndian }: StateForm = {},
): Promise<string> {
  const { dataset: image } = readPart10(memorySource(await readFile(imagePath)));
  const uid = image.string(Tag.SOPInstanceUID);
  const sopInstanceUID = `${uid}.${elements.length + 9}`;
  const reference = { ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.7', ReferencedSOPInstanceUID: uid };
  const dataset = Dataset.of({
    SOPClassUID: sopClassUID,
    SOPInstanceUID: sopInstanceUID,
    StudyDate: '',
    StudyTime: '',
    AccessionNumber: '',
    Modality: 'PR',
    Manufacturer: '',
    ReferringPhysicianName: '',
    PatientName: 'Pattern',
    PatientID: 'P',
    PatientBirthDate: '',
    PatientSex: '',
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.2',
    StudyID: '',
    SeriesNumber: '1',
    InstanceNumber: '1',
    ReferencedSeriesSequence: [Dataset.of({ SeriesInstanceUID: '1.2.3.1', ReferencedImageSequence: [Dataset.of(reference)] })],
    DisplayedAreaSelectionSequence: [
      Dataset.of({
        DisplayedAreaTopLeftHandCorner: [1, 1],
        DisplayedAreaBottomRightHandCorner: [image.number(Tag.Columns) ?? 1, image.number(Tag.Rows) ?? 1],
        PresentationSizeMode: 'SCALE TO FIT',
        PresentationPixelAspectRatio: ['1', '1'],
      }),
    ],
    ContentLabel: 'TEST',
    ContentDescription: '',
    PresentationCreationDate: '20261121',
    PresentationCreationTime: '120000',
    ContentCreatorName: '',
    ...('PresentationLUTSequence' in asked ? {} : { PresentationLUTShape: 'IDENTITY' }),
    ...asked,
  });
  if (elements.length > 0) {
    dataset.set('GraphicLayerSequence', [Dataset.of({ GraphicLayer: 'LAYER', GraphicLayerOrder: '1' })]);
    for (const [tag, value, vr] of elements) dataset.set(tag, value, vr);
  }
  const meta = encodeFileMeta({ sopClassUID, sopInstanceUID, transferSyntaxUID });
  const path = `${imagePath}.${elements.length}.${Object.keys(asked).join('').length}.pr.dcm`;
  await writeFile(path, Buffer.concat([meta, encodeDataset(dataset, transferSyntaxUID)]));
  return path;
}
