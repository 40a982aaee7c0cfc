import { IconX } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { IconButton } from '../../../ui/IconButton.tsx';
import type { StoredObject } from '../../dataset/stored-object.ts';
import { panesOf } from '../../layout/layout.ts';
import { usePaneView, useSession, useSessionState } from '../../layout/use-session.ts';
import type { StackFrame } from '../../stack.ts';
import { sayOr } from '../../words.ts';
import { useObject } from '../use-object.ts';
import { sayObject } from '../words.ts';
import { type DiffRow, differences, type TagRow, tagRows, writtenTag } from './rows.ts';
import { closeTags, useTagSheet } from './sheet-state.ts';
import { TagTable } from './TagTable.tsx';
import './tags.css';

interface Read {
  readonly rows: readonly TagRow[];
}

const read = (object: StoredObject): Read => ({ rows: tagRows(object.root, object.header.names) });

/** The elements of what a pane shows, beside the panes; or what differs between two instances. */
export function TagSheet() {
  const pane = useTagSheet((state) => state.pane);
  return pane === undefined ? null : <OpenSheet pane={pane} />;
}

function OpenSheet({ pane }: { readonly pane: string }) {
  const session = useSession();
  const box = useRef<HTMLElement>(null);
  const frame = usePaneView(session.pane(pane), (view) => view.frames[view.wanted]);
  const [other, setOther] = useState('');
  useEffect(() => () => void closeTags(), []);
  return (
    <section
      className="tags-sheet"
      ref={box}
      aria-label={sayObject('table.title')}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape') closeTags();
      }}
    >
      <header className="tags-head">
        <h2>{sayObject('table.title')}</h2>
        <span className="soft numbers">{frame === undefined ? '' : nameOf(frame)}</span>
        <span className="spacer" />
        <Compared pane={pane} frame={frame} value={other} change={setOther} />
        <IconButton label={sayObject('table.close')} keys="Esc" onClick={closeTags}>
          <IconX className="icon" aria-hidden="true" />
        </IconButton>
      </header>
      {frame === undefined ? (
        <p className="object-empty">{sayObject('table.noImage')}</p>
      ) : (
        <One key={frame.instance.sopInstanceUID} sopInstanceUID={frame.instance.sopInstanceUID} other={other} />
      )}
    </section>
  );
}

function nameOf(frame: StackFrame): string {
  const label = sayObject('instance', { number: frame.instance.instanceNumber ?? 1 });
  return frame.instance.numberOfFrames > 1 ? sayObject('table.frame', { label, frame: frame.frame + 1 }) : label;
}

interface ComparedProps {
  readonly pane: string;
  readonly frame: StackFrame | undefined;
  readonly value: string;
  change(sopInstanceUID: string): void;
}

/** What can be compared: what the other panes show, and the neighbours in the series. */
function Compared({ pane, frame, value, change }: ComparedProps) {
  const session = useSession();
  const layout = useSessionState((state) => state.layout);
  const contents = useSessionState((state) => state.contents);
  const options = useMemo(() => {
    const found: { uid: string; label: string }[] = [];
    const add = (one: StackFrame | undefined, label: (name: string) => string) => {
      const uid = one?.instance.sopInstanceUID;
      if (one === undefined || uid === undefined || uid === frame?.instance.sopInstanceUID || found.some((known) => known.uid === uid))
        return;
      found.push({ uid, label: label(nameOf(one)) });
    };
    for (const id of panesOf(layout)) {
      const content = contents[id];
      if (id === pane || content === undefined) continue;
      const series = session.find(content)?.series;
      add(session.pane(id).wanted, (name) => sayObject('table.pane', { label: `${series?.modality ?? ''} ${name}` }));
    }
    const own = session.pane(pane).frames;
    const at = frame === undefined ? -1 : own.indexOf(frame);
    add(
      own.findLast(({ instance }, i) => i < at && instance !== frame?.instance),
      (name) => `${sayObject('table.before')}: ${name}`,
    );
    add(
      own.find(({ instance }, i) => i > at && instance !== frame?.instance),
      (name) => `${sayObject('table.after')}: ${name}`,
    );
    return found;
  }, [session, layout, contents, pane, frame]);
  const chosen = options.some(({ uid }) => uid === value) ? value : '';
  useEffect(() => {
    if (chosen !== value) change(chosen);
  }, [chosen, value, change]);
  return (
    <label className="tags-compare">
      <span className="soft">{sayObject('table.compare')}</span>
      <select value={chosen} onChange={(event) => change(event.target.value)}>
        <option value="">{sayObject('table.nothing')}</option>
        {options.map(({ uid, label }) => (
          <option key={uid} value={uid}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

function One({ sopInstanceUID, other }: { readonly sopInstanceUID: string; readonly other: string }) {
  const loaded = useObject(sopInstanceUID, read);
  if (loaded.state === 'loading') return <p className="object-empty">{sayObject('loading')}</p>;
  if (loaded.state === 'failed') return <p className="object-empty">{sayOr(`reason.${loaded.error}`, 'reason.other')}</p>;
  if (other === '') return <TagTable object={loaded.object} rows={loaded.value.rows} focus />;
  return <Difference key={other} left={loaded.value.rows} other={other} />;
}

function Difference({ left, other }: { readonly left: readonly TagRow[]; readonly other: string }) {
  const loaded = useObject(other, read);
  const rows = useMemo(() => (loaded.state === 'there' ? differences(left, loaded.value.rows) : []), [left, loaded]);
  if (loaded.state === 'loading') return <p className="object-empty">{sayObject('loading')}</p>;
  if (loaded.state === 'failed') return <p className="object-empty">{sayOr(`reason.${loaded.error}`, 'reason.other')}</p>;
  if (rows.length === 0) return <p className="object-empty">{sayObject('table.same')}</p>;
  return (
    <div className="tags">
      <div className="tags-bar">
        <span className="soft numbers">{sayObject('table.differing', { count: rows.length })}</span>
      </div>
      <div className="tags-rows">
        <table className="tags-diff">
          <thead>
            <tr>
              <th>{sayObject('table.tag')}</th>
              <th>{sayObject('table.name')}</th>
              <th>{sayObject('table.left')}</th>
              <th>{sayObject('table.right')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MAX_SHOWN).map((row) => (
              <DiffCells key={row.path} row={row} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** More differences than these nobody reads. */
const MAX_SHOWN = 1000;

function DiffCells({ row }: { readonly row: DiffRow }) {
  const one = row.left ?? row.right;
  if (one === undefined) return null;
  const way = row.path.split('/').slice(0, -1);
  return (
    <tr>
      <td className="numbers" title={row.path}>
        {way.length > 0 && (
          <span className="quiet">{way.map((part) => (part.length === 8 ? writtenTag(part) : `[${part}]`)).join(' ')} </span>
        )}
        {one.item === undefined ? writtenTag(one.tag) : sayObject('table.item', { number: one.item })}
      </td>
      <td>{one.keyword}</td>
      <Side row={row.left} />
      <Side row={row.right} />
    </tr>
  );
}

function Side({ row }: { readonly row: TagRow | undefined }) {
  if (row === undefined) return <td className="quiet">{sayObject('table.absent')}</td>;
  const bytes = row.bytes === undefined || row.value !== '' ? '' : sayObject('table.bytes', { bytes: row.bytes.toLocaleString('en') });
  const value = row.vr === 'SQ' ? sayObject('table.items', { count: Number(row.value) }) : row.value || bytes;
  return (
    <td className="numbers" title={value}>
      <bdi>{value}</bdi>
    </td>
  );
}
