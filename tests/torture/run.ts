import { parseArgs } from 'node:util';
import { type Report, runTorture, type TortureRun } from './arena.ts';
import { flood, halfOpen, rstAnywhere, slowLoris } from './connections.ts';
import { hugeLengths } from './huge-lengths.ts';
import { pduFuzz } from './pdu-fuzz.ts';
import { pendingForever } from './pending-forever.ts';
import { vrFlip } from './vr-flip.ts';

type Entry = Pick<TortureRun, 'torture' | 'seed' | 'fillsTheListener'> & { readonly short: number };

/** Each torture with its seed, and the part of it that the short form does. */
const TORTURES: Readonly<Record<string, Entry>> = {
  'pdu-fuzz': { torture: pduFuzz, seed: 20_261_118, short: 0.015 },
  'vr-flip': { torture: vrFlip, seed: 2, short: 0.03 },
  'slow-loris': { torture: slowLoris, seed: 3, short: 0.05 },
  'half-open': { torture: halfOpen, seed: 4, short: 0.03 },
  'rst-anywhere': { torture: rstAnywhere, seed: 5, short: 0.3 },
  'huge-lengths': { torture: hugeLengths, seed: 6, short: 0.01 },
  flood: { torture: flood, seed: 7, short: 0.1, fillsTheListener: true },
  'pending-forever': { torture: pendingForever, seed: 8, short: 0.045 },
};

const USAGE = `npm run torture -- NAME… [--json] [--seed N] [--scale X | --short], NAME of ${Object.keys(TORTURES).join(', ')}, or all\n`;

/** `npm run torture -- NAME… [--json] [--seed N] [--scale X | --short]`. Resolves with the exit code: 0 when every pass criterion holds. */
export async function torture(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, seed: { type: 'string' }, scale: { type: 'string' }, short: { type: 'boolean' } },
  });
  const names = positionals.includes('all') ? Object.keys(TORTURES) : positionals;
  const seed = values.seed === undefined ? undefined : Number(values.seed);
  const scale = Number(values.scale ?? 1);
  const wrong = names.some((name) => !Object.hasOwn(TORTURES, name)) || !(scale > 0 && scale <= 100) || !Number.isInteger(seed ?? 0);
  if (names.length === 0 || wrong) {
    process.stderr.write(USAGE);
    return 1;
  }
  let failed = 0;
  for (const name of names) {
    const entry = TORTURES[name];
    if (entry === undefined) continue;
    const { short, ...run } = entry;
    try {
      const report = await runTorture({ ...run, name, seed: seed ?? entry.seed, scale: values.short === true ? short : scale });
      if (!report.ok) failed += 1;
      process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : textOf(report));
    } catch (thrown) {
      failed += 1;
      process.stderr.write(`${name}: could not be done: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
    }
  }
  return failed === 0 ? 0 : 1;
}

function textOf(report: Report): string {
  const { name, seed, scale, seconds, cases, longestMs, longest, starvedMs, memory, descriptors, beside, failures } = report;
  const table = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([what, count]) => `    ${String(count).padStart(7)}  ${what}`);
  const spread = ({ median, p99, max }: { median: number; p99: number; max: number }) =>
    `median ${median.toFixed(1)}, p99 ${p99.toFixed(1)}, longest ${max.toFixed(1)} ms`;
  return [
    `${name}: ${report.ok ? 'passed' : 'FAILED'} (seed ${seed}, scale ${scale}, ${seconds.toFixed(1)} s)`,
    `  ${cases} cases; longest ${longestMs.toFixed(0)} ms (${longest}); kept waiting by the machine for ${starvedMs.toFixed(0)} ms in all`,
    ...table(report.figures),
    '  outcomes:',
    ...table(report.outcomes),
    `  resident memory: first half ${memory.firstMB.toFixed(1)} MB, second half ${memory.secondMB.toFixed(1)} MB, peak ${memory.peakMB.toFixed(1)} MB`,
    `  descriptors: ${descriptors.before} before, ${descriptors.after} after`,
    `  beside it: ${beside.instances} instances stored (${spread(beside.storeMs)} each), ${beside.echoes} echoes (${spread(beside.echoMs)})${beside.triedAgain > 0 ? `, tried again ${beside.triedAgain} times for want of room` : ''}`,
    ...failures.map((failure) => `  FAILURE: ${failure}`),
    '',
  ].join('\n');
}
