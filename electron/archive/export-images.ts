import { type FrameDescription, nativeFrameBits } from '../../shared/codecs/index.ts';
import { DEFAULT_TEMPLATE, parseTemplate } from '../../shared/contract/export-fields.ts';
import type { ImageModule, PictureOptions } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { TransferSyntaxUID } from '../dicom/dataset/index.ts';
import type { CornerText, EncodedImage, EncodedTable, PictureRecipe } from '../transcoding/index.ts';
import { type Exporting, firstOf, type Written } from './export.ts';
import { ExportedMarks } from './export-marks.ts';
import { type NamedPath, Names, nameOf } from './export-names.ts';
import { overlaysOfFrame } from './export-overlays.ts';
import type { ChosenInstance } from './export-selection.ts';
import { checkCancelled, type ExportSource } from './export-source.ts';
import { describeImage } from './image-description.ts';

const DEFAULTS: PictureOptions = { format: 'jpeg', bits: 8, quality: 90, cornerText: false };
const EXTENSIONS = { jpeg: '.jpg', png: '.png', tiff: '.tif' } as const;

/** Every frame of every image as a picture that other programs show; an image of several frames gets one file for each. */
export async function writeImages(exporting: Exporting): Promise<void> {
  const { cornerText: isNamed, marks: areDrawn = isNamed } = exporting.args.pictures ?? DEFAULTS;
  const marks = areDrawn ? new ExportedMarks(exporting.location) : undefined;
  try {
    await writeAll(exporting, marks);
  } finally {
    marks?.close();
  }
}

async function writeAll({ args, target, codec, signal, each }: Exporting, marks: ExportedMarks | undefined): Promise<void> {
  const template = parseTemplate(args.template ?? DEFAULT_TEMPLATE);
  if (template === undefined) throw new PhosphorError('invalid-arguments', 'the template cannot be used');
  const options = args.pictures ?? DEFAULTS;
  const names = new Names();
  await each(async (instance, _order, source, turn): Promise<Written> => {
    const { image, reason } = describeImage(source.path);
    if (image === undefined) throw new PhosphorError('unsupported', reason ?? 'the instance holds no image');
    const frames = numberOfFrames(image, source);
    const wanted = nameOf(template, instance.values, instance.owner);
    const name = (frame: number): string[] => names.path(frames === 1 ? wanted : framed(wanted, frame, frames), EXTENSIONS[options.format]);
    await turn.come();
    const first = Array.from({ length: frames }, (_, frame) => name(frame));
    turn.pass();
    let bytes = 0;
    let textIsWhole = true;
    for (let frame = 0; frame < frames; frame += 1) {
      checkCancelled(signal);
      const encoded = await frameOf(source, image, frame);
      const recipe = await recipeOf(
        source,
        image,
        frame,
        options,
        options.cornerText ? cornerText(instance, image, frame, frames, options) : undefined,
      );
      // Cells of other byte orders are read by nobody else; an overlay within them is rarer still.
      const cells = encoded.transferSyntaxUID === TransferSyntaxUID.ExplicitVRLittleEndian ? encoded.frames[0]?.fragments[0] : undefined;
      const overlays = await overlaysOfFrame(image, frame, cells, (offset, length) => bytesAt(source, image, offset, length));
      const drawn = marks?.of(instance, image, frame, args.deidentify !== undefined);
      const picture = await codec.run('picture', {
        ...encoded,
        recipe: { ...recipe, overlays, ...(drawn === undefined ? {} : { marks: drawn }) },
      });
      textIsWhole &&= picture.textIsWhole;
      await target.write(
        firstOf(first[frame] ?? [], () => name(frame)),
        [picture.bytes],
        options.format !== 'tiff',
      );
      bytes += picture.bytes.length;
    }
    return { bytes, converted: true, ...(textIsWhole ? {} : { lacksText: true }) };
  });
}

const MAX_FRAMES = 65_536;

function numberOfFrames({ pixelData }: ImageModule, source: ExportSource): number {
  if (pixelData.encoding === 'video') throw new PhosphorError('unsupported', 'video is not made into pictures');
  const frames = pixelData.encoding === 'encapsulated' ? pixelData.frames.length : (source.part10.dataset.number(0x00280008) ?? 1);
  if (frames > MAX_FRAMES) throw new PhosphorError('limit-exceeded', 'the image has too many frames');
  return Math.max(1, Math.floor(frames));
}

function framed({ components }: NamedPath, frame: number, frames: number): NamedPath {
  const last = components.length - 1;
  const number = String(frame + 1).padStart(String(frames).length, '0');
  return { components: components.map((one, index) => (index === last ? { ...one, name: `${one.name} ${number}` } : one)) };
}

