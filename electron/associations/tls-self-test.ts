import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Settings, TLSFinding } from '../../shared/contract/index.ts';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { workerDied } from './worker-died.ts';

export interface SelfTestInput {
  readonly settings: Settings['tls'];
  /** Nodes that have trust anchors of their own. */
  readonly nodes: readonly { readonly node: string; readonly path: string }[];
  /** Names and addresses under which others call this computer. */
  readonly ownNames: readonly string[];
}

export interface SelfTestResult {
  /** The gravest first. */
  readonly findings: TLSFinding[];
  /** Whether a TLS port can be opened with these files, however wrong they are otherwise. */
  readonly usable: boolean;
}

const GRAVITY = { error: 0, warning: 1, info: 2 } as const;
const BOUND_MS = 30_000;

/**
 * Looks for what is wrong with our certificate, key and trust anchors, and lets our acceptor and requestor shake hands with them, in a thread of its own.
 *
 * @throws PhosphorError `worker-died`, `timed-out`
 */
export async function tlsSelfTest(input: SelfTestInput): Promise<SelfTestResult> {
  const worker = new Worker(new URL('./tls-self-test-thread.ts', import.meta.url), { name: 'phosphor-tls-self-test', workerData: input });
  try {
    const [result] = (await once(worker, 'message', { signal: AbortSignal.timeout(BOUND_MS) }).catch((thrown: unknown) => {
      if (thrown instanceof Error && thrown.name === 'AbortError') throw new PhosphorError('timed-out', 'the TLS self-test did not end');
      throw PhosphorError.from(workerDied('TLS self-test', thrown));
    })) as [SelfTestResult];
    const findings = result.findings.toSorted((a, b) => GRAVITY[a.severity] - GRAVITY[b.severity]);
    return { ...result, findings };
  } finally {
    await worker.terminate();
  }
}
