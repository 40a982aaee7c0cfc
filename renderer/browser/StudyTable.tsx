import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type SyntheticEvent, useEffect, useMemo, useRef } from 'react';
import type { ActionComplete } from '../../shared/contract/index.ts';
import { loadTail, setSearch } from '../app/searching.ts';
import { loadSeries } from '../app/series.ts';
import { needsAttention, type RunningAction } from '../app/state.ts';
import { anchor, app, studyOfRow, useApp } from '../app/store.ts';
import { openStudy } from '../app/study-commands.ts';
import { TAIL_PAGE } from '../app/study-list.ts';
import { t } from '../i18n/index.ts';
import { domId } from './dom.ts';
import { RowMenu } from './RowMenu.tsx';
import { type Row, type Rows, rowsOf } from './rows.ts';
import { SeriesRowView } from './SeriesRowView.tsx';
import { StudyRowView } from './StudyRowView.tsx';
import { TableFoot } from './TableFoot.tsx';
import { TableHead } from './TableHead.tsx';
import { TableMessage } from './TableMessage.tsx';

const ROW_HEIGHT = 28;

/** Studies of all ticked sources, one line each, their series below on request. Keys: arrows, PgUp PgDn Home End, Enter, Esc. */
export function StudyTable() {
  const list = useApp((state) => state.list);
  const version = useApp((state) => state.listVersion);
  const expanded = useApp((state) => state.expanded);
  const series = useApp((state) => state.series);
  const selected = useApp((state) => state.selected);
  const scroller = useRef<HTMLDivElement>(null);
  const hand = useRef<{ touched: boolean; over: string | undefined }>({ touched: false, over: undefined });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list changes in place and counts its changes in `version`
  const rows = useMemo(() => rowsOf(list, expanded, series), [list, version, expanded, series]);
  const arriving = useRetrieves();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
  });
  const items = virtual.getVirtualItems();

  // Rows may still come in below the one under the pointer and the selected one, never above them.
  const holdRows = (): void => {
    const { touched, over } = hand.current;
    const firstVisible = Math.floor((virtual.scrollOffset ?? 0) / ROW_HEIGHT);
    const held = touched ? [over, selected].map((id) => (id === undefined ? -1 : rows.indexOf(id))) : [];
    const last = Math.max(-1, ...held, firstVisible > 0 ? firstVisible : -1);
    anchor.row = last < 0 || rows.length === 0 ? 0 : rows.placeOf(Math.min(last, rows.length - 1)) + 1;
  };
  useEffect(holdRows);
  useEffect(() => {
    const head = list.order.length;
    const places = items.map((item) => rows.placeOf(item.index)).filter((place) => place >= head);
    for (const page of new Set(places.map((place) => Math.floor((place - head) / TAIL_PAGE)))) void loadTail(page);
  });
  // A new search begins at its first row.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new list is the signal
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
    hand.current = { touched: false, over: undefined };
  }, [list]);

  /** A resting pointer is no reader: only its movement, a wheel or a key since the search began holds rows in place. */
  const touch = (event: SyntheticEvent): void => {
    const row = event.target instanceof Element ? event.target.closest('.study-canvas > [role="row"]') : null;
    hand.current = { touched: true, over: row?.getAttribute('data-row') ?? undefined };
    holdRows();
  };
  const select = (index: number): void => {
    const row = rows.at(Math.max(0, Math.min(rows.length - 1, index)));
    if (rows.length === 0 || row.kind === 'note') return;
    virtual.scrollToIndex(Math.max(0, Math.min(rows.length - 1, index)));
    if (row.kind !== 'absent') app.set({ selected: row.id });
  };
  const page = Math.max(1, Math.floor((virtual.scrollRect?.height ?? 0) / ROW_HEIGHT) - 1);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtualised grid cannot be a table element
    <div
      className="studies panel"
      role="grid"
      aria-label={t('table.name')}
      aria-rowcount={rows.length + 2}
      aria-activedescendant={selected === undefined ? undefined : domId(selected)}
      tabIndex={0}
      onKeyDown={(event) => {
        hand.current = { ...hand.current, touched: true };
        onKey(event, rows, select, page);
      }}
      onPointerDown={(event) => {
        touch(event);
        if (event.button === 2) selectUnder(event);
      }}
      onPointerMove={(event) => (event.movementX !== 0 || event.movementY !== 0) && touch(event)}
      onWheel={touch}
      onPointerOver={(event) => hand.current.touched && touch(event)}
      onPointerLeave={() => {
        hand.current = { ...hand.current, over: undefined };
      }}
    >
      <TableHead />
      <RowMenu>
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div className="study-rows" role="rowgroup" ref={scroller}>
          {rows.length === 0 ? (
            <TableMessage />
          ) : (
            <div className="study-canvas" role="presentation" style={{ height: virtual.getTotalSize() }}>
              {items.map((item) => (
                <TableRow key={item.key} row={rows.at(item.index)} index={item.index} top={item.start} selected={selected} {...arriving} />
              ))}
            </div>
          )}
        </div>
      </RowMenu>
      <TableFoot />
    </div>
  );
}

