import { useEffect, useRef } from 'react';
import { useSessionState } from '../layout/use-session.ts';
import type { Pane } from '../pane.ts';
import { drawLens, LENS_SIZE } from './magnify.ts';

/** The magnifier, while the button is down. */
export function Lens({ pane }: { pane: Pane }) {
  const screen = useSessionState((state) => (state.lens?.pane === pane.id ? state.lens.screen : undefined));
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null && screen !== undefined) drawLens(canvas.current, pane.view, screen);
  }, [pane, screen]);
  if (screen === undefined) return null;
  const side = LENS_SIZE;
  return (
    <canvas
      className="viewer-lens"
      ref={canvas}
      style={{ width: side, height: side, left: screen.x - side / 2, top: screen.y - side / 2 }}
    />
  );
}
