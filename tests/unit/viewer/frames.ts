import type { GreyFrame } from '../../../renderer/viewer/decode-messages.ts';
import type { ImageModule, ImageReading, ManifestInstance } from '../../../shared/contract/index.ts';

/** An image description with everything that has to be there, for tests about the rest. */
export function imageModule(change: Partial<ImageModule> = {}): ImageModule {
  return {
    rows: 64,
    columns: 64,
    samplesPerPixel: 1,
    photometricInterpretation: 'MONOCHROME2',
    planarConfiguration: 0,
    bitsAllocated: 16,
    bitsStored: 16,
    highBit: 15,
    pixelRepresentation: 1,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    rescaleType: '',
    windows: [],
    lossy: false,
    pixelData: { encoding: 'native', offset: 0, length: 64 * 64 * 2, bigEndian: false },
    ...change,
  };
}

export function instance(number: number, image: ImageModule, change: Partial<ManifestInstance> = {}): ManifestInstance {
  return {
    sopInstanceUID: `1.2.${number}`,
    sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
    transferSyntaxUID: '1.2.840.10008.1.2.1',
    instanceNumber: number,
    numberOfFrames: 1,
    fileBytes: 10_000,
    image,
    ...change,
  };
}

/** An axial slice at a height (mm). */
export function axialSlice(z: number, reading: ImageReading = {}): ImageModule {
  return imageModule({
    imagePositionPatient: [-32, -32, z],
    imageOrientationPatient: [1, 0, 0, 0, 1, 0],
    pixelSpacing: [1, 1],
    reading: { frameOfReferenceUID: '1.9', ...reading },
  });
}

/** A frame whose stored values a function of column and row gives. */
export function greyFrame(
  columns: number,
  rows: number,
  stored: (column: number, row: number) => number,
  change: Partial<GreyFrame> = {},
): GreyFrame {
  const samples = new Int16Array(columns * rows);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) samples[row * columns + column] = stored(column, row);
  return {
    kind: 'grey',
    columns,
    rows,
    levels: [{ columns, rows, samples }],
    first: -32_768,
    last: 32_767,
    slope: 1,
    intercept: 0,
    padding: undefined,
    low: -1000,
    high: 1000,
    autoWindow: { center: 0, width: 100, function: 'LINEAR' },
    ...change,
  };
}
