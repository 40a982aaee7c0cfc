import './objects.css';
import { type ReactNode, useEffect, useRef } from 'react';

const POINTER = ['pointerdown', 'dblclick', 'wheel', 'contextmenu'] as const;
const SCROLL_KEYS: ReadonlySet<string> = new Set([
  'ArrowUp',
  'ArrowDown',
  'ArrowLeft',
  'ArrowRight',
  'PageUp',
  'PageDown',
  'Home',
  'End',
  ' ',
]);

interface SheetProps {
  readonly label: string;
  readonly kind: string;
  /** Stands above what scrolls. */
  readonly bar?: ReactNode;
  readonly children: ReactNode;
}

/** What a pane shows in place of a picture. Presses in it are not the pane's; keys that scroll scroll it. */
export function Sheet({ label, kind, bar, children }: SheetProps) {
  const box = useRef<HTMLElement>(null);
  useOwnPointer(box);
  return (
    <section className="object-sheet" ref={box} aria-label={label} data-object={kind}>
      {bar !== undefined && <div className="object-bar">{bar}</div>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <div className="object-scroll" tabIndex={0}>
        {children}
      </div>
    </section>
  );
}

/** Keeps what the pane listens to from it: its tools would take every press. */
export function useOwnPointer(box: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const stop = (event: Event) => event.stopPropagation();
    const keys = (event: KeyboardEvent) => {
      const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      const copies = (event.ctrlKey || event.metaKey) && (event.key === 'c' || event.key === 'a') && !event.shiftKey;
      if ((inField && event.key !== 'Escape') || copies || (SCROLL_KEYS.has(event.key) && !event.ctrlKey)) event.stopPropagation();
    };
    for (const type of POINTER) element.addEventListener(type, stop);
    element.addEventListener('keydown', keys);
    return () => {
      for (const type of POINTER) element.removeEventListener(type, stop);
      element.removeEventListener('keydown', keys);
    };
  }, [box]);
}
