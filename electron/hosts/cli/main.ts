import { guardProcess } from '../last-resort.ts';
import { openWorkstation, startDemoPacs } from '../rooms.ts';
import { productVersion } from '../version.ts';
import { phosphor } from './phosphor.ts';

/** The entry of `phosphor` (build/bin/phosphor.mjs): this process's arguments, streams and signals. */
export async function main(): Promise<void> {
  guardProcess();
  const interruption = new AbortController();
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(1);
    interruption.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // `phosphor find … | head` closes our output: that ends the command, it is no mistake.
  process.stdout.on('error', () => process.exit(1));
  const code = await phosphor({
    args: process.argv.slice(2),
    streams: process,
    openWorkstation,
    demo: startDemoPacs,
    version: productVersion(),
    interrupted: interruption.signal,
  });
  process.exit(code);
}
