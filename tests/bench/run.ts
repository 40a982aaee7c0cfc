import { parseArgs } from 'node:util';
import { generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { receiveComparison } from './receive.ts';
import { type Comparison, type Result, sideBySide } from './side-by-side.ts';

/** `npm run bench -- NAME [--json] [--runs N]`: the same work by us and by the tool that is best at it, side by side. */
const BENCHES: Readonly<Record<string, (folder: string) => Comparison[]>> = {
  'receive-ct': (folder) => bothWays('receive-ct', [images(folder, 500, 512)], 500),
  'receive-mr': (folder) => bothWays('receive-mr', [images(folder, 2000, 64)], 2000),
  'receive-4': (folder) =>
    bothWays(
      'receive-4',
      [1, 2, 3, 4].map((seed) => images(folder, 500, 512, seed)),
      2000,
    ),
};

function bothWays(name: string, folders: readonly string[], instances: number): Comparison[] {
  return [
    receiveComparison({ name, folders, instances, durable: false }),
    receiveComparison({ name: `${name}:durable`, folders, instances, durable: true }),
  ];
}

function images(folder: string, instances: number, size: number, seed = 1): string {
  const directory = `${folder}/set-${seed}`;
  const options = { patients: 1, studiesPerPatient: 1, seriesPerStudy: 1, instancesPerSeries: instances, rows: size, columns: size, seed };
  const { files } = generateSyntheticStudies(options, directory);
  return (files[0] ?? directory).replace(/\/[^/]*$/, '');
}

/** Resolves with the exit code. */
export async function bench(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, runs: { type: 'string', default: '5' } },
  });
  const runs = Number(values.runs);
  const unknown = positionals.find((name) => !Object.hasOwn(BENCHES, name));
  if (positionals.length === 0 || unknown !== undefined || !(Number.isInteger(runs) && runs >= 1 && runs <= 100)) {
    process.stderr.write(`npm run bench -- NAME [--json] [--runs N], NAME one of ${Object.keys(BENCHES).join(', ')}\n`);
    return 1;
  }
  for (const name of positionals) {
    await using folder = await temporaryFolder('bench-data');
    for (const comparison of BENCHES[name]?.(folder.path) ?? []) report(await sideBySide(comparison, runs), values.json === true);
  }
  return 0;
}

function report(result: Result, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const { name, ours, peer, ratio, against, oursCost, peerCost } = result;
  const side = (seconds: number, { cpuSeconds, peakMB }: Result['oursCost']) =>
    `${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} CPU s, ${peakMB.toFixed(0)} MB)`;
  process.stdout.write(`${name}: ours ${side(ours, oursCost)}, ${against} ${side(peer, peerCost)}, ratio ${ratio.toFixed(2)}\n`);
}
