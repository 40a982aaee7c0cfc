import { Buffer } from 'node:buffer';
import type { PresentationContent, StateMark } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { Dataset } from '../dicom/dataset/index.ts';
import { type KnownImage, referenceTo } from './compose-document.ts';
import { now } from './new-instance.ts';

const GRAYSCALE_STATE = '1.2.840.10008.5.1.4.1.1.11.1';
const LAYER = 'MARKS';
/** Yellow, as marks are on our screen: CIELab of sRGB 255\209\102. */
const LAYER_COLOUR = [56_614, 35_000, 47_859];

/** Attributes of a Grayscale Softcopy Presentation State (PS3.3 A.33.1). Each mark is a graphic group of its own. */
export function presentationState(
  content: PresentationContent,
  images: ReadonlyMap<string, KnownImage>,
): { sopClassUID: string; modality: string; attributes: Dataset } {
  const { title, area, marks, voi, modality, inverse } = content;
  const known = content.images.map((uid) => knownImage(images, uid));
  const [first] = known;
  if (first === undefined || known.some(({ seriesInstanceUID }) => seriesInstanceUID !== first.seriesInstanceUID)) {
    throw new PhosphorError('invalid-arguments', 'a presentation state is about images of one series');
  }
  const { date, time } = now('');
  const attributes = Dataset.of({
    ContentLabel: 'PHOSPHOR',
    ContentDescription: title,
    PresentationCreationDate: date,
    PresentationCreationTime: time,
    ContentCreatorName: '',
    ReferencedSeriesSequence: [
      Dataset.of({
        SeriesInstanceUID: first.seriesInstanceUID,
        ReferencedImageSequence: known.map((image) => referenceTo(image)),
      }),
    ],
    SoftcopyVOILUTSequence: [
      'table' in voi
        ? Dataset.of({ VOILUTSequence: [tableItem(voi.table)] })
        : Dataset.of({ WindowCenter: decimal(voi.center), WindowWidth: decimal(voi.width), VOILUTFunction: voi.function }),
    ],
    DisplayedAreaSelectionSequence: [
      Dataset.of({
        DisplayedAreaTopLeftHandCorner: [area.left, area.top],
        DisplayedAreaBottomRightHandCorner: [area.right, area.bottom],
        PresentationSizeMode: 'SCALE TO FIT',
        PresentationPixelAspectRatio: content.pixelAspectRatio.map(String),
      }),
    ],
    PresentationLUTShape: inverse ? 'INVERSE' : 'IDENTITY',
    ...(content.rotation === 0 && !content.flipped
      ? {}
      : { ImageRotation: content.rotation, ImageHorizontalFlip: content.flipped ? 'Y' : 'N' }),
  });
  if ('table' in modality) attributes.set('ModalityLUTSequence', [tableItem(modality.table, 'US')]);
  else {
    attributes.set('RescaleSlope', decimal(modality.slope));
    attributes.set('RescaleIntercept', decimal(modality.intercept));
    attributes.set('RescaleType', modality.type === '' ? 'US' : modality.type);
  }
  if (marks.length > 0) addMarks(attributes, marks, images);
  return { sopClassUID: GRAYSCALE_STATE, modality: 'PR', attributes };
}

function addMarks(attributes: Dataset, marks: readonly StateMark[], images: ReadonlyMap<string, KnownImage>): void {
  attributes.set('GraphicLayerSequence', [
    Dataset.of({
      GraphicLayer: LAYER,
      GraphicLayerOrder: '1',
      GraphicLayerRecommendedDisplayGrayscaleValue: 65_535,
      GraphicLayerRecommendedDisplayCIELabValue: LAYER_COLOUR,
    }),
  ]);
  attributes.set(
    'GraphicGroupSequence',
    marks.map(({ label, description }, index) =>
      Dataset.of({
        GraphicGroupID: index + 1,
        GraphicGroupLabel: label,
        ...(description === '' ? {} : { GraphicGroupDescription: description }),
      }),
    ),
  );
  attributes.set(
    'GraphicAnnotationSequence',
    marks.map((mark, index) => annotationItem(mark, index + 1, images)),
  );
}

function annotationItem({ image, graphics, text }: StateMark, group: number, images: ReadonlyMap<string, KnownImage>): Dataset {
  return Dataset.of({
    ReferencedImageSequence: [referenceTo(knownImage(images, image.sopInstanceUID), image.frameNumber)],
    GraphicLayer: LAYER,
    ...(text === undefined
      ? {}
      : {
          TextObjectSequence: [
            Dataset.of({
              AnchorPointAnnotationUnits: 'PIXEL',
              UnformattedTextValue: text.value,
              AnchorPoint: text.anchor,
              AnchorPointVisibility: 'N',
              GraphicGroupID: group,
            }),
          ],
        }),
    ...(graphics.length === 0
      ? {}
      : {
          GraphicObjectSequence: graphics.map(({ type, data }) =>
            Dataset.of({
              GraphicAnnotationUnits: 'PIXEL',
              GraphicDimensions: 2,
              NumberOfGraphicPoints: data.length / 2,
              GraphicData: data,
              GraphicType: type,
              ...(isClosed(data) || type === 'ELLIPSE' ? { GraphicFilled: 'N' } : {}),
              GraphicGroupID: group,
            }),
          ),
        }),
  });
}

/** Graphic Filled stands where there is an inside. */
function isClosed(data: readonly number[]): boolean {
  return data.length > 4 && data[0] === data.at(-2) && data[1] === data.at(-1);
}

function knownImage(images: ReadonlyMap<string, KnownImage>, uid: string): KnownImage {
  const image = images.get(uid);
  if (image === undefined) throw new PhosphorError('not-found', 'an image that is referred to is not in the study');
  return image;
}

function tableItem(
  { firstMapped, bits, values }: { firstMapped: number; bits: number; values: readonly number[] },
  type?: string,
): Dataset {
  const item = new Dataset();
  item.set('LUTDescriptor', [values.length === 65_536 ? 0 : values.length, firstMapped, bits], firstMapped < 0 ? 'SS' : 'US');
  if (type !== undefined) item.set('ModalityLUTType', type);
  const bytes = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) bytes.writeUInt16LE(value, i * 2);
  item.set('LUTData', bytes, 'OW');
  return item;
}

/** DS: at most 16 characters. */
function decimal(value: number): string {
  const whole = String(value);
  return whole.length <= 16 ? whole : String(Number(value.toPrecision(9)));
}
