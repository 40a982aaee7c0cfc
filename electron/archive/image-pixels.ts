import type { PixelData } from '../../shared/contract/index.ts';
import { type Part10File, readFrameFragments, Tag, transferSyntaxOf } from '../dicom/dataset/index.ts';
import { optional } from './optional.ts';

const MAX_LIST = 65_536;

/** Where the pixels are, or the sentence that says why they cannot be used. */
export function locatePixels(file: Part10File, numberOfFrames: number): PixelData | string {
  const { dataset, meta, pixelData, source } = file;
  const syntax = transferSyntaxOf(meta.transferSyntaxUID);
  if (pixelData === undefined) return 'The instance holds no pixels.';
  if (!pixelData.encapsulated) {
    const { offset, length } = pixelData;
    if (syntax?.deflated === true) return { encoding: 'deflated', dataSetOffset: meta.dataSetOffset, offset, length };
    // Samples of a byte lie in swapped words only where the pixels were written as OW (PS3.5 A.3).
    const swapped = syntax?.bigEndian === true && (pixelData.vr !== 'OB' || (dataset.number(Tag.BitsAllocated) ?? 8) > 8);
    return { encoding: 'native', offset, length, bigEndian: swapped };
  }
  if (syntax === undefined) return 'The compression of the pixels is not known.';
  if (syntax.video) return locateVideo(file, syntax.uid);
  const { frames } = readFrameFragments(
    source,
    pixelData,
    Math.min(numberOfFrames, MAX_LIST + 1),
    optional('extendedOffsetTable', extendedOffsetTable(file)),
  );
  if (frames.length > MAX_LIST || frames.some((fragments) => fragments.length > MAX_LIST))
    return 'The instance has too many frames or fragments.';
  if (frames.every((fragments) => fragments.length === 0)) return 'The compressed pixels are missing.';
  return { encoding: 'encapsulated', frames };
}

/** Long tables were left in the file. */
function extendedOffsetTable({ dataset, source }: Part10File): Uint8Array | undefined {
  const bulk = dataset.bulk(Tag.ExtendedOffsetTable);
  if (bulk === undefined) return dataset.bytes(Tag.ExtendedOffsetTable);
  return bulk.length > MAX_LIST * 8 ? undefined : source.read(bulk.offset, bulk.length);
}

/** A film is one stream over all fragments, whatever an offset table says. */
function locateVideo({ pixelData, source }: Part10File, uid: string): PixelData | string {
  if (pixelData === undefined) return 'The instance holds no pixels.';
  const { frames } = readFrameFragments(source, pixelData, 1);
  const fragments = frames[0] ?? [];
  const [first] = fragments;
  if (first === undefined) return 'The film is missing from the file.';
  if (fragments.length > MAX_LIST) return 'The instance has too many frames or fragments.';
  return { encoding: 'video', codec: codecOf(uid), container: containerOf(source.read(first[0], 400)), fragments };
}

function codecOf(uid: string): Extract<PixelData, { encoding: 'video' }>['codec'] {
  const suffix = /^1\.2\.840\.10008\.1\.2\.4\.(\d+)/.exec(uid)?.[1];
  if (suffix === '100' || suffix === '101') return 'mpeg2';
  if (suffix !== undefined && Number(suffix) >= 102 && Number(suffix) <= 106) return 'h264';
  return suffix === '107' || suffix === '108' ? 'hevc' : 'unknown';
}

const TS_PACKET = 188;

function containerOf(head: Uint8Array): Extract<PixelData, { encoding: 'video' }>['container'] {
  if (String.fromCharCode(...head.subarray(4, 8)) === 'ftyp') return 'mp4';
  if (head[0] === 0x47 && head[TS_PACKET] === 0x47) return 'mpeg-ts';
  if (head[0] !== 0 || head[1] !== 0) return 'unknown';
  if (head[2] === 1 && head[3] === 0xba) return 'mpeg-ps';
  return head[2] === 1 || (head[2] === 0 && head[3] === 1) ? 'elementary' : 'unknown';
}
