import type { CaptureContent } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { type Dataset, memorySource } from '../dicom/dataset/index.ts';
import { codeItem, type KnownImage, referenceTo } from './compose-document.ts';
import { wrapPNG } from './wrap-png.ts';

const SOURCE_IMAGE = { scheme: 'DCM', value: '121322', meaning: 'Source image for image processing operation' };

/**
 * Attributes and pixels of a Secondary Capture (PS3.3 A.8.1) of a picture as it was drawn, with all that stood on it. Throws PhosphorError `damaged`,
 * `unsupported` where the picture is no PNG of the size that was announced.
 */
export function captured(
  { columns, rows, image: { sopInstanceUID, frameNumber } }: CaptureContent,
  images: ReadonlyMap<string, KnownImage>,
  picture: Uint8Array,
  header: Dataset,
): { sopClassUID: string; modality: string; attributes: Dataset; pixels: Uint8Array } {
  const image = images.get(sopInstanceUID);
  if (image === undefined) throw new PhosphorError('not-found', 'an image that is referred to is not in the study');
  const view = new DataView(picture.buffer, picture.byteOffset, picture.length);
  // Width and height stand at the same place in every PNG (ISO/IEC 15948 11.2.2): a larger one is not even unpacked.
  if (picture.length < 33 || view.getUint32(16) !== columns || view.getUint32(20) !== rows)
    throw new PhosphorError('damaged', 'the picture is not of the size that was announced');
  const wrapped = wrapPNG({ source: memorySource(picture), title: '', endoscopic: false });
  if (wrapped.content.kind !== 'pixels') throw new PhosphorError('damaged', 'the picture has no pixels');
  const { attributes } = wrapped;
  attributes.set('ImageType', ['DERIVED', 'SECONDARY', 'SCREEN SAVE']);
  attributes.delete(IMAGE_COMMENTS);
  attributes.set('BurnedInAnnotation', 'YES');
  // Once lossy, for ever lossy (PS3.3 C.7.6.1.1.5).
  for (const tag of LOSSY) {
    const known = header.get(tag);
    if (known !== undefined && header.string(LOSSY_IMAGE_COMPRESSION) === '01') attributes.setElement(known);
  }
  attributes.set('DerivationDescription', 'Screen capture with window, zoom, text and marks');
  attributes.set('SourceImageSequence', [source(image, frameNumber)]);
  attributes.set('SecondaryCaptureDeviceManufacturer', 'Phosphor');
  return { sopClassUID: wrapped.sopClassUID, modality: 'OT', attributes, pixels: wrapped.content.bytes };
}

const IMAGE_COMMENTS = 0x00204000;
const LOSSY_IMAGE_COMPRESSION = 0x00282110;
/** With its ratio and its method. */
const LOSSY = [LOSSY_IMAGE_COMPRESSION, 0x00282112, 0x00282114];

function source(image: KnownImage, frameNumber: number | undefined): Dataset {
  const reference = referenceTo(image, frameNumber);
  reference.set('PurposeOfReferenceCodeSequence', [codeItem(SOURCE_IMAGE)]);
  return reference;
}
