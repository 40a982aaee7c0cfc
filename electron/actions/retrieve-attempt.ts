import { type PacsNode, type PhosphorErrorData, toErrorData } from '../../shared/contract/index.ts';
import type { MoveResult, Operation } from '../associations/types.ts';
import type { ActionRun } from './action-run.ts';
import { mainThreadTasks } from './main-thread-tasks.ts';
import type { AttemptEnd } from './outcome.ts';
import type { RetrieveLedger } from './retrieve-ledger.ts';
import type { EngineParts } from './types.ts';
import { abortedFor, cancelledError, onAbort, within } from './waiting.ts';

/** What one C-MOVE asks for: a study, or one series of it. */
export interface MoveTarget {
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID?: string | undefined;
}

/** In flight when the final response came: an instance of any size is through by then, or its association is gone. */
const LAST_ARRIVALS_MS = 120_000;

/**
 * One C-MOVE to ourselves (PS3.4 C.4.2). Our receiver knows what to expect before the request goes out; after the final response the
 * arrivals in flight are waited for. Nothing here waits for the peer on the main thread, and the receiver needs nothing from the
 * association that moves, so a peer that answers the C-MOVE only after its C-STOREs cannot stop either. Never throws.
 */
export async function attemptMove(
  run: ActionRun,
  parts: EngineParts,
  node: PacsNode,
  target: MoveTarget,
  ledger: RetrieveLedger,
): Promise<AttemptEnd> {
  const { actionId, signal } = run;
  const { clocks } = parts.settings();
  const { aeTitle } = parts.receiver.address();
  const scope = { studyInstanceUID: target.studyInstanceUID, ...optional('seriesInstanceUID', target.seriesInstanceUID) };
  let operation: Operation<MoveResult> | undefined;
  let messageId: number | undefined;
  const progress = (source: 'store-scp' | 'pending-response') => run.update({ counts: ledger.counts(), bytes: ledger.bytes, source });
  try {
    const peer = await parts.peerOf(node);
    messageId = parts.messageIds.take();
    await parts.receiver.expect(
      { actionId, moveOriginatorAETitle: aeTitle, messageId, ...scope },
      {
        onStored: mainThreadTasks.wrap('stored batch', (instances) => {
          ledger.stored(instances);
          if (operation !== undefined) parts.pool.moveProgress(operation.operationId);
          progress('store-scp');
        }),
        onRefused: (instances) => ledger.refused(instances),
      },
    );
    if (signal.aborted) return { error: cancelledError().data };
    operation = parts.pool.move({
      peer,
      clocks,
      ...scope,
      destinationAETitle: aeTitle,
      messageId,
      thirdParty: false,
      onPending: mainThreadTasks.wrap('pending response', (counts) => {
        ledger.pending(counts);
        progress('pending-response');
      }),
    });
    const moving = operation;
    const unwatch = onAbort(signal, () => moving.cancel());
    const end = await moving.done;
    unwatch();
    if (!end.ok) return { error: end.error };
    ledger.pending(end.subOperations);
    return { response: end };
  } catch (thrown) {
    return { error: toErrorData(thrown) };
  } finally {
    await within(parts.receiver.unexpect(actionId), LAST_ARRIVALS_MS, abortedFor(signal, clocks.cancelGrace * 1000));
    if (messageId !== undefined) parts.messageIds.release(messageId);
  }
}

/** Several moves one after the other, as one attempt: ends with the first that fails, else with their sum. */
export async function attemptMoves(
  run: ActionRun,
  parts: EngineParts,
  node: PacsNode,
  targets: readonly MoveTarget[],
  ledger: RetrieveLedger,
): Promise<AttemptEnd> {
  let sum: MoveResult | undefined;
  for (const target of targets) {
    const end = await attemptMove(run, parts, node, target, ledger);
    if ('error' in end) return end;
    sum = sum === undefined ? end.response : combine(sum, end.response);
    if (isFailure(end.response.status)) return { response: sum };
  }
  return sum === undefined ? { error: internal('no target') } : { response: sum };
}

/** The graver status stays; counts and lists add up. */
function combine(a: MoveResult, b: MoveResult): MoveResult {
  const graver = b.status === 0 ? a : b;
  const add = (x: number | undefined, y: number | undefined) => (x === undefined ? y : y === undefined ? x : x + y);
  return {
    ...graver,
    offendingElements: [...a.offendingElements, ...b.offendingElements],
    sawPending: a.sawPending || b.sawPending,
    failedSOPInstanceUIDs: [...a.failedSOPInstanceUIDs, ...b.failedSOPInstanceUIDs],
    subOperations: {
      ...optional('completed', add(a.subOperations.completed, b.subOperations.completed)),
      ...optional('failed', add(a.subOperations.failed, b.subOperations.failed)),
      ...optional('warning', add(a.subOperations.warning, b.subOperations.warning)),
    },
  };
}

const isFailure = (status: number) => status !== 0 && (status & 0xf000) !== 0xb000;
const internal = (message: string): PhosphorErrorData => ({ kind: 'internal', message, retryable: false });

/** `{}` or `{ [key]: value }`, as exactOptionalPropertyTypes wants it. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
