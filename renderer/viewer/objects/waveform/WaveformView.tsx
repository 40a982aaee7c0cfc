import { IconListTree } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSession } from '../../layout/use-session.ts';
import { useOffer } from '../../picture/offers.ts';
import { NotThere } from '../ObjectView.tsx';
import { useOwnPointer } from '../Sheet.tsx';
import { openTags } from '../tags/sheet-state.ts';
import { useObject } from '../use-object.ts';
import { sayObject } from '../words.ts';
import { drawPaper } from './draw-paper.ts';
import { GAINS, lanesOf, PIXELS_PER_MM, paperHeight, SPEEDS } from './paper.ts';
import { wavesOffer } from './print-waves.ts';
import { type MultiplexGroup, millivolts, readWaveforms } from './waveform.ts';

interface ViewProps {
  readonly sopInstanceUID: string;
  readonly pane: string;
}

/** Waves on paper: 25 mm for a second and 10 mm for a millivolt, unless the reader wants it otherwise. */
export function WaveformView({ sopInstanceUID, pane }: ViewProps) {
  const session = useSession();
  const loaded = useObject(sopInstanceUID, readWaveforms);
  const box = useRef<HTMLElement>(null);
  const [index, setIndex] = useState(0);
  const [speed, setSpeed] = useState<number>(25);
  const [gain, setGain] = useState<number>(10);
  const group = loaded.state === 'there' ? (loaded.value[index] ?? loaded.value[0]) : undefined;
  const offer = useMemo(
    () => (group === undefined ? undefined : wavesOffer(group, speed, gain, fontOf(document.body))),
    [group, speed, gain],
  );
  useOffer(pane, offer);
  if (loaded.state !== 'there') return <NotThere loaded={loaded} pane={pane} />;
  return (
    <OwnSection box={box}>
      <div className="object-bar">
        {loaded.value.length > 1 && (
          <select
            aria-label={sayObject('wave.group', { number: index + 1 })}
            value={index}
            onChange={(event) => setIndex(Number(event.target.value))}
          >
            {loaded.value.map((one, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: groups have no other name
              <option key={i} value={i}>
                {one.label || sayObject('wave.group', { number: i + 1 })}
              </option>
            ))}
          </select>
        )}
        <select aria-label={sayObject('wave.speed')} value={speed} onChange={(event) => setSpeed(Number(event.target.value))}>
          {SPEEDS.map((one) => (
            <option key={one} value={one}>
              {sayObject('wave.millimetresPerSecond', { speed: one })}
            </option>
          ))}
        </select>
        <select aria-label={sayObject('wave.gain')} value={gain} onChange={(event) => setGain(Number(event.target.value))}>
          {GAINS.map((one) => (
            <option key={one} value={one}>
              {sayObject('wave.millimetresPerMillivolt', { gain: one })}
            </option>
          ))}
        </select>
        {group !== undefined && <span className="soft numbers">{factsOf(group, gain)}</span>}
        <span className="spacer" />
        <button type="button" className="object-button" onClick={() => openTags(session, pane)}>
          <IconListTree size={14} aria-hidden="true" />
          {sayObject('tags')}
        </button>
      </div>
      {group === undefined ? <p className="object-empty">{sayObject('wave.none')}</p> : <Paper group={group} speed={speed} gain={gain} />}
    </OwnSection>
  );
}

function OwnSection({ box, children }: { readonly box: React.RefObject<HTMLElement | null>; readonly children: React.ReactNode }) {
  useOwnPointer(box);
  return (
    <section className="object-sheet" ref={box} aria-label={sayObject('wave.plot')} data-object="waveform">
      {children}
    </section>
  );
}

function factsOf(group: MultiplexGroup, gain: number): string {
  const facts = sayObject('wave.facts', {
    channels: group.channels.length,
    seconds: Number((group.samples / group.frequency).toFixed(2)),
    frequency: group.frequency,
  });
  const others = group.channels.filter(({ unit }) => millivolts(unit) === undefined);
  const [first] = lanesOf({ ...group, channels: others.slice(0, 1) }, gain);
  if (first === undefined) return facts;
  const value = Number((1 / first.scale).toPrecision(3));
  return `${facts} · ${sayObject('wave.perMillimetre', { value, unit: first.channel.unit?.value ?? '' })}`;
}

/** Only what is seen is drawn: a day of waves is as wide as a house. */
function Paper({ group, speed, gain }: { readonly group: MultiplexGroup; readonly speed: number; readonly gain: number }) {
  const scroll = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const lanes = useMemo(() => lanesOf(group, gain), [group, gain]);
  const height = Math.ceil(paperHeight(lanes) * PIXELS_PER_MM);
  const length = Math.ceil((group.samples / group.frequency) * speed * PIXELS_PER_MM);
  useEffect(() => {
    const [viewport, element] = [scroll.current, canvas.current];
    const context = element?.getContext('2d');
    if (viewport === null || element === null || context === null || context === undefined) return undefined;
    let waiting: number | undefined;
    const draw = () => {
      waiting = undefined;
      const width = Math.max(1, Math.min(viewport.clientWidth, length));
      element.width = Math.round(width * devicePixelRatio);
      element.height = Math.round(height * devicePixelRatio);
      element.style.width = `${width}px`;
      element.style.height = `${height}px`;
      context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      drawPaper(context, group, lanes, { left: viewport.scrollLeft, width, height, speed }, styleOf(viewport));
      element.dataset.drawn = `${speed} ${gain}`;
    };
    const later = () => {
      waiting ??= requestAnimationFrame(draw);
    };
    draw();
    const observer = new ResizeObserver(later);
    observer.observe(viewport);
    viewport.addEventListener('scroll', later, { passive: true });
    return () => {
      if (waiting !== undefined) cancelAnimationFrame(waiting);
      observer.disconnect();
      viewport.removeEventListener('scroll', later);
    };
  }, [group, lanes, speed, gain, height, length]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
    <div className="object-scroll wave-scroll" ref={scroll} tabIndex={0}>
      <div style={{ width: length, height }}>
        <canvas ref={canvas} className="wave-paper" role="img" aria-label={group.channels.map(({ name }) => name).join(', ')} />
      </div>
    </div>
  );
}

function styleOf(element: Element): Parameters<typeof drawPaper>[4] {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  return {
    ground: value('--bg-0'),
    fine: value('--wave-fine'),
    strong: value('--wave-strong'),
    trace: value('--text-1'),
    name: value('--text-2'),
    font: fontOf(element),
  };
}

function fontOf(element: Element): string {
  const style = getComputedStyle(element);
  return `${style.getPropertyValue('--font-small').trim()} ${style.getPropertyValue('--font').trim()}`;
}
