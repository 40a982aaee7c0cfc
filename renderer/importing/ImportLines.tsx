import './importing.css';
import { Button, Menu } from '@mantine/core';
import { IconArrowDown, IconDeviceFloppy } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { ActionComplete, ImportedItem } from '../../shared/contract/index.ts';
import { formatBytes, formatCount } from '../app/format.ts';
import { type Copying, useImporting } from './importing.ts';
import { type ImportOutcome, outcomeOf, reportText } from './tally.ts';
import { sayImport } from './words.ts';

/** A drop on its way to the workstation: how far it is, and the way to stop it. */
export function CopyingLine({ copying }: { copying: Copying }) {
  const { label, found, done, bytes, isWalking } = copying;
  const name = sayImport('named', { label });
  const words = sayImport(isWalking ? 'copyingMore' : 'copyingOf', { done: formatCount(done), found: formatCount(found) });
  return (
    <li className="action" data-state="running">
      <IconArrowDown className="icon accent" aria-hidden />
      <span className="action-name" title={name}>
        <bdi>{name}</bdi>
      </span>
      <span className="action-state">{sayImport('copying')}</span>
      <progress className="action-bar" {...(isWalking || found === 0 ? {} : { value: done / found })} max={1} aria-label={name} />
      <span className="action-numbers numbers">{[words, ...(bytes > 0 ? [formatBytes(bytes)] : [])].join(' · ')}</span>
      <span className="action-buttons">
        <Button size="compact-xs" onClick={copying.cancel}>
          {sayImport('cancel')}
        </Button>
      </span>
    </li>
  );
}

const COUNTS = ['imported', 'known', 'conflict', 'refused', 'notDicom', 'missing', 'truncated', 'directories'] as const;
/** Always said, so that nobody wonders. */
const ALWAYS: ReadonlySet<string> = new Set(['imported', 'known', 'conflict', 'refused', 'notDicom']);
const NAMES_SHOWN = 200;

/** What came of an import: counts, what was not taken in and why, and the report. */
export function ImportResult({ complete }: { complete: ActionComplete }) {
  const tally = useImporting(({ tallies }) => tallies[complete.actionId]);
  const outcome = useMemo(() => outcomeOf(complete, tally), [complete, tally]);
  const { counts, groups, items, isPart } = outcome;
  const named = groups.reduce((sum, group) => sum + group.items.length, 0);
  return (
    <div className="import-result">
      <p className="numbers">
        {COUNTS.filter((name) => ALWAYS.has(name) || counts[name] > 0)
          .map((name) => sayImport(`count.${name}`, { number: formatCount(counts[name]) }))
          .join(' · ')}
      </p>
      {items.length > 0 && <SaveReport outcome={outcome} finishedAt={complete.finishedAt} />}
      {named > 0 && (
        <details className="import-reasons">
          <summary>{sayImport('details')}</summary>
          {isPart && <p className="soft">{sayImport('partOnly', { number: formatCount(named) })}</p>}
          {groups.map((group) => (
            <Reason key={group.reason} {...group} />
          ))}
        </details>
      )}
    </div>
  );
}

function Reason({ reason, items }: ImportOutcome['groups'][number]) {
  return (
    <section className="import-reason">
      <h4>
        {sayImport(`reason.${reason}`)}{' '}
        <span className="soft numbers">{sayImport('files', { count: items.length, number: formatCount(items.length) })}</span>
      </h4>
      <ul>
        {items.slice(0, NAMES_SHOWN).map((item, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list does not change, and a file may be named twice
          <li key={index}>
            <bdi>{item.path}</bdi>
          </li>
        ))}
        {items.length > NAMES_SHOWN && (
          <li className="soft">{sayImport('moreReasons', { number: formatCount(items.length - NAMES_SHOWN) })}</li>
        )}
      </ul>
    </section>
  );
}

function SaveReport({ outcome, finishedAt }: { outcome: ImportOutcome; finishedAt: number }) {
  return (
    <Menu position="top-end" withinPortal>
      <Menu.Target>
        <Button size="compact-xs" leftSection={<IconDeviceFloppy className="icon" />}>
          {sayImport('save')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save(outcome.items, 'csv', finishedAt)}>{sayImport('csv')}</Menu.Item>
        <Menu.Item onClick={() => save(outcome.items, 'json', finishedAt)}>{sayImport('json')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const TYPES = { csv: 'text/csv;charset=utf-8', json: 'application/json' } as const;

function save(items: readonly ImportedItem[], form: keyof typeof TYPES, finishedAt: number): void {
  const url = URL.createObjectURL(new Blob(reportText(items, form), { type: TYPES[form] }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `import-${new Date(finishedAt).toISOString().slice(0, 19).replaceAll(':', '-')}.${form}`;
  link.click();
  // The browser has taken it over by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
