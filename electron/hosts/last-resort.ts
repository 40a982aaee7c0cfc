import { firstFrame } from '../workstation/first-frame.ts';

/**
 * What nobody caught ends the process, as ever, but without Node's report of it: an error's text may hold what was being processed (that of
 * JSON.parse quotes it), and standard error is no place for patient data. Said are its class and the place in our code.
 */
export function guardProcess(): void {
  process.on('uncaughtException', (thrown: unknown) => {
    const name = thrown instanceof Error ? thrown.name.slice(0, 64) : typeof thrown;
    const place = firstFrame(thrown);
    process.stderr.write(
      `Phosphor made a mistake and ends (${name}${place === undefined ? '' : ` at ${place}`}). What was stored is safe.\n`,
    );
    process.exit(1);
  });
}
