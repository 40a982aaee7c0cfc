import { entriesOf } from '../../shared/codecs/lookup-table.ts';
import type { BulkBytes, ImageModule, LookupTable } from '../../shared/contract/index.ts';
import { type Dataset, Tag } from '../dicom/dataset/index.ts';
import { ImageTag } from './image-tags.ts';
import { bounded } from './optional.ts';

/** Values that stay in the file where they are longer than a KiB: a manifest names them by their place. */
export function isTableOrPlane(tag: number): boolean {
  return TABLES.has(tag) || (tag & 0xff01ffff) === OVERLAY_DATA || tag === ImageTag.ICCProfile;
}

const OVERLAY_DATA = 0x60003000;
const TABLES: ReadonlySet<number> = new Set([
  Tag.RedPaletteColorLookupTableData,
  Tag.GreenPaletteColorLookupTableData,
  Tag.BluePaletteColorLookupTableData,
  ImageTag.SegmentedRedPaletteColorLookupTableData,
  ImageTag.SegmentedGreenPaletteColorLookupTableData,
  ImageTag.SegmentedBluePaletteColorLookupTableData,
  ImageTag.LUTData,
]);

/** What the bytes of a value depend on besides the data set. */
export interface FileForm {
  readonly bigEndian: boolean;
  /** Pixel Representation is 1: values that look up are signed. */
  readonly signed: boolean;
}

/** Palette Color Lookup Tables (PS3.3 C.7.6.3.1.5, .6, C.7.9.2); undefined when one is missing or damaged. */
export function paletteOf(dataset: Dataset, form: FileForm): ImageModule['palette'] {
  const [red, green, blue] = COLORS.map(([descriptor, data, segmented]) => {
    const plain = tableOf(dataset, { descriptor, data, segmented: false }, form);
    return plain ?? tableOf(dataset, { descriptor, data: segmented, segmented: true }, form);
  });
  return red === undefined || green === undefined || blue === undefined ? undefined : { red, green, blue };
}

const COLORS = [
  [Tag.RedPaletteColorLookupTableDescriptor, Tag.RedPaletteColorLookupTableData, ImageTag.SegmentedRedPaletteColorLookupTableData],
  [Tag.GreenPaletteColorLookupTableDescriptor, Tag.GreenPaletteColorLookupTableData, ImageTag.SegmentedGreenPaletteColorLookupTableData],
  [Tag.BluePaletteColorLookupTableDescriptor, Tag.BluePaletteColorLookupTableData, ImageTag.SegmentedBluePaletteColorLookupTableData],
] as const;

/** First usable item of Modality LUT Sequence (PS3.3 C.11.1). */
export function modalityLUTOf(dataset: Dataset, form: FileForm): LookupTable | undefined {
  const [item] = dataset.items(ImageTag.ModalityLUTSequence);
  if (item === undefined) return undefined;
  const table = tableOf(item, LUT, form);
  return table === undefined ? undefined : { ...table, label: item.string(ImageTag.ModalityLUTType).slice(0, 64) };
}

/** Items of VOI LUT Sequence (PS3.3 C.11.2) that can be used. `highest`: the largest value that the Modality LUT can give. */
export function voiLUTsOf(voi: Dataset, form: FileForm, highest: number): LookupTable[] {
  return voi
    .items(ImageTag.VOILUTSequence)
    .slice(0, 16)
    .flatMap((item) => {
      const table = tableOf(item, LUT, form);
      if (table === undefined) return [];
      // A first value past everything there is was a negative one, written without its sign.
      const firstMapped = table.firstMapped > 32_767 && table.firstMapped > highest ? table.firstMapped - 65_536 : table.firstMapped;
      return [{ ...table, firstMapped, label: item.string(ImageTag.LUTExplanation).slice(0, 64) }];
    });
}

const LUT = { descriptor: ImageTag.LUTDescriptor, data: ImageTag.LUTData, segmented: false };

interface TableTags {
  readonly descriptor: number;
  readonly data: number;
  readonly segmented: boolean;
}

function tableOf(dataset: Dataset, { descriptor, data, segmented }: TableTags, form: FileForm): LookupTable | undefined {
  const [length, first, bits] = dataset.numbers(descriptor);
  if (length === undefined || first === undefined || bits === undefined) return undefined;
  // The first value is as signed as the pixels, whatever VR was written (PS3.3 C.11.1.1).
  const entries = entriesOf(length);
  const firstMapped = form.signed && first > 32_767 ? first - 65_536 : first;
  const bytes = bytesOf(dataset, data, form);
  if (bytes === undefined || !Number.isInteger(entries) || entries > 65_536 || entries < 1) return undefined;
  if (!segmented && lengthOf(bytes) < entries) return undefined;
  return {
    entries,
    firstMapped: bounded(firstMapped, -65_536, 65_536),
    bits: bits >= 1 && bits <= 16 ? Math.trunc(bits) : 16,
    segmented,
    label: '',
    data: bytes,
  };
}

/** Where the bytes of a value are; undefined where there are none. */
export function bytesOf(dataset: Dataset, tag: number, form: FileForm): BulkBytes | undefined {
  const bulk = dataset.bulk(tag);
  const vr = dataset.get(tag)?.vr;
  if (bulk !== undefined) return { offset: bulk.offset, length: bulk.length, bigEndian: form.bigEndian && vr !== 'OB' && vr !== 'UN' };
  const bytes = dataset.bytes(tag) ?? wordsOf(dataset.numbers(tag));
  return bytes.length === 0 ? undefined : { inline: Buffer.from(bytes).toString('base64') };
}

function lengthOf(bytes: BulkBytes): number {
  return 'inline' in bytes ? Math.floor((bytes.inline.length * 3) / 4) : bytes.length;
}

function wordsOf(numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(numbers.length * 2);
  numbers.forEach((value, i) => {
    bytes.writeUInt16LE(value & 0xffff, i * 2);
  });
  return bytes;
}
