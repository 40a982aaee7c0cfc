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
import {
  changeDose,
  type DoseView,
  doseView,
  type Overlay,
  type OverlayState,
  overlaysOf,
  removeOverlay,
  toggleHidden,
} from './overlay-state.ts';
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
  const state = useStore(store);
  const { overlays, hidden, opacity, folded } = state;
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
            {overlay.kind === 'dose' && <DoseOptions overlay={overlay} maximum={painter.volume(overlay)?.maximum} />}
            <ul>
              {linesOf(overlay, shown, painter, state).map(({ number, name, detail, colour, here }) => {
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

function linesOf(overlay: Overlay, shown: StackFrame, painter: OverlayPainter, state: OverlayState): Line[] {
  if (overlay.kind === 'segmentation') {
    const { segmentation } = overlay;
    const image = { sopInstanceUID: shown.instance.sopInstanceUID, frame: shown.frame, plane: shown.plane };
    const here = new Set(framesOn(segmentation, image).map(({ segment }) => segment));
    const fractions = segmentation.fractions === '' ? '' : sayObject(`overlay.${segmentation.fractions}`);
    return segmentation.segments.map(({ number, label, property, colour }) => ({
      number,
      name: label || String(number),
      detail: [property === label ? '' : property, fractions].filter(Boolean).join(', '),
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
  const hundred = doseView(state, overlay.sopInstanceUID).hundred;
  const maximum = painter.volume(overlay)?.maximum;
  const whole = hundred ?? maximum;
  // Nothing is above the highest dose.
  return DOSE_LEVELS.filter(({ percent }) => hundred !== undefined || percent <= 100).map(({ percent, colour }) => ({
    number: percent,
    name: sayObject('overlay.dosePercent', { percent }),
    detail: whole === undefined ? '' : doseText((whole * percent) / 100, overlay.grid.units),
    colour,
    here: maximum === undefined || whole === undefined || (whole * percent) / 100 <= maximum,
  }));
}

/** Wash and lines, and which dose is 100 %. */
function DoseOptions({
  overlay,
  maximum,
}: {
  readonly overlay: Overlay & { readonly kind: 'dose' };
  readonly maximum: number | undefined;
}) {
  const session = useSession();
  const { sopInstanceUID, grid } = overlay;
  const { wash, lines, hundred } = doseView(useStore(overlaysOf(session)), sopInstanceUID);
  const set = (change: Partial<DoseView>) => changeDose(session, sopInstanceUID, change);
  const take = (text: string) => {
    const dose = Number(text.replace(',', '.'));
    set({ hundred: text.trim() === '' || !Number.isFinite(dose) || dose <= 0 ? undefined : dose });
  };
  return (
    <div className="dose-options">
      <label>
        <input type="checkbox" checked={wash} onChange={(event) => set({ wash: event.target.checked })} />
        {sayObject('overlay.wash')}
      </label>
      <label>
        <input type="checkbox" checked={lines} onChange={(event) => set({ lines: event.target.checked })} />
        {sayObject('overlay.isodoses')}
      </label>
      <label title={sayObject('overlay.hundredTip')}>
        {sayObject('overlay.hundred')}
        <input
          className="numbers"
          inputMode="decimal"
          size={6}
          defaultValue={hundred ?? ''}
          placeholder={maximum === undefined ? '' : String(Number(maximum.toPrecision(4)))}
          aria-label={sayObject('overlay.hundredTip')}
          onChange={(event) => take(event.target.value)}
        />
        {grid.units === 'GY' ? sayObject('overlay.gray') : ''}
      </label>
    </div>
  );
}

function doseText(dose: number, units: string): string {
  return sayObject(units === 'GY' ? 'overlay.doseGy' : 'overlay.doseRelative', { dose: Number(dose.toPrecision(3)) });
}
