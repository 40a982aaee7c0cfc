import { guardProcess } from '../last-resort.ts';
import { openWorkstation, startDemoPacs } from '../rooms.ts';
import { productVersion } from '../version.ts';
import { type RunLoopbackOptions, runLoopback } from './run-loopback.ts';

/** The loopback host in this process, with its signals and standard output. Resolves with the exit code. */
export async function main(options: Pick<RunLoopbackOptions, 'profile' | 'aeTitle' | 'port'>): Promise<0 | 1> {
  guardProcess();
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(1);
      interruption.abort();
    });
  }
  return await runLoopback({
    ...options,
    openWorkstation,
    demo: startDemoPacs,
    version: productVersion(),
    environment: process.env,
    say: (line) => process.stdout.write(`${line}\n`),
    interrupted: interruption.signal,
  });
}
