import { echo, type ServiceOperation, verificationContexts } from '../dicom/services/index.ts';
import type { OperationKind } from './task-control.ts';

/** So many at most, whatever is asked for. */
const MOST_ECHOES = 10_000;

/**
 * C-ECHO, once or as often as asked for, one after the other on the one association; the first that is not answered with success is the last. A peer that
 * ends the association after some has answered those.
 */
export const echoOperation: OperationKind<'echo'> = {
  contexts: () => verificationContexts(),
  async run(association, { repeat = 1 }, control) {
    let operation: ServiceOperation<unknown> | undefined;
    control.onCancel = () => operation?.cancel();
    const latencies: number[] = [];
    let status = 0;
    try {
      for (let left = Math.min(Math.max(1, Math.trunc(repeat)), MOST_ECHOES); left > 0 && status === 0 && !control.cancelled; left -= 1) {
        const next = echo(association);
        operation = next;
        const answer = await next.done;
        status = answer.status;
        latencies.push(answer.latencyMs);
      }
    } catch (thrown) {
      if (latencies.length === 0 || control.cancelled) throw thrown;
    }
    latencies.sort((a, b) => a - b);
    return { ok: true, status, latencyMs: latencies[Math.floor(latencies.length / 2)] ?? 0, answered: latencies.length };
  },
};
