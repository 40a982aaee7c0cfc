/** cornerstone-core 2.6.1 brings no types: these are the parts we use (canvas renderer). */
declare module 'cornerstone-core' {
  export interface Viewport {
    scale: number;
    translation: { x: number; y: number };
    voi: { windowWidth: number; windowCenter: number };
    invert: boolean;
    pixelReplication: boolean;
    rotation: number;
    hflip: boolean;
    vflip: boolean;
    voiLUT?: { id: string } | undefined;
  }

  /** Look-up table that cornerstone uses as it is while window, inversion and LUT id are those of the viewport. */
  export interface CachedLut {
    lutArray: Uint8ClampedArray;
    windowWidth: number;
    windowCenter: number;
    invert: boolean;
    modalityLUT?: undefined;
    voiLUT?: { id: string } | undefined;
  }

  export interface Image {
    imageId: string;
    minPixelValue: number;
    maxPixelValue: number;
    slope: number;
    intercept: number;
    windowCenter: number;
    windowWidth: number;
    getPixelData(): ArrayLike<number>;
    rows: number;
    columns: number;
    height: number;
    width: number;
    color: boolean;
    rgba: boolean;
    columnPixelSpacing: number;
    rowPixelSpacing: number;
    invert: boolean;
    sizeInBytes: number;
    cachedLut?: CachedLut;
    render?: (enabledElement: EnabledElement, invalidated: boolean) => void;
  }

  export interface EnabledElement {
    element: HTMLElement;
    canvas: HTMLCanvasElement;
    image: Image | undefined;
    viewport: Viewport | undefined;
    renderingTools: Record<string, unknown>;
    needsRedraw: boolean;
    invalid: boolean;
  }

  /** Sets the context's transformation to that of image pixels on the canvas. */
  export function setToPixelCoordinateSystem(enabledElement: EnabledElement, context: CanvasRenderingContext2D): void;
  /** Its canvas renderers; `invalidated`: the pixels changed although the image is the same. */
  export function renderGrayscaleImage(enabledElement: EnabledElement, invalidated: boolean): void;
  export function renderColorImage(enabledElement: EnabledElement, invalidated: boolean): void;
}