/** One frame with its bytes, as the decoders take it. */
async function frameOf(source: ExportSource, image: ImageModule, frame: number): Promise<EncodedImage> {
  const { pixelData } = image;
  const { transferSyntaxUID } = source.part10.meta;
  if (pixelData.encoding === 'video') throw new PhosphorError('unsupported', 'video is not made into pictures');
  if (pixelData.encoding === 'encapsulated') {
    const fragments: Uint8Array[] = [];
    for (const [offset, length] of pixelData.frames[frame] ?? []) fragments.push(await source.fetch(offset, length));
    if (fragments.length === 0) throw new PhosphorError('damaged', 'a frame is missing');
    return { transferSyntaxUID, image: descriptionOf(image), frames: [{ fragments }] };
  }
  const bits = nativeFrameBits(image);
  const [first, end] = [Math.floor((bits * frame) / 8), Math.ceil((bits * (frame + 1)) / 8)];
  if (end > pixelData.length) throw new PhosphorError('damaged', 'the pixels end before the frame does');
  const bytes = await bytesAt(source, image, pixelData.offset + first, end - first);
  const isBigEndian = pixelData.encoding === 'native' && pixelData.bigEndian;
  return {
    transferSyntaxUID: isBigEndian ? TransferSyntaxUID.ExplicitVRBigEndian : TransferSyntaxUID.ExplicitVRLittleEndian,
    image: descriptionOf(image),
    frames: [
      { fragments: [bytes], bitOffset: (bits * frame) % 8, ...(isBigEndian && image.bitsAllocated <= 8 ? { swappedWords: true } : {}) },
    ],
  };
}

/** Without the rest, which would be copied to the codec thread with every frame. */
function descriptionOf(image: ImageModule): FrameDescription {
  const { rows, columns, samplesPerPixel, photometricInterpretation, planarConfiguration } = image;
  const { bitsAllocated, bitsStored, highBit, pixelRepresentation, sampleFormat } = image;
  return {
    rows,
    columns,
    samplesPerPixel,
    photometricInterpretation,
    planarConfiguration,
    bitsAllocated,
    bitsStored,
    highBit,
    pixelRepresentation,
    sampleFormat,
  };
}

/** Offsets of a deflated data set count in what was inflated. */
async function bytesAt(source: ExportSource, { pixelData }: ImageModule, offset: number, length: number): Promise<Uint8Array> {
  return pixelData.encoding === 'deflated' ? source.part10.source.read(offset, length) : await source.fetch(offset, length);
}

type Table = NonNullable<ImageModule['modalityLUT']>;

async function tableOf(
  source: ExportSource,
  image: ImageModule,
  { entries, firstMapped, bits, segmented, data }: Table,
): Promise<EncodedTable> {
  const description = { entries, firstMapped, bits, segmented };
  if ('inline' in data) return { ...description, bytes: Buffer.from(data.inline, 'base64') };
  const bytes = Buffer.from(await bytesAt(source, image, data.offset, data.length));
  return { ...description, bytes: data.bigEndian ? bytes.subarray(0, bytes.length - (bytes.length % 2)).swap16() : bytes };
}

async function recipeOf(
  source: ExportSource,
  image: ImageModule,
  frame: number,
  { format, bits, quality, window: wanted }: PictureOptions,
  text: CornerText | undefined,
): Promise<PictureRecipe> {
  const own = image.frames?.[frame];
  const [stored] = (own?.windows ?? image.windows).filter(({ width }) => width > 0);
  const window = wanted === undefined ? stored : { ...wanted, function: 'LINEAR' as const };
  const { modalityLUT, voiLUTs, palette, photometricInterpretation, presentationLUTShape, pixelPaddingValue } = image;
  const [voiLUT] = voiLUTs ?? [];
  const encoded = (table: Table): Promise<EncodedTable> => tableOf(source, image, table);
  return {
    format,
    bits,
    quality,
    rescaleSlope: own?.rescaleSlope ?? image.rescaleSlope,
    rescaleIntercept: own?.rescaleIntercept ?? image.rescaleIntercept,
    inverse: photometricInterpretation === 'MONOCHROME1' || presentationLUTShape === 'INVERSE',
    ...(modalityLUT === undefined ? {} : { modalityLUT: await encoded(modalityLUT) }),
    ...(voiLUT === undefined || window !== undefined ? {} : { voiLUT: await encoded(voiLUT) }),
    ...(window === undefined ? {} : { window: { center: window.center, width: window.width, function: window.function } }),
    ...(pixelPaddingValue === undefined ? {} : { paddingValue: pixelPaddingValue }),
    ...(palette === undefined
      ? {}
      : { palette: { red: await encoded(palette.red), green: await encoded(palette.green), blue: await encoded(palette.blue) } }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Who, what, when, and which of how many: values only, so that it needs no language. */
function cornerText(
  { values }: ChosenInstance,
  image: ImageModule,
  frame: number,
  frames: number,
  { window: wanted }: PictureOptions,
): CornerText {
  const window = wanted ?? image.windows[0];
  return {
    topLeft: [
      values.PatientName.replace(/[\^=]+/g, ' ').trim(),
      values.PatientID,
      `${dated(values.PatientBirthDate)} ${values.PatientSex}`.trim(),
    ],
    topRight: [values.StudyDescription, `${dated(values.StudyDate)} ${timed(values.StudyTime)}`.trim(), values.AccessionNumber],
    bottomLeft: [
      [values.Modality, values.SeriesDescription].filter((one) => one !== '').join(' · '),
      [values.SeriesNumber, values.InstanceNumber, ...(frames > 1 ? [`${frame + 1}/${frames}`] : [])]
        .filter((one) => one !== '')
        .join(' / '),
    ],
    bottomRight: window === undefined || image.samplesPerPixel > 1 ? [] : [`C ${short(window.center)}  W ${short(window.width)}`],
  };
}

const short = (value: number): string => String(Number(value.toPrecision(5)));
const dated = (date: string): string => (/^\d{8}$/.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date);
const timed = (time: string): string => (/^\d{4}/.test(time) ? `${time.slice(0, 2)}:${time.slice(2, 4)}` : time);
