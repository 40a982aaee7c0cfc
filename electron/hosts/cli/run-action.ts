import { randomUUID } from 'node:crypto';
import {
  type ActionComplete,
  type ActionItem,
  type ActionRequest,
  type ActionUpdate,
  type Contract,
  type ContractEvent,
  type Outcome,
  PhosphorError,
} from '../../../shared/contract/index.ts';
import { ownAndPeerWords } from '../../actions/index.ts';
import { bytesText, type Output } from './output.ts';

export interface RunActionOptions {
  readonly contract: Contract;
  readonly action: ActionRequest;
  readonly output: Output;
  /** Prints one batch; the producer waits for it. */
  readonly onItems: (items: readonly ActionItem[]) => Promise<void>;
  /** Aborted by the first Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Calls when the workstation is gone. */
  readonly onLost?: (listener: () => void) => void;
}

export const EXIT_CODES: Readonly<Record<Outcome, 0 | 1 | 2>> = {
  success: 0,
  partial: 2,
  unconfirmed: 2,
  failed: 1,
  rejected: 1,
  aborted: 1,
  'timed-out': 1,
  cancelled: 1,
};

/**
 * Starts an action and stays with it to its ActionComplete: prints items as they come, progress for a person, the diagnosis at the end.
 * Resolves with the exit code; rejects with PhosphorError when it cannot be started or the workstation is lost.
 */
export async function runAction({ contract, action, output, onItems, interrupted, onLost }: RunActionOptions): Promise<0 | 1 | 2> {
  // Events can overtake the answer that names the actionId; the tag is known from the start.
  const tag = `phosphor:${randomUUID()}`;
  let printing = Promise.resolve();
  const complete = new Promise<ActionComplete>((resolve, reject) => {
    const take: Partial<{ [K in ContractEvent['type']]: (event: Extract<ContractEvent, { type: K }>) => void }> = {
      ActionItems(event) {
        printing = printing
          .then(() => onItems(event.items))
          .then(() => void contract.invoke('actions.credit', { actionId: event.actionId, batches: 1 }).catch(() => undefined));
      },
      ActionUpdate: (event) => output.progress(progressText(event)),
      ActionComplete: resolve,
    };
    contract.subscribe((event) => {
      if ('tag' in event && event.tag === tag) take[event.type]?.(event as never);
    });
    onLost?.(() => reject(new PhosphorError('connection-lost', 'the workstation ended')));
  });
  complete.catch(() => undefined);

  const { actionId } = await contract.invoke('actions.request', { action, tag });
  const cancel = (): void => {
    output.warn('Cancelling … (Ctrl-C again to leave at once)');
    contract.invoke('actions.cancel', { actionId }).catch(() => undefined);
  };
  if (interrupted.aborted) cancel();
  else interrupted.addEventListener('abort', cancel, { once: true });

  const result = await complete;
  interrupted.removeEventListener('abort', cancel);
  await printing;
  output.progress('');
  await output.record(result);
  if (result.diagnosis !== undefined) {
    const { own, peer } = ownAndPeerWords(result.diagnosis.sentence);
    output.warn(own);
    if (peer !== '') output.say(peer);
    if (result.diagnosis.nextStep !== undefined) output.warn(result.diagnosis.nextStep);
    for (const line of result.diagnosis.copyable?.split('\n') ?? []) output.warn(`    ${line}`);
  }
  output.say(summary(result));
  return EXIT_CODES[result.outcome];
}

function progressText({ state, counts, bytes, attempt, startedAt }: ActionUpdate): string {
  const done = counts.expected === undefined ? `${counts.received}` : `${counts.received} of ${counts.expected}`;
  const seconds = Math.max(0.001, (Date.now() - startedAt) / 1000);
  const rate = bytes === 0 ? '' : ` · ${bytesText(bytes)} · ${bytesText(Math.round(bytes / seconds))}/s`;
  return `${state}${attempt > 1 ? ` (attempt ${attempt})` : ''} · ${done}${rate}`;
}

function summary({ actionId, action, outcome, counts, bytes, details, startedAt, finishedAt }: ActionComplete): string {
  const seconds = `${((finishedAt - startedAt) / 1000).toFixed(1)} s`;
  switch (action.command) {
    case 'echo':
      return outcome === 'success'
        ? `success: the PACS answered${details?.latencyMs === undefined ? '' : ` in ${details.latencyMs.toFixed(1)} ms`}`
        : outcome;
    case 'find':
      return `${outcome}: ${counts.received} ${counts.received === 1 ? 'match' : 'matches'} in ${seconds}`;
    case 'retrieve': {
      const failed = counts.failed === 0 ? '' : `, ${counts.failed} failed`;
      const expected = counts.expected === undefined ? '' : ` of ${counts.expected}`;
      return `${outcome}: ${counts.received}${expected} instances received${failed}, ${bytesText(bytes)} in ${seconds}`;
    }
    case 'correct': {
      const corrected = details?.corrected ?? 0;
      const undo = corrected === 0 ? '' : `; \`phosphor undo-correction ${actionId}\` undoes it`;
      return `${outcome}: ${corrected} corrected in ${seconds}${undo}`;
    }
    default: {
      const parts = Object.entries(details ?? {}).map(([name, value]) => `${value} ${name}`);
      return `${outcome}: ${parts.length === 0 ? `${counts.completed} done` : parts.join(', ')} in ${seconds}`;
    }
  }
}
