import { createHash } from 'node:crypto';
import type { ComposeContent, ComposedItem, ImageReference } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { elementHeader } from '../dicom/dataset/encode.ts';
import { Dataset, encodeDataset, Tag, TransferSyntaxUID } from '../dicom/dataset/index.ts';
import { captured } from './compose-capture.ts';
import { freeSeriesNumber, type KnownImage, knownImages } from './compose-document.ts';
import { keyObjectSelection } from './compose-key-images.ts';
import { measurementReport } from './compose-measurements.ts';
import { presentationState } from './compose-presentation.ts';
import type { JobContext } from './job-table.ts';
import type { JobReporter } from './jobs.ts';
import { archiveIdOf, locateInstance } from './layout.ts';
import { headerOf, identityFrom, inUnicode, newUID, now } from './new-instance.ts';

export interface ComposeArgs {
  readonly studyInstanceUID: string;
  readonly content: ComposeContent;
  /** The PNG of a capture. */
  readonly picture?: Uint8Array;
}

export interface ComposeSummary extends ComposedItem {
  readonly bytes: number;
  readonly patientID: string;
}

/** What a kind of content brings: the rest is the same for all. */
export interface Composed {
  readonly sopClassUID: string;
  readonly modality: string;
  /** Without those of patient, study, series, equipment and SOP common. */
  readonly attributes: Dataset;
  /** Written as Pixel Data. */
  readonly pixels?: Uint8Array;
}

/**
 * Makes one new instance, in a new series, of the study whose images it is about: patient and study are those of the first image that it refers to. It takes the
 * way of an arrival. Rejects with PhosphorError `not-found`, `damaged`, `limit-exceeded`, `cancelled`, and what the disk says.
 */
export async function composeInstance(context: JobContext, args: ComposeArgs, job: JobReporter<ComposedItem>): Promise<ComposeSummary> {
  const { studyInstanceUID, content } = args;
  const images = knownImages(context.location, studyInstanceUID, referencesOf(content));
  const [first] = images.values();
  if (first === undefined) throw new PhosphorError('not-found', 'nothing is referred to');
  const template = await headerOf(locateInstance(context.location, first.sopInstanceUID));
  job.check();
  const composed = compose(context, args, images, template);
  const dataset = identityFrom(template);
  // Of two headers that disagree the index went by the first that came.
  dataset.set('StudyInstanceUID', studyInstanceUID);
  const [sopInstanceUID, seriesInstanceUID] = [newUID(), newUID()];
  const { date, time } = now(template.string(TIMEZONE));
  const own = Dataset.of({
    SOPClassUID: composed.sopClassUID,
    SOPInstanceUID: sopInstanceUID,
    InstanceCreationDate: date,
    InstanceCreationTime: time,
    Modality: composed.modality,
    SeriesInstanceUID: seriesInstanceUID,
    SeriesNumber: freeSeriesNumber(context.location, studyInstanceUID),
    SeriesDescription: content.title,
    SeriesDate: date,
    SeriesTime: time,
    InstanceNumber: 1,
    ContentDate: date,
    ContentTime: time,
    Manufacturer: 'Phosphor',
    ManufacturerModelName: 'Phosphor',
  });
  for (const element of [...own, ...composed.attributes]) dataset.setElement(element);
  inUnicode(dataset);
  const bytes = await store(context, dataset, composed.pixels);
  const item = { kind: 'composed', seriesInstanceUID, sopInstanceUID } as const;
  await job.item(item);
  return { ...item, bytes, patientID: template.string(Tag.PatientID).slice(0, 64) };
}

const TIMEZONE = 0x00080201;

function referencesOf(content: ComposeContent): ImageReference[] {
  switch (content.kind) {
    case 'measurements':
      return content.groups.map(({ image }) => image);
    case 'key-images':
      return content.images;
    case 'capture':
      return [content.image];
    case 'presentation':
      return [...content.images.map((sopInstanceUID) => ({ sopInstanceUID })), ...content.marks.map(({ image }) => image)];
  }
}

function compose(
  { location }: JobContext,
  { content, studyInstanceUID, picture }: ComposeArgs,
  images: ReadonlyMap<string, KnownImage>,
  template: Dataset,
): Composed {
  switch (content.kind) {
    case 'measurements':
      return measurementReport(content, studyInstanceUID, images, uidFrom(archiveIdOf(location)));
    case 'key-images':
      return keyObjectSelection(content, studyInstanceUID, images);
    case 'capture':
      if (picture === undefined) throw new PhosphorError('damaged', 'a capture has no picture');
      return captured(content, images, picture, template);
    case 'presentation':
      return presentationState(content, images);
  }
}

/** The same UID for the same text (PS3.5 B.2, from a hash in the form of a UUID). */
function uidFrom(text: string): string {
  return `2.25.${BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 32)}`)}`;
}

async function store(context: JobContext, dataset: Dataset, pixels: Uint8Array | undefined): Promise<number> {
  const transferSyntaxUID = TransferSyntaxUID.ExplicitVRLittleEndian;
  const names = { sopClassUID: dataset.uid(Tag.SOPClassUID), sopInstanceUID: dataset.uid(Tag.SOPInstanceUID), transferSyntaxUID };
  const encoded = encodeDataset(dataset, transferSyntaxUID);
  const arrival = context.arrivals().begin(names, { kind: 'import', path: '' });
  try {
    await arrival.write(encoded);
    if (pixels !== undefined) {
      const odd = pixels.length % 2;
      await arrival.write(elementHeader(Tag.PixelData, 'OB', pixels.length + odd, { explicitVR: true, bigEndian: false }));
      await arrival.write(pixels);
      await arrival.write(new Uint8Array(odd));
    }
  } catch (thrown) {
    await arrival.abort();
    throw thrown;
  }
  return (await arrival.finish()).dataSetBytes;
}
