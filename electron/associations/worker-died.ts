import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';

/** The typed error of a thread that ended. Of what it threw only class and code are told: the text may hold patient data. */
export function workerDied(who: string, thrown: unknown): PhosphorErrorData {
  const code = systemCode(thrown);
  const reason = code ?? (thrown instanceof Error ? thrown.name : undefined);
  const message = `the ${who} ended${reason === undefined ? '' : ` (${reason})`}`;
  return new PhosphorError('worker-died', message, code === undefined ? {} : { code }).data;
}
