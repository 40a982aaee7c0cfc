import { parseArgs } from 'node:util';
import { temporaryFolder } from '../support/temporary.ts';
import { ECHO_BENCHES } from './echo.ts';
import { FIND_BENCHES } from './find.ts';
import { FREEZE_BENCHES } from './freeze.ts';
import { idleAssociations } from './idle-associations.ts';
import { IMPORT_BENCHES } from './import-folder.ts';
import { INDEX_BENCHES } from './index-benches.ts';
import { RECEIVE_BENCHES } from './receive.ts';
import { RETRIEVE_BENCHES } from './retrieve.ts';
import { SEND_BENCHES } from './send.ts';
import { type Bench, type Result, sideBySide } from './side-by-side.ts';
import { VERIFY_BENCHES } from './verify.ts';
import { VIEWER_BENCHES } from './viewer.ts';

/**
 * `npm run bench -- NAME… [--json] [--runs N] [--scale X | --short]`: the same work by us and by the tool that is best at it, side by side. The short
 * form shows within seconds that each bench works; its figures say little.
 */
const BENCHES: Readonly<Record<string, Bench>> = {
  ...RECEIVE_BENCHES,
  ...RETRIEVE_BENCHES,
  ...SEND_BENCHES,
  ...FIND_BENCHES,
  ...FREEZE_BENCHES,
  ...ECHO_BENCHES,
  ...IMPORT_BENCHES,
  ...VERIFY_BENCHES,
};

/** Benches without a peer to compare with. */
const COSTS: Readonly<Record<string, (scale: number) => Promise<string>>> = {
  ...INDEX_BENCHES,
  'idle-500': async () => JSON.stringify({ name: 'idle-500', ...(await idleAssociations()), boundMB: 20, unit: 'MB' }),
  ...VIEWER_BENCHES,
};

/** How much of its work a bench does in the short form. */
const SHORT = 0.04;

/** Resolves with the exit code. */
export async function bench(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, runs: { type: 'string' }, scale: { type: 'string' }, short: { type: 'boolean' } },
  });
  const short = values.short === true;
  const runs = Number(values.runs ?? (short ? 1 : 5));
  const scale = Number(values.scale ?? (short ? SHORT : 1));
  const names = [...Object.keys(BENCHES), ...Object.keys(COSTS)];
  const wanted = positionals.includes('all')
    ? names
    : positionals.flatMap((name) => (name === 'viewer' ? Object.keys(VIEWER_BENCHES) : [name]));
  const unknown = wanted.find((name) => !names.includes(name));
  if (
    wanted.length === 0 ||
    unknown !== undefined ||
    !(Number.isInteger(runs) && runs >= 1 && runs <= 100) ||
    !(scale > 0 && scale <= 10)
  ) {
    process.stderr.write(`npm run bench -- NAME [--json] [--runs N] [--scale X | --short], NAME one of all, viewer, ${names.join(', ')}\n`);
    return 1;
  }
  for (const name of wanted) {
    const cost = COSTS[name];
    if (cost) {
      for (let run = 0; run < runs; run++) process.stdout.write(`${await cost(scale)}\n`);
      continue;
    }
    await using folder = await temporaryFolder('bench-data');
    const comparisons = BENCHES[name]?.(folder.path, short ? SHORT : 1, runs) ?? [];
    for (const start of comparisons) report(await sideBySide(start, runs, short), values.json === true);
  }
  return 0;
}

function report(result: Result, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const { name, ours, peer, ratio, against, oursCost, peerCost, notes } = result;
  const side = (seconds: number, { cpuSeconds, peakMB, growthMB }: Result['oursCost']) =>
    `${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} CPU s, ${peakMB.toFixed(0)} MB, grown by ${growthMB.toFixed(0)} MB)`;
  const more = Object.entries(notes)
    .map(([note, value]) => `, ${note} ${value.toFixed(2)}`)
    .join('');
  process.stdout.write(`${name}: ours ${side(ours, oursCost)}, ${against} ${side(peer, peerCost)}, ratio ${ratio.toFixed(2)}${more}\n`);
}
