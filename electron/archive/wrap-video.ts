import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { Dataset } from '../dicom/dataset/index.ts';
import type { ForeignFile, Wrapped } from './wrap.ts';

const VIDEO_ENDOSCOPIC = '1.2.840.10008.5.1.4.1.1.77.1.1.1';
const VIDEO_PHOTOGRAPHIC = '1.2.840.10008.5.1.4.1.1.77.1.4.1';
const MAX_FRAMES = 2 ** 31 - 1;

export interface Film {
  readonly transferSyntaxUID: string;
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  /** Frames a second. */
  readonly rate: number;
  /** Lossy Image Compression Method (0028,2114). */
  readonly method: string;
}

/** A film as Video Photographic or Endoscopic Image (PS3.3 A.32.5, A.32.7), its bytes as they are. Throws PhosphorError `damaged` for impossible numbers. */
export function wrappedFilm(
  { source, title, endoscopic }: ForeignFile,
  { transferSyntaxUID, rows, columns, frames, rate, method }: Film,
): Wrapped {
  const sound = [rows, columns, frames].every((one) => Number.isInteger(one) && one > 0);
  if (!sound || rows > 65_535 || columns > 65_535 || frames > MAX_FRAMES || !(rate > 0 && rate < 10_000)) {
    throw new PhosphorError('damaged', 'the film does not tell its size, length or rate');
  }
  return {
    sopClassUID: endoscopic ? VIDEO_ENDOSCOPIC : VIDEO_PHOTOGRAPHIC,
    transferSyntaxUID,
    modality: endoscopic ? 'ES' : 'XC',
    attributes: Dataset.of({
      ImageType: ['ORIGINAL', 'PRIMARY'],
      ImageComments: title,
      PatientOrientation: '',
      AcquisitionContextSequence: [],
      CineRate: Math.round(rate),
      FrameTime: Math.round(1_000_000 / rate) / 1000,
      FrameIncrementPointer: [0x00181063],
      MultiplexedAudioChannelsDescriptionCodeSequence: [],
      NumberOfFrames: frames,
      SamplesPerPixel: 3,
      PhotometricInterpretation: 'YBR_PARTIAL_420',
      PlanarConfiguration: 0,
      Rows: rows,
      Columns: columns,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
      LossyImageCompression: '01',
      LossyImageCompressionRatio: Math.max(0.01, Math.round(((rows * columns * 3 * frames) / source.size) * 100) / 100),
      LossyImageCompressionMethod: method,
    }),
    content: { kind: 'fragment' },
  };
}
