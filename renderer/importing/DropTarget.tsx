import './importing.css';
import { IconBan, IconFileImport } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { app, useApp } from '../app/store.ts';
import { importDropped } from './importing.ts';
import { sayImport } from './words.ts';

/** What is being dragged over the window: so many things to import (0: the system does not say), or why not. */
type Over = { readonly count: number } | { readonly refusal: 'refusedNoFiles' | 'refusedViewing' | 'refusedConnection' };

/**
 * The whole window takes files, folders and ZIPs: while something is dragged over it, it says what a drop will do, or why it will do nothing. Drags
 * that begin in the window are not its business, nor is text for a field.
 */
export function DropTarget() {
  const [over, setOver] = useState<Over>();
  const viewing = useApp((state) => state.viewing !== undefined);
  useEffect(() => {
    let own = false;
    const isOurs = ({ target, dataTransfer }: DragEvent): boolean =>
      !own && dataTransfer !== null && (hasFiles(dataTransfer) || !(target instanceof Element && target.matches('input, textarea')));
    const start = (): void => {
      own = true;
    };
    const end = (): void => {
      own = false;
      setOver(undefined);
    };
    const move = (event: DragEvent): void => {
      const { dataTransfer } = event;
      if (dataTransfer === null || !isOurs(event)) return;
      event.preventDefault();
      const next = look(dataTransfer);
      dataTransfer.dropEffect = 'refusal' in next ? 'none' : 'copy';
      setOver((before) => (before !== undefined && same(before, next) ? before : next));
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(undefined);
    };
    const drop = (event: DragEvent): void => {
      const { dataTransfer } = event;
      if (dataTransfer === null || !isOurs(event)) return;
      // Without this the window would show the file instead of itself.
      event.preventDefault();
      setOver(undefined);
      if (!('refusal' in look(dataTransfer))) importDropped(dataTransfer);
    };
    const listeners = [
      ['dragstart', start],
      ['dragend', end],
      ['dragenter', move],
      ['dragover', move],
      ['dragleave', leave],
      ['drop', drop],
    ] as const;
    for (const [name, listener] of listeners) window.addEventListener(name, listener as (event: DragEvent) => void);
    return () => {
      for (const [name, listener] of listeners) window.removeEventListener(name, listener as (event: DragEvent) => void);
    };
  }, []);
  if (over === undefined) return null;
  const refused = 'refusal' in over;
  return (
    <div className="drop-target" data-refused={refused} data-small={refused && viewing}>
      <div className="drop-words" role="status">
        {refused ? <IconBan className="icon warn" aria-hidden /> : <IconFileImport className="icon accent" aria-hidden />}
        <strong>
          {refused ? sayImport('refused') : over.count === 0 ? sayImport('dropUnknown') : sayImport('drop', { count: over.count })}
        </strong>
        <span className="soft">{refused ? sayImport(over.refusal) : sayImport('dropHelp')}</span>
      </div>
    </div>
  );
}

function look(transfer: DataTransfer): Over {
  if (!hasFiles(transfer)) return { refusal: 'refusedNoFiles' };
  const { viewing, connection } = app.get();
  if (connection !== 'connected') return { refusal: 'refusedConnection' };
  if (viewing !== undefined) return { refusal: 'refusedViewing' };
  return { count: [...transfer.items].filter(({ kind }) => kind === 'file').length };
}

function hasFiles(transfer: DataTransfer): boolean {
  return transfer.types.includes('Files');
}

function same(one: Over, other: Over): boolean {
  return 'refusal' in one ? 'refusal' in other && one.refusal === other.refusal : 'count' in other && one.count === other.count;
}
