import { Button } from '@mantine/core';
import { IconAlertTriangle, IconArrowDown, IconBan, IconCircleCheck, IconClock, IconCopy } from '@tabler/icons-react';
import { memo, type ReactNode, useState } from 'react';
import type { ActionComplete, PacsNode } from '../../shared/contract/index.ts';
import { formatMoment } from '../app/format.ts';
import { needsAttention, type RunningAction } from '../app/state.ts';
import { cancelAction, clearAway, retryAction } from '../app/study-commands.ts';
import { t } from '../i18n/index.ts';
import { ImportResult } from '../importing/ImportLines.tsx';
import { actionName, outcomeWords, progressFraction, progressWords } from './words.ts';

/** An action under way: what, how far, how fast, and the way to stop it. */
export const RunningLine = memo(function RunningLine({ running, nodes }: { running: RunningAction; nodes: readonly PacsNode[] }) {
  const { update } = running;
  const name = actionName(update.action, nodes);
  const reason = update.retry?.diagnosis.sentence;
  return (
    <li className="action" data-state={update.state}>
      {update.state === 'waiting' || update.state === 'retrying' ? (
        <IconClock className="icon" aria-hidden />
      ) : (
        <IconArrowDown className="icon accent" aria-hidden />
      )}
      <span className="action-name" title={name}>
        <bdi>{name}</bdi>
      </span>
      <span className="action-state">{t(`actions.state.${update.state}`)}</span>
      <progress className="action-bar" value={progressFraction(running)} max={1} aria-label={name} />
      <span className="action-numbers numbers">{progressWords(running).join(' · ')}</span>
      <span className="action-buttons">
        <Button size="compact-xs" disabled={update.state === 'cancelling'} onClick={() => cancelAction(update.actionId)}>
          {t('actions.cancel')}
        </Button>
      </span>
      {reason !== undefined && <p className="action-diagnosis">{reason}</p>}
    </li>
  );
});

/** An action that ended. One that failed says why, and what to do next, until it is dismissed. */
export const FinishedLine = memo(function FinishedLine({ complete, nodes }: { complete: ActionComplete; nodes: readonly PacsNode[] }) {
  const name = actionName(complete.action, nodes);
  const attention = needsAttention(complete);
  // What was handed over byte by byte is gone: it is dropped again.
  const isDrop = complete.action.command === 'import' && complete.action.dropId !== undefined;
  const again = !isDrop && (attention || complete.outcome === 'cancelled');
  const diagnosis = complete.diagnosis;
  return (
    <li className="action" data-state="done" data-attention={attention}>
      {iconOf(complete)}
      <span className="action-name" title={name}>
        <bdi>{name}</bdi>
      </span>
      <span className={attention ? 'action-state error' : 'action-state'}>{t(`actions.outcome.${complete.outcome}`)}</span>
      <span className="action-when soft numbers">{formatMoment(complete.finishedAt)}</span>
      <span className="action-numbers numbers">{outcomeWords(complete).join(' · ')}</span>
      <span className="action-buttons">
        {again && (
          <Button size="compact-xs" onClick={() => retryAction(complete.actionId)}>
            {t('actions.retry')}
          </Button>
        )}
        <Button size="compact-xs" onClick={() => clearAway([complete.actionId])}>
          {t('actions.dismiss')}
        </Button>
      </span>
      {complete.action.command === 'import' && complete.details !== undefined && <ImportResult complete={complete} />}
      {attention && (
        <div className="action-diagnosis">
          <p>{diagnosis?.sentence ?? t('actions.noReason')}</p>
          {diagnosis?.nextStep !== undefined && <p className="soft">{diagnosis.nextStep}</p>}
          {diagnosis?.copyable !== undefined && <Copyable text={diagnosis.copyable} />}
        </div>
      )}
    </li>
  );
});

function iconOf(complete: ActionComplete): ReactNode {
  if (complete.outcome === 'success') return <IconCircleCheck className="icon ok" aria-hidden />;
  if (complete.outcome === 'cancelled') return <IconBan className="icon" aria-hidden />;
  return <IconAlertTriangle className={complete.outcome === 'partial' ? 'icon warn' : 'icon error'} aria-hidden />;
}

function Copyable({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard
      .writeText(text)
      .then(() => setCopied(true))
      .catch(() => setCopied(false));
  };
  return (
    <div className="copyable">
      <pre>{text}</pre>
      <Button size="compact-xs" leftSection={<IconCopy className="icon" />} onClick={copy}>
        {copied ? t('actions.copied') : t('actions.copy')}
      </Button>
    </div>
  );
}
