import { useEffect, useMemo, useRef } from 'react';
import { AwaitedFrames } from '../awaited-frames.ts';
import type { ViewerSession } from '../layout/session.ts';
import { useSession } from '../layout/use-session.ts';
import { drawPlaced, layerContext, pictureFrom } from '../objects/overlays/layer-canvas.ts';
import { planeToImage } from '../objects/segmentation/on-image.ts';
import type { PaneView } from '../pane-view.ts';
import type { StackFrame } from '../stack.ts';
import type { Affine } from '../transform.ts';
import { useArrivals } from '../use-arrivals.ts';
import { blendedColours, slicesBeside } from './blend.ts';
import type { PresentationState } from './state.ts';
import { stateOf } from './state-of-view.ts';

/** The images that a blending state lays over those of the pane (PS3.3 A.33.4): in their colours, as opaque as it says. */
export function BlendLayer({ pane, view }: { pane: string; view: PaneView }) {
  const state = stateOf(view);
  if (state?.superimposed === undefined || view.shown === undefined || view.toScreen === undefined) return null;
  return <Layer pane={pane} view={view} state={state} shown={view.shown} toScreen={view.toScreen} />;
}

interface LayerProps {
  readonly pane: string;
  readonly view: PaneView;
  readonly state: PresentationState;
  readonly shown: StackFrame;
  readonly toScreen: Affine;
}

function Layer({ pane, view, state, shown, toScreen }: LayerProps) {
  const session = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const blend = useMemo(() => new Blend(session, pane), [session, pane]);
  const loaded = useArrivals(session.store, blend.awaited);
  const { width, height } = view.size;
  const { pixelRatio } = view;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was loaded changes what can be drawn
  useEffect(() => {
    const context = layerContext(canvas.current, { width, height, pixelRatio });
    if (context === undefined) return;
    const { dataset } = context.canvas;
    const patch = blend.patch(state, shown);
    dataset.blended = String(patch !== undefined);
    dataset.waiting = String(patch === undefined && blend.awaited.waits);
    if (patch === undefined) return;
    context.globalAlpha = state.superimposed?.opacity ?? 0;
    drawPlaced(context, patch, toScreen, pixelRatio);
  }, [blend, state, shown, toScreen, width, height, pixelRatio, loaded]);
  return <canvas ref={canvas} className="overlay-canvas" style={{ width, height }} data-testid="blend" />;
}

interface Patch {
  readonly picture: OffscreenCanvas;
  /** From its pixels to image coordinates. */
  readonly place: Affine;
}

/** Finds, loads and colours what lies over a frame; keeps the last picture. */
class Blend {
  readonly #session: ViewerSession;
  readonly awaited: AwaitedFrames;
  #last: { readonly state: PresentationState; readonly shown: StackFrame; readonly patch: Patch } | undefined;

  constructor(session: ViewerSession, pane: string) {
    this.#session = session;
    this.awaited = new AwaitedFrames(session.store, `blending of ${pane}`);
  }

  /** Undefined where nothing lies over the frame, or not all of it is loaded. */
  patch(state: PresentationState, shown: StackFrame): Patch | undefined {
    if (this.#last?.state === state && this.#last.shown === shown) return this.#last.patch;
    const { superimposed, palette } = state;
    const { plane, image } = shown;
    if (superimposed === undefined || palette === undefined || plane === undefined || image === undefined) return undefined;
    const { store } = this.#session;
    const beside = slicesBeside(this.#frames(superimposed.images), plane);
    const slices = beside?.slices ?? [];
    const drawn = slices.map((slice) => ({ slice, frame: store.get(slice) }));
    this.awaited.want(drawn.filter(({ frame }) => frame === undefined).map(({ slice }) => slice));
    const grey = drawn.flatMap(({ slice, frame }) =>
      frame?.kind === 'grey' ? [{ frame, sopInstanceUID: slice.instance.sopInstanceUID, number: slice.frame }] : [],
    );
    const [first] = grey;
    const [slice] = slices;
    if (beside === undefined || first === undefined || slice === undefined || grey.length < slices.length) return undefined;
    const { columns, rows } = first.frame;
    const place = planeToImage({ plane: slice.plane, columns, rows }, { plane, columns: image.columns, rows: image.rows });
    if (place === undefined) return undefined;
    const patch = { picture: pictureFrom(blendedColours(superimposed, palette, grey, beside.share), columns, rows), place };
    this.#last = { state, shown, patch };
    return patch;
  }

  /** Those of the open studies that the state lays over. */
  #frames(images: PresentationState['images']): StackFrame[] {
    const { studies } = this.#session.state.getState();
    const all = studies.flatMap(({ series }) => series.flatMap(({ frames }) => frames));
    const named = new Map(images.map(({ sopInstanceUID, frames }) => [sopInstanceUID, frames]));
    return all.filter(({ instance: { sopInstanceUID }, frame, image }) => {
      const frames = named.get(sopInstanceUID);
      return image !== undefined && named.has(sopInstanceUID) && (frames === undefined || frames.includes(frame));
    });
  }
}
