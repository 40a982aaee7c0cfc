import { dragWindow } from '../voi.ts';
import type { At, Gesture, ToolContext, ToolDefinition } from './tool.ts';

type Drag = (at: At) => void;

/** A drag that changes how the image is shown: one step of the history, however long it took. */
function dragging(start: (context: ToolContext, at: At) => Drag) {
  return (context: ToolContext, at: At): Gesture => {
    const end = context.editing();
    const move = start(context, at);
    return {
      move,
      up: () => {
        end();
        return false;
      },
      cancel: end,
    };
  };
}

/** Each remembers how things stood when the drag began, so that going back undoes it exactly. */
export const WINDOW: ToolDefinition = {
  cursor: 'crosshair',
  begin: dragging(({ pane }) => {
    const { window, range } = pane.windowing;
    return ({ dx, dy }) => pane.setWindow(dragWindow(window, dx, dy, range));
  }),
};

export const ZOOM: ToolDefinition = {
  cursor: 'zoom-in',
  begin: dragging(({ pane }, { fromCentre }) => {
    let { zoom } = pane;
    let last = 0;
    return ({ dy }) => {
      zoom *= Math.exp((last - dy) * 0.006);
      last = dy;
      pane.zoomTo(zoom, fromCentre);
    };
  }),
};

export const PAN: ToolDefinition = {
  cursor: 'move',
  begin: dragging(({ pane }) => {
    const { pan } = pane;
    return ({ dx, dy }) => pane.panTo({ x: pan.x + dx * devicePixelRatio, y: pan.y + dy * devicePixelRatio });
  }),
};

export const SCROLL: ToolDefinition = {
  cursor: 'ns-resize',
  begin: ({ pane }) => {
    const { frames } = pane;
    const wanted = pane.presentation.index;
    const perSlice = Math.min(24, Math.max(3, 480 / Math.max(1, frames.length)));
    return {
      move: ({ dy }) => pane.scrollTo(wanted + Math.round(dy / perSlice)),
      up: () => false,
      cancel: () => undefined,
    };
  },
};

export const CROSSHAIR: ToolDefinition = {
  cursor: 'crosshair',
  begin: (context, at) => {
    const point = ({ image }: At) => {
      if (image !== undefined) context.point(image);
    };
    point(at);
    return { move: point, up: () => false, cancel: () => undefined };
  },
};
