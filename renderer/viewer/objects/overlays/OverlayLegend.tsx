import { IconChevronDown, IconChevronUp, IconX } from '@tabler/icons-react';
import { useRef } from 'react';
import { useStore } from 'zustand';
import { IconButton } from '../../../ui/IconButton.tsx';
import { useSession } from '../../layout/use-session.ts';
import type { StackFrame } from '../../stack.ts';
import { type Colour, css } from '../colours.ts';
import { DOSE_LEVELS } from '../radiotherapy/on-image.ts';
import { useOwnPointer } from '../Sheet.tsx';
import { framesOn } from '../segmentation/on-image.ts';
import { sayObject } from '../words.ts';
import { type Overlay, overlaysOf, removeOverlay, toggleHidden } from './overlay-state.ts';
import type { OverlayPainter } from './painter.ts';

interface LegendProps {
  readonly pane: string;
  readonly shown: StackFrame;
  readonly painter: OverlayPainter;
  /** Counts what was loaded, so that the dose's maximum appears when it is known. */
  readonly loaded: number;
}

/** What the colours over an image mean; each can be switched off. */
export function OverlayLegend({ shown, painter }: LegendProps) {
  const session = useSession();
  const store = overlaysOf(session);
  const { overlays, hidden, opacity, folded } = useStore(store);
  const box = useRef<HTMLElement>(null);
  useOwnPointer(box);
  const Fold = folded ? IconChevronUp : IconChevronDown;
  return (
    <section className="overlay-legend" ref={box} aria-label={sayObject('overlay.title')}>
      <header>
        <strong>{sayObject('overlay.title')}</strong>
        {!folded && overlays.some(({ kind }) => kind === 'segmentation' || kind === 'dose') && (
          <input
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={opacity}
            aria-label={sayObject('overlay.opacity')}
            title={sayObject('overlay.opacity')}
            onChange={(event) => store.setState({ opacity: Number(event.target.value) })}
          />
        )}
        <span className="spacer" />
        <IconButton small label={sayObject('overlay.fold')} onClick={() => store.setState({ folded: !folded })}>
          <Fold size={14} aria-hidden="true" />
        </IconButton>
      </header>
      {!folded &&
        overlays.map((overlay) => (
          <div key={overlay.sopInstanceUID} className="overlay-group">
            <p>
              <bdi>{overlay.title || sayObject(NAMES[overlay.kind])}</bdi>
              <span className="spacer" />
              <IconButton small label={sayObject('overlay.close')} onClick={() => removeOverlay(session, overlay.sopInstanceUID)}>
                <IconX size={12} aria-hidden="true" />
              </IconButton>
            </p>
            <ul>
              {linesOf(overlay, shown, painter).map(({ number, name, detail, colour, here }) => {
                const key = `${overlay.sopInstanceUID}/${number}`;
                return (
                  <li key={number} data-here={here}>
                    <label title={detail}>
                      <input type="checkbox" checked={!hidden.has(key)} onChange={() => toggleHidden(session, key)} />
                      <span className="overlay-swatch" style={{ background: css(colour) }} />
                      <bdi>{name}</bdi>
                      {here && detail === '' && <span className="quiet">{sayObject('overlay.here')}</span>}
                      {detail !== '' && <span className="quiet numbers">{detail}</span>}
                    </label>
                  </li>
                );
              })}
            </ul>
          </div>
        ))}
    </section>
  );
}

const NAMES = { segmentation: 'overlay.segments', structures: 'overlay.structures', dose: 'overlay.dose', marks: 'overlay.marks' } as const;

interface Line {
  readonly number: number;
  readonly name: string;
  readonly detail: string;
  readonly colour: Colour;
  /** There is something of it on this image. */
  readonly here: boolean;
}

function linesOf(overlay: Overlay, shown: StackFrame, painter: OverlayPainter): Line[] {
  if (overlay.kind === 'segmentation') {
    const { segmentation } = overlay;
    const image = { sopInstanceUID: shown.instance.sopInstanceUID, frame: shown.frame, plane: shown.plane };
    const here = new Set(framesOn(segmentation, image).map(({ segment }) => segment));
    return segmentation.segments.map(({ number, label, property, colour }) => ({
      number,
      name: label || String(number),
      detail: property === label ? '' : property,
      colour,
      here: here.has(number) || here.has(0),
    }));
  }
  if (overlay.kind === 'structures') {
    return overlay.structures.regions.map(({ number, name, colour, contours }) => ({
      number,
      name: name || String(number),
      detail: sayObject('overlay.contours', { count: contours.length }),
      colour,
      here: contours.some(({ images }) => images.includes(shown.instance.sopInstanceUID)),
    }));
  }
  if (overlay.kind === 'marks') return [];
  const maximum = painter.volume(overlay)?.maximum;
  return DOSE_LEVELS.map(({ percent, colour }) => ({
    number: percent,
    name: sayObject('overlay.dosePercent', { percent }),
    detail: maximum === undefined ? '' : doseText((maximum * percent) / 100, overlay.grid.units),
    colour,
    here: true,
  }));
}

function doseText(dose: number, units: string): string {
  return sayObject(units === 'GY' ? 'overlay.doseGy' : 'overlay.doseRelative', { dose: Number(dose.toPrecision(3)) });
}
