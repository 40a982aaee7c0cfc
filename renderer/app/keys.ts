import { useEffect } from 'react';
import { choose } from '../importing/ImportButtons.tsx';
import { app, selectedEntry } from './store.ts';
import { retrieveStudy } from './study-commands.ts';

interface Shortcut {
  readonly key: string;
  readonly ctrl: boolean;
  readonly shift?: boolean;
  run(): void;
}

/** Keys of the whole window; those of the table are the table's. */
const SHORTCUTS: readonly Shortcut[] = [
  { key: '/', ctrl: false, run: focusSearch },
  { key: 'j', ctrl: true, run: toggleDrawer },
  { key: ',', ctrl: true, run: () => app.set(({ panel }) => ({ panel: panel?.kind === 'settings' ? undefined : { kind: 'settings' } })) },
  { key: 'r', ctrl: true, run: retrieveSelected },
  { key: 'o', ctrl: true, shift: false, run: () => choose(false) },
  { key: 'o', ctrl: true, shift: true, run: () => choose(true) },
];

export function useShortcuts(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const shortcut = SHORTCUTS.find(
        (one) =>
          one.key === event.key.toLowerCase() &&
          one.ctrl === (event.ctrlKey || event.metaKey) &&
          (one.shift ?? event.shiftKey) === event.shiftKey,
      );
      if (shortcut === undefined || event.altKey || (!shortcut.ctrl && isTyping(event.target))) return;
      // The viewer has keys of its own; only what would reload the window under a reader, or open a file in it, is caught there too.
      if (app.get().viewing !== undefined) {
        if (shortcut.key === 'r' || shortcut.key === 'o') event.preventDefault();
        return;
      }
      event.preventDefault();
      shortcut.run();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

export function toggleDrawer(): void {
  app.set(({ drawerOpen }) => ({ drawerOpen: !drawerOpen }));
}

function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>('input[type="search"]');
  field?.focus();
  field?.select();
}

function retrieveSelected(): void {
  const entry = selectedEntry(app.get());
  if (entry !== undefined) retrieveStudy(entry);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
