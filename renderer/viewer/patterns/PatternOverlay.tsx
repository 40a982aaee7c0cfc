import './patterns.css';
import { IconX } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { IconButton } from '../../ui/IconButton.tsx';
import { showPattern, usePatterns } from './pattern-store.ts';
import { drawPattern } from './patterns.ts';
import { sayPattern } from './words.ts';

/** A test pattern over the whole of a pane, one of its pixels for each of the screen; nothing of the image below shows. */
export function PatternOverlay({ id }: { id: string }) {
  const pattern = usePatterns((state) => state.shown[id]);
  const level = usePatterns((state) => state.level);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  // It goes with its pane: the next study is not opened below it.
  useEffect(() => () => showPattern(id, undefined), [id]);
  useEffect(() => {
    const [around, drawing] = [box.current, canvas.current];
    if (pattern === undefined || around === null || drawing === null) return undefined;
    const draw = () => {
      const width = Math.max(1, Math.round(around.clientWidth * devicePixelRatio));
      const height = Math.max(1, Math.round(around.clientHeight * devicePixelRatio));
      drawing.width = width;
      drawing.height = height;
      const context = drawing.getContext('2d');
      const image = context?.createImageData(width, height);
      if (context == null || image === undefined) return;
      const pixels = new Uint32Array(image.data.buffer);
      const { levels } = drawPattern(pattern, width, height, level);
      for (const [at, grey] of levels.entries()) pixels[at] = (0xff000000 | (grey * 0x010101)) >>> 0;
      context.putImageData(image, 0, 0);
    };
    const observer = new ResizeObserver(draw);
    observer.observe(around);
    draw();
    return () => observer.disconnect();
  }, [pattern, level]);
  if (pattern === undefined) return null;
  const name = sayPattern(`pattern.${pattern}`);
  return (
    <div className="pattern" ref={box} data-pattern={pattern} onPointerDown={(event) => event.stopPropagation()}>
      <canvas ref={canvas} />
      <div className="pattern-name numbers">
        {sayPattern('name', { name })}
        {pattern === 'luminance' && ` · ${sayPattern('level', { level })}`}
        <IconButton small label={sayPattern('hide')} onClick={() => showPattern(id, undefined)}>
          <IconX size={14} aria-hidden="true" />
        </IconButton>
      </div>
    </div>
  );
}
