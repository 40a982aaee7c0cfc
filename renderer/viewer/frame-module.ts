import type { ImageModule } from '../../shared/contract/index.ts';

/** The image module as it is for one frame: functional groups may say other things of each (PS3.3 C.7.6.16). */
export function imageOfFrame(image: ImageModule, frame: number): ImageModule {
  const own = image.frames?.[frame];
  if (own === undefined || Object.keys(own).length === 0) return image;
  const { rescaleSlope, rescaleIntercept, rescaleType, windows } = image;
  return {
    ...image,
    ...own,
    rescaleSlope: own.rescaleSlope ?? rescaleSlope,
    rescaleIntercept: own.rescaleIntercept ?? rescaleIntercept,
    rescaleType: own.rescaleType ?? rescaleType,
    windows: own.windows ?? windows,
  };
}

/** What decoding a frame needs: the lists of all other frames stay behind, since it is copied into a worker. */
export function withoutOtherFrames({ frames: _frames, reading: _reading, ...image }: ImageModule): ImageModule {
  const { pixelData } = image;
  return pixelData.encoding === 'encapsulated' ? { ...image, pixelData: { encoding: 'encapsulated', frames: [] } } : image;
}
