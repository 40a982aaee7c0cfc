import type { ActionComplete, ActionRequest, PacsNode } from '../../shared/contract/index.ts';
import { formatBytes, formatCount, formatDuration, formatMoment } from '../app/format.ts';
import { type RunningAction, secondsLeft } from '../app/state.ts';
import { t } from '../i18n/index.ts';
import { sayImport } from '../importing/words.ts';

/** What was asked for, as a person would say it. */
export function actionName(action: ActionRequest, nodes: readonly PacsNode[]): string {
  const node = 'nodeId' in action ? (nodes.find((one) => one.nodeId === action.nodeId)?.name ?? t('actions.gone')) : '';
  if (action.command === 'import' && action.label !== undefined) return sayImport('named', { label: action.label });
  if (action.command !== 'retrieve') return t(`actions.name.${action.command}`, { node });
  return action.label === undefined
    ? t('actions.name.retrieveUnnamed', { node })
    : t('actions.name.retrieve', { node, label: action.label });
}

/** "312 of 500 received", "61 MB/s", "3 s left": what is known, nothing else. */
export function progressWords({ update, rate }: RunningAction, left = secondsLeft({ update, rate, samples: [] })): string[] {
  const { counts, state, bytes } = update;
  const received = formatCount(counts.received);
  if (state === 'waiting') return [t('arriving.waiting')];
  const amount =
    counts.expected === undefined
      ? t('arriving.receivedOpen', { received })
      : t('arriving.received', { received, expected: formatCount(counts.expected) });
  if (state === 'retrying') return [amount, t('arriving.retrying', { time: formatMoment(update.retry?.at ?? Date.now()) })];
  if (state === 'cancelling') return [amount, t('arriving.cancelling')];
  if (state === 'reconciling') return [amount, t('arriving.reconciling')];
  return [
    amount,
    ...(rate !== undefined && bytes > 0 ? [t('arriving.rate', { rate: formatBytes(rate.bytes) })] : []),
    ...(left === undefined ? [] : [t('arriving.left', { time: formatDuration(left) })]),
  ];
}

/** Part of the work that is done, 0 to 1; undefined while nobody knows how much there is. */
export function progressFraction({ update }: RunningAction): number | undefined {
  const { expected, received } = update.counts;
  return expected === undefined || expected === 0 ? undefined : Math.min(1, received / expected);
}

/** What came of it: "500 of 500 images", "263 MB", "in 4 s". */
export function outcomeWords({ action, counts, bytes, startedAt, finishedAt, attempts }: ActionComplete): string[] {
  const took = t('actions.took', { time: formatDuration((finishedAt - startedAt) / 1000) });
  const tries = attempts > 1 ? [t('actions.attempt', { count: attempts })] : [];
  if (action.command !== 'retrieve') return [...tries, took];
  const received = formatCount(counts.received);
  const amount =
    counts.expected === undefined
      ? t('actions.received', { count: received })
      : t('actions.receivedOf', { received, expected: formatCount(counts.expected) });
  return [amount, ...(bytes > 0 ? [formatBytes(bytes)] : []), ...tries, took];
}
