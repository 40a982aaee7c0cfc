import { type ActionRequest, type MatchRow, matchRow, type PacsNode, toErrorData } from '../../shared/contract/index.ts';
import type { EchoResult, Operation } from '../associations/types.ts';
import type { ActionRun } from './action-run.ts';
import { mainThreadTasks } from './main-thread-tasks.ts';
import { plainOutcome } from './outcome.ts';
import { optional } from './retrieve-attempt.ts';
import { diagnoseRun } from './run-diagnosis.ts';
import type { EngineParts, RunResult } from './types.ts';
import { onAbort, unlessAborted } from './waiting.ts';

/** More rows than anybody can read, and few enough for every window. */
const MAX_MATCHES = 100_000;

/** C-ECHO (PS3.4 annex A). Updates the node's state as well. */
export async function runEcho(run: ActionRun, parts: EngineParts, known: PacsNode): Promise<RunResult> {
  const { end, outcome, diagnosis } = await checkNode(parts, known, run.signal);
  return {
    outcome,
    verifiedBy: 'none',
    ...optional('status', end.ok ? end.status : end.error.status),
    ...optional('diagnosis', diagnosis),
    ...(end.ok ? { details: { latencyMs: end.latencyMs } } : {}),
  };
}

type EchoParts = Pick<EngineParts, 'pool' | 'receiver' | 'settings' | 'nodeReady' | 'peerOf' | 'echoed'>;

/** Echoes a node and tells its new state, with or without an action around it. Never throws. */
export async function checkNode(parts: EchoParts, known: PacsNode, signal: AbortSignal) {
  const { nodeId } = known;
  parts.echoed({ nodeId, echo: 'checking' });
  const end = await echo(parts, known, signal);
  const cause = end.ok ? { status: end.status } : { error: end.error };
  const outcome = plainOutcome(cause);
  if (end.ok && outcome === 'success') {
    parts.echoed({ nodeId, echo: 'ok', latencyMs: end.latencyMs, checkedAt: Date.now() });
    return { end, outcome };
  }
  const diagnosis = await diagnoseRun({ node: known }, parts, cause);
  if (outcome === 'cancelled') parts.echoed({ nodeId, echo: 'unknown' });
  else parts.echoed({ nodeId, echo: 'failed', checkedAt: Date.now(), sentence: diagnosis.sentence });
  return { end, outcome, diagnosis };
}

async function echo(parts: EchoParts, known: PacsNode, signal: AbortSignal): Promise<Awaited<Operation<EchoResult>['done']>> {
  try {
    const node = await unlessAborted(parts.nodeReady(known), signal);
    const peer = await unlessAborted(parts.peerOf(node), signal);
    const operation = parts.pool.echo({ peer, clocks: parts.settings().clocks });
    const unwatch = onAbort(signal, () => operation.cancel());
    const end = await operation.done;
    unwatch();
    return end;
  } catch (thrown) {
    return { ok: false, error: toErrorData(thrown) };
  }
}

/** C-FIND (PS3.4 C.4.1). Rows stream as they come; the client's credits reach the worker that reads the peer. */
export async function runFind(
  run: ActionRun,
  parts: EngineParts,
  { query }: Extract<ActionRequest, { command: 'find' }>,
  known: PacsNode,
): Promise<RunResult> {
  const node = await unlessAborted(parts.nodeReady(known), run.signal);
  const peer = await unlessAborted(parts.peerOf(node), run.signal);
  let rows = 0;
  let unusable = 0;
  let tooMany = false;
  const operation = parts.pool.find({
    peer,
    clocks: parts.settings().clocks,
    query,
    ...optional('fallbackCharacterSet', node.fallbackCharacterSet),
    onMatches: mainThreadTasks.wrap('matches', (batch: MatchRow[], acknowledge: () => void) => {
      // A row without a usable UID cannot be shown, opened or retrieved.
      const usable = batch.filter((row) => matchRow.safeParse(row).success).slice(0, MAX_MATCHES - rows);
      rows += usable.length;
      if (rows >= MAX_MATCHES && !tooMany) {
        tooMany = true;
        operation.cancel();
      } else unusable += batch.length - usable.length;
      run.update({ counts: { received: rows, completed: 0, failed: unusable, warning: 0 }, source: 'pending-response' });
      run.push(
        usable.map((row) => ({ kind: 'match', row })),
        acknowledge,
      );
    }),
  });
  const unwatch = onAbort(run.signal, () => operation.cancel());
  const end = await operation.done;
  unwatch();
  const common = { verifiedBy: 'none', ...(unusable > 0 ? { details: { unusable } } : {}) } as const;
  if (tooMany) {
    const error = { kind: 'limit-exceeded', message: 'more matches than a search may bring', retryable: false } as const;
    return { ...common, outcome: 'partial', diagnosis: await diagnoseRun(run, parts, { error }) };
  }
  const cause = end.ok ? { status: end.status, errorComment: end.errorComment } : { error: end.error };
  const outcome = plainOutcome(cause);
  return {
    ...common,
    outcome,
    ...(end.ok ? { status: end.status, offendingElements: end.offendingElements, ...optional('errorComment', end.errorComment) } : {}),
    ...(end.ok ? {} : optional('status', end.error.status)),
    ...(outcome === 'success' ? {} : { diagnosis: await diagnoseRun(run, parts, run.signal.aborted ? { text: 'cancelled' } : cause) }),
  };
}
