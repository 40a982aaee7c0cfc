import './actions.css';
import { Button } from '@mantine/core';
import { IconAlertTriangle, IconArrowsUpDown, IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { ActionComplete, PacsNode } from '../../shared/contract/index.ts';
import { toggleDrawer } from '../app/keys.ts';
import { drawerActions, needsAttention, type RunningAction } from '../app/state.ts';
import { useApp } from '../app/store.ts';
import { clearAway } from '../app/study-commands.ts';
import { t } from '../i18n/index.ts';
import { CopyingLine } from '../importing/ImportLines.tsx';
import { useImporting } from '../importing/importing.ts';
import { Tip } from '../ui/Tip.tsx';
import { FinishedLine, RunningLine } from './ActionLine.tsx';
import { actionName, outcomeWords, progressWords } from './words.ts';

/** Everything that runs, waits or went wrong, one line each. Closed, its head still says what matters most. */
export function ActionDrawer() {
  const workstation = useApp((state) => state.workstation);
  const open = useApp((state) => state.drawerOpen);
  const { running, finished } = useMemo(() => drawerActions(workstation), [workstation]);
  const copying = useImporting((state) => state.copying);
  const under = running.length + copying.length;
  const attention = finished.filter(needsAttention);
  const first = attention[0]?.diagnosis?.sentence;
  const summary = [
    ...(under > 0 ? [t('actions.summaryRunning', { count: under })] : []),
    ...(finished.length > attention.length ? [t('actions.summaryDone', { count: finished.length - attention.length })] : []),
  ].join(' · ');
  return (
    <section className="drawer" aria-label={t('actions.region')}>
      <div className="drawer-head">
        <Tip label={t('actions.toggle')} keys="Ctrl+J">
          <button type="button" className="drawer-toggle" aria-expanded={open} aria-keyshortcuts="Control+J" onClick={toggleDrawer}>
            {open ? <IconChevronDown className="icon" aria-hidden /> : <IconChevronUp className="icon" aria-hidden />}
            <IconArrowsUpDown className="icon" aria-hidden />
            <strong>{t('actions.title')}</strong>
            <span className="soft numbers" role="status">
              {summary}
            </span>
            {!open && attention.length === 0 && <Newest running={running[0]} finished={finished[0]} nodes={workstation.nodes} />}
            {attention.length > 0 && (
              <span className="drawer-attention">
                <IconAlertTriangle className="icon error" aria-hidden />
                {t('actions.summaryAttention', { count: attention.length })}
                {first !== undefined && !open && <span className="soft">{first}</span>}
              </span>
            )}
          </button>
        </Tip>
        {open && finished.length > 0 && (
          <Button size="compact-xs" onClick={() => clearAway(finished.map(({ actionId }) => actionId))}>
            {t('actions.dismissAll')}
          </Button>
        )}
      </div>
      {open && (
        <ul className="drawer-list">
          {copying.map((one) => (
            <CopyingLine key={one.id} copying={one} />
          ))}
          {running.map((one) => (
            <RunningLine key={one.update.actionId} running={one} nodes={workstation.nodes} />
          ))}
          {finished.map((one) => (
            <FinishedLine key={one.actionId} complete={one} nodes={workstation.nodes} />
          ))}
          {under + finished.length === 0 && <li className="drawer-none">{t('actions.none')}</li>}
        </ul>
      )}
    </section>
  );
}

interface NewestProps {
  readonly running: RunningAction | undefined;
  readonly finished: ActionComplete | undefined;
  readonly nodes: readonly PacsNode[];
}

/** What the closed drawer says of the action that matters most: the oldest that runs, else the last that ended. */
function Newest({ running, finished, nodes }: NewestProps) {
  const action = running?.update.action ?? finished?.action;
  if (action === undefined) return null;
  const words = running !== undefined ? progressWords(running) : finished === undefined ? [] : outcomeWords(finished);
  return (
    <span className="drawer-attention numbers">
      <span className="drawer-name">
        <bdi>{actionName(action, nodes)}</bdi>
      </span>
      <span className="soft">{words.join(' · ')}</span>
    </span>
  );
}
