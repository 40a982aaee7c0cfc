import { IconChevronDown, IconChevronRight, IconCopy } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Item } from '../../dataset/item.ts';
import type { StoredObject } from '../../dataset/stored-object.ts';
import { sayObject } from '../words.ts';
import { hex, rowText, type TagRow, visibleRows, writtenTag } from './rows.ts';
import './tags.css';

const ROW = 24;

interface TableProps {
  readonly object: StoredObject;
  readonly rows: readonly TagRow[];
  /** Takes the focus when it is made. */
  readonly focus?: boolean;
}

/** Elements of a data set: searched, opened and closed, copied. Only the rows on the screen exist. */
export function TagTable({ object, rows, focus = false }: TableProps) {
  const [search, setSearch] = useState('');
  const [closed, setClosed] = useState<ReadonlySet<string>>(() => new Set());
  const visible = useMemo(() => visibleRows(rows, closed, search), [rows, closed, search]);
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) field.current?.focus({ preventScroll: true });
  }, [focus]);
  const toggle = (path: string) =>
    setClosed((before) => {
      const next = new Set(before);
      if (!next.delete(path)) next.add(path);
      return next;
    });
  const copy = () => {
    const text = visible.map(rowText).join('\n');
    void navigator.clipboard.writeText(`${text}\n`).then(() => setCopied(true));
  };
  return (
    <div className="tags">
      <div className="tags-bar">
        <input
          ref={field}
          type="search"
          placeholder={sayObject('table.search')}
          aria-label={sayObject('table.search')}
          value={search}
          onChange={(event) => {
            setSearch(event.target.value);
            setCopied(false);
          }}
        />
        <span className="soft numbers">{sayObject('table.rows', { count: visible.length })}</span>
        <span className="spacer" />
        <button type="button" className="object-button" onClick={copy}>
          <IconCopy size={14} aria-hidden="true" />
          {sayObject(copied ? 'table.copied' : 'table.copy')}
        </button>
      </div>
      {object.header.truncated && <p className="object-warning">{sayObject('table.truncated')}</p>}
      <Rows object={object} rows={visible} closed={closed} toggle={toggle} />
    </div>
  );
}

interface RowsProps {
  readonly object: StoredObject;
  readonly rows: readonly TagRow[];
  readonly closed: ReadonlySet<string>;
  toggle(path: string): void;
}

function Rows({ object, rows, closed, toggle }: RowsProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroll.current, estimateSize: () => ROW, overscan: 12 });
  if (rows.length === 0) return <p className="object-empty">{sayObject('table.noMatch')}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
    <div className="tags-rows" ref={scroll} tabIndex={0}>
      <ul className="tags-list" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <li
              key={row.path}
              className="tags-row"
              data-private={row.isPrivate}
              data-tag={row.tag}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Cells object={object} row={row} closed={closed.has(row.path)} toggle={toggle} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Cells({ object, row, closed, toggle }: { object: StoredObject; row: TagRow; closed: boolean; toggle(path: string): void }) {
  const Chevron = closed ? IconChevronRight : IconChevronDown;
  return (
    <>
      <span className="tags-tag numbers" style={{ paddingInlineStart: row.depth * 12 }}>
        {row.holds === 'nothing' ? (
          <span className="tags-gap" />
        ) : (
          <button
            type="button"
            className="tags-fold"
            aria-label={sayObject('table.open')}
            aria-expanded={!closed}
            onClick={() => toggle(row.path)}
          >
            <Chevron size={12} aria-hidden="true" />
          </button>
        )}
        {row.item === undefined ? writtenTag(row.tag) : sayObject('table.item', { number: row.item })}
      </span>
      <span className="soft">{row.vr}</span>
      <span className="tags-name" title={row.keyword}>
        {row.item !== undefined ? '' : row.keyword || <span className="quiet">{row.isPrivate ? sayObject('table.private') : ''}</span>}
      </span>
      <span className="tags-value numbers" title={row.value}>
        <ShownValue object={object} row={row} />
      </span>
    </>
  );
}

/** Bytes shown of a value that is left in the file. */
const FIRST_BYTES = 256;

function ShownValue({ object, row }: { readonly object: StoredObject; readonly row: TagRow }) {
  const [bytes, setBytes] = useState<string>();
  if (row.vr === 'SQ') return <span className="quiet">{sayObject('table.items', { count: Number(row.value) })}</span>;
  if (row.bytes === undefined || row.value !== '') return <bdi>{row.value}</bdi>;
  const show = () => {
    const [holder, tag] = holderOf(object.root, row.path);
    const [range] = holder?.ranges(tag) ?? [];
    if (range === undefined) return;
    const first = { offset: range.offset, length: Math.min(range.length, FIRST_BYTES) };
    object.span([first]).then(
      (cut) => setBytes(hex(cut(first))),
      () => setBytes('?'),
    );
  };
  if (bytes !== undefined) return <span title={bytes}>{bytes}</span>;
  return (
    <button type="button" className="report-link" title={sayObject('table.showBytes')} onClick={show}>
      {sayObject('table.bytes', { bytes: row.bytes.toLocaleString('en') })}
    </button>
  );
}

/** The data set or item that a row's element stands in, and its tag there. */
function holderOf(root: Item, path: string): [Item | undefined, string] {
  const parts = path.split('/');
  let holder: Item | undefined = root;
  for (let i = 0; i + 2 < parts.length; i += 2) holder = holder?.sequence(parts[i] ?? '')[Number(parts[i + 1]) - 1];
  return [holder, parts.at(-1) ?? ''];
}
