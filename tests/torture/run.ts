import { parseArgs } from 'node:util';
import { type ArchiveTorture, type CaseReport, runArchiveTorture } from './archive-arena.ts';
import { type Report, runTorture, type TortureRun } from './arena.ts';
import { fullVolume, readOnlyVolume, vanishingVolume } from './bad-disks.ts';
import { flood, halfOpen, rstAnywhere, slowLoris } from './connections.ts';
import { decodeMutants } from './decode.ts';
import { fileFuzz } from './file-fuzz.ts';
import { hostileMedia } from './hostile-media.ts';
import { hugeLengths } from './huge-lengths.ts';
import { indexCorrupt } from './index-corrupt.ts';
import { kill9Import } from './kill9-import.ts';
import { pduFuzz } from './pdu-fuzz.ts';
import { pendingForever } from './pending-forever.ts';
import { importBesideWindow, twoWorkstations } from './two-workstations.ts';
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
  decode: { torture: decodeMutants, seed: 9, short: 0.02 },
  'pending-forever': { torture: pendingForever, seed: 8, short: 0.045 },
};

/** Tortures of the archive, each on a stage of its own. */
const ARCHIVE_TORTURES: Readonly<Record<string, ArchiveTorture>> = {
  'index-corrupt': { torture: indexCorrupt, seed: 11, short: 0.06 },
  'read-only': { torture: readOnlyVolume, seed: 12, short: 0.05 },
  full: { torture: fullVolume, seed: 13, short: 0.05 },
  'vanishing-volume': { torture: vanishingVolume, seed: 14, short: 0.05 },
  'two-workstations': { torture: twoWorkstations, seed: 15, short: 0.05 },
  'kill9-import': { torture: kill9Import, seed: 17, short: 0.02 },
  'file-fuzz': { torture: fileFuzz, seed: 18, short: 0.03 },
  'hostile-media': { torture: hostileMedia, seed: 19, short: 1 },
  'import-beside-window': { torture: importBesideWindow, seed: 16, short: 0.3 },
};

const NAMES = [...Object.keys(TORTURES), ...Object.keys(ARCHIVE_TORTURES)];
const USAGE = `npm run torture -- NAME… [--json] [--seed N] [--scale X | --short], NAME of ${NAMES.join(', ')}, or all\n`;

/** `npm run torture -- NAME… [--json] [--seed N] [--scale X | --short]`. Resolves with the exit code: 0 when every pass criterion holds. */
export async function torture(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, seed: { type: 'string' }, scale: { type: 'string' }, short: { type: 'boolean' } },
  });
  const names = positionals.includes('all') ? NAMES : positionals;
  const seed = values.seed === undefined ? undefined : Number(values.seed);
  const scale = Number(values.scale ?? 1);
  const wrong = names.some((name) => !NAMES.includes(name)) || !(scale > 0 && scale <= 100) || !Number.isInteger(seed ?? 0);
  if (names.length === 0 || wrong) {
    process.stderr.write(USAGE);
    return 1;
  }
  let failed = 0;
  for (const name of names) {
    const entry = TORTURES[name];
    const ofArchive = ARCHIVE_TORTURES[name];
    try {
      if (ofArchive !== undefined) {
        const part = values.short === true ? ofArchive.short : scale;
        const report = await runArchiveTorture(name, ofArchive.torture, seed ?? ofArchive.seed, part);
        if (!report.ok) failed += 1;
        process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : archiveText(report));
      }
      if (entry === undefined) continue;
      const { short, ...run } = entry;
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

function table(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => `    ${String(count).padStart(7)}  ${what}`);
}

function archiveText({ name, ok, seed, scale, seconds, cases, longestMs, longest, figures, outcomes, failures }: CaseReport): string {
  return [
    `${name}: ${ok ? 'passed' : 'FAILED'} (seed ${seed}, scale ${scale}, ${seconds.toFixed(1)} s)`,
    `  ${cases} cases; longest ${longestMs.toFixed(0)} ms (${longest})`,
    ...table(figures),
    '  outcomes:',
    ...table(outcomes),
    ...failures.map((failure) => `  FAILURE: ${failure}`),
    '',
  ].join('\n');
}

function textOf(report: Report): string {
  const { name, seed, scale, seconds, cases, longestMs, longest, starvedMs, memory, descriptors, beside, failures } = report;
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
