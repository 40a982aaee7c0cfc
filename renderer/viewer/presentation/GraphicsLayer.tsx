import { memo } from 'react';
import type { PaneView } from '../pane-view.ts';
import { areaOf } from './arrange.ts';
import './presentation.css';
import { graphicPath, type Placing, place } from './shapes.ts';
import { type Graphic, type GraphicText, refersTo } from './state.ts';
import { stateOf } from './state-of-view.ts';

/** Graphics and texts of the applied presentation state over the image: layer by layer, each in its colour (PS3.3 C.10.5, C.10.7). */
export function GraphicsLayer({ view }: { view: PaneView }) {
  const state = stateOf(view);
  const { shown, toScreen, size } = view;
  if (state === undefined || shown?.image === undefined || toScreen === undefined || !view.presentation.overlays) return null;
  const { sopInstanceUID } = shown.instance;
  const whole = { left: 0, top: 0, right: shown.image.columns, bottom: shown.image.rows };
  const placing: Placing = { toScreen, area: areaOf(state, sopInstanceUID, shown.frame) ?? whole };
  return (
    <svg className="viewer-marks presentation-graphics" width={size.width} height={size.height} aria-hidden="true">
      {state.layers.map(({ name, colour, annotations }) => (
        <g key={name} data-layer={name} style={colour === undefined ? undefined : { color: colour }}>
          {annotations
            .filter(({ images }) => refersTo(images, sopInstanceUID, shown.frame))
            .map(({ graphics, texts }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the annotations of a state have no name but their place
              <g key={index}>
                {graphics.map((graphic, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  <GraphicShape key={at} graphic={graphic} placing={placing} />
                ))}
                {texts.map((text, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  <TextShape key={at} text={text} placing={placing} />
                ))}
              </g>
            ))}
        </g>
      ))}
    </svg>
  );
}

const GraphicShape = memo(function GraphicShape({ graphic, placing }: { graphic: Graphic; placing: Placing }) {
  const { style, shape, filled } = graphic;
  const path = graphicPath(graphic, placing);
  const dot = shape === 'point' ? { strokeWidth: 4 } : { strokeWidth: style.thickness ?? 1.5 };
  const colour = style.colour === undefined ? {} : { color: style.colour };
  const inside = filled && shape !== 'point' ? { fill: style.fill ?? 'currentColor', fillOpacity: 0.5 } : {};
  return (
    <g style={colour}>
      <path className="presentation-halo" d={path} style={{ strokeWidth: dot.strokeWidth + 2 }} />
      <path className="presentation-line" data-shape={shape} data-dashed={style.dashed} d={path} style={{ ...dot, ...inside }} />
    </g>
  );
});

const LINE_HEIGHT = 15;

const TextShape = memo(function TextShape({ text, placing }: { text: GraphicText; placing: Placing }) {
  const lines = text.text.split(/\r\n|\r|\n/);
  const at = textPlace(text, placing, lines.length);
  if (at === undefined) return null;
  const anchor = text.anchor === undefined || !text.anchor.line ? undefined : place(text.anchor.point, text.anchor.units, placing);
  return (
    <g style={text.colour === undefined ? {} : { color: text.colour }}>
      {anchor !== undefined && (
        <>
          <path className="presentation-halo" d={`M${anchor.x} ${anchor.y}L${at.x} ${at.y}`} />
          <path className="presentation-line" data-shape="anchor" d={`M${anchor.x} ${anchor.y}L${at.x} ${at.y}`} />
        </>
      )}
      <text className="presentation-text" textAnchor={at.align}>
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name but their place
          <tspan key={index} x={at.x} y={at.y + index * LINE_HEIGHT}>
            {line}
          </tspan>
        ))}
      </text>
    </g>
  );
});

/** The first line's baseline. A box is told by corners of the screen or of the image, which may be turned; without one the text stands at its anchor. */
function textPlace({ box, anchor }: GraphicText, placing: Placing, lines: number) {
  if (box === undefined) {
    if (anchor === undefined) return undefined;
    const { x, y } = place(anchor.point, anchor.units, placing);
    return { x: x + 8, y: y + 4 - ((lines - 1) * LINE_HEIGHT) / 2, align: 'start' } as const;
  }
  const [a, b] = [place(box.topLeft, box.units, placing), place(box.bottomRight, box.units, placing)];
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
  const y = Math.min(a.y, b.y) + 12;
  if (box.align === 'center') return { x: (left + right) / 2, y, align: 'middle' } as const;
  return box.align === 'right' ? ({ x: right, y, align: 'end' } as const) : ({ x: left, y, align: 'start' } as const);
}
