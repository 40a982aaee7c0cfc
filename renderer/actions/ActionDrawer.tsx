import './actions.css';
import { Button } from '@mantine/core';
import { IconAlertTriangle, IconArrowsUpDown, IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useMemo } from 'react';
import { toggleDrawer } from '../app/keys.ts';
import { drawerActions, needsAttention } from '../app/state.ts';
import { useApp } from '../app/store.ts';
import { dismissActions } from '../app/study-commands.ts';
import { t } from '../i18n/index.ts';
import { Tip } from '../ui/Tip.tsx';
import { FinishedLine, RunningLine } from './ActionLine.tsx';

/** Everything that runs, waits or went wrong, one line each. Closed, its head still says what matters most. */
export function ActionDrawer() {
  const workstation = useApp((state) => state.workstation);
  const open = useApp((state) => state.drawerOpen);
  const { running, finished } = useMemo(() => drawerActions(workstation), [workstation]);
  const attention = finished.filter(needsAttention);
  const first = attention[0]?.diagnosis?.sentence;
  const summary = [
    ...(running.length > 0 ? [t('actions.summaryRunning', { count: running.length })] : []),
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
          <Button size="compact-xs" onClick={() => dismissActions(finished.map(({ actionId }) => actionId))}>
            {t('actions.dismissAll')}
          </Button>
        )}
      </div>
      {open && (
        <ul className="drawer-list">
          {running.map((one) => (
            <RunningLine key={one.update.actionId} running={one} nodes={workstation.nodes} />
          ))}
          {finished.map((one) => (
            <FinishedLine key={one.actionId} complete={one} nodes={workstation.nodes} />
          ))}
          {running.length + finished.length === 0 && <li className="drawer-none">{t('actions.none')}</li>}
        </ul>
      )}
    </section>
  );
}