interface Retrieves {
  readonly running: ReadonlyMap<string, RunningAction>;
  readonly failed: ReadonlyMap<string, ActionComplete>;
}

/** Retrieves by study: what runs, and what went wrong last and was not dismissed. */
function useRetrieves(): Retrieves {
  const running = useApp((state) => state.workstation.running);
  const finished = useApp((state) => state.workstation.finished);
  const byStudy = useMemo(() => {
    const map = new Map<string, RunningAction>();
    for (const one of Object.values(running))
      if (one.update.action.command === 'retrieve') map.set(one.update.action.studyInstanceUID, one);
    return map;
  }, [running]);
  const failed = useMemo(() => {
    const newest = new Map<string, ActionComplete>();
    for (const one of Object.values(finished)) {
      if (one.action.command !== 'retrieve') continue;
      const known = newest.get(one.action.studyInstanceUID);
      if (known === undefined || known.finishedAt <= one.finishedAt) newest.set(one.action.studyInstanceUID, one);
    }
    for (const [uid, one] of newest) if (!needsAttention(one)) newest.delete(uid);
    return newest;
  }, [finished]);
  return { running: byStudy, failed };
}

interface TableRowProps extends Retrieves {
  readonly row: Row;
  readonly index: number;
  readonly top: number;
  readonly selected: string | undefined;
}

function TableRow({ row, index, top, selected, running, failed }: TableRowProps) {
  const common = { index, top, selected: row.id === selected };
  if (row.kind === 'study') {
    return <StudyRowView {...common} entry={row.entry} running={running.get(row.entry.uid)} failed={failed.get(row.entry.uid)} />;
  }
  if (row.kind === 'series') return <SeriesRowView {...common} study={row.study} entry={row.entry} />;
  const words = row.kind === 'absent' ? '' : row.known?.state === 'failed' ? row.known.sentence : undefined;
  return (
    <div className="row note-row" style={{ transform: `translateY(${top}px)` }} data-absent={row.kind === 'absent'} role="presentation">
      {words ?? (row.kind === 'note' && row.known?.state === 'ready' ? t('table.seriesNone') : t('table.seriesLoading'))}
    </div>
  );
}

function onKey(event: KeyboardEvent, rows: Rows, select: (index: number) => void, page: number): void {
  if (event.target instanceof HTMLInputElement || event.ctrlKey || event.altKey || event.metaKey) return;
  const { selected } = app.get();
  const index = selected === undefined ? -1 : rows.indexOf(selected);
  const row = index < 0 ? undefined : rows.at(index);
  const moves: Readonly<Record<string, () => void>> = {
    ArrowDown: () => select(nextIndex(rows, index, 1)),
    ArrowUp: () => select(nextIndex(rows, index, -1)),
    PageDown: () => select(index + page),
    PageUp: () => select(index - page),
    Home: () => select(0),
    End: () => select(rows.length - 1),
    ArrowRight: () => row?.kind === 'study' && expand(row),
    ArrowLeft: () => row !== undefined && collapse(row.id),
    Enter: () => row !== undefined && event.target === event.currentTarget && openRow(row),
    Escape: stepBack,
  };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  move();
}

function nextIndex(rows: Rows, index: number, step: 1 | -1): number {
  const next = index + step;
  const isNote = next >= 0 && next < rows.length && rows.at(next).kind === 'note';
  return isNote ? next + step : next;
}

function expand(row: Extract<Row, { kind: 'study' }>): void {
  app.set((state) => ({ expanded: { ...state.expanded, [row.entry.uid]: true } }));
  void loadSeries(row.entry);
}

function collapse(rowId: string): void {
  const uid = studyOfRow(rowId);
  app.set((state) => ({ expanded: { ...state.expanded, [uid]: false }, selected: uid }));
}

function openRow(row: Row): void {
  if (row.kind === 'study') openStudy(row.entry);
  else if (row.kind === 'series') openStudy(row.study);
}

/** Back, one step at a time: the waiting opening, the side panel, the selection, then the search. */
function stepBack(): void {
  const { opensOnArrival, panel, selected, searchText } = app.get();
  if (opensOnArrival !== undefined) app.set({ opensOnArrival: undefined });
  else if (panel !== undefined) app.set({ panel: undefined });
  else if (selected !== undefined) app.set({ selected: undefined });
  else if (searchText !== '') setSearch({ searchText: '' });
}

/** The menu is about the row under the pointer. */
function selectUnder(event: SyntheticEvent): void {
  const row = event.target instanceof Element ? event.target.closest('[data-row]') : null;
  const id = row?.getAttribute('data-row');
  if (id !== null && id !== undefined) app.set({ selected: id });
}
