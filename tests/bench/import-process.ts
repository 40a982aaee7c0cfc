import { join } from 'node:path';
import { openArchive } from '../../electron/archive/index.ts';
import { watchCost } from './process-cost.ts';
import type { Run } from './side-by-side.ts';

// One archive, opened for one import: `node import-process.ts FOLDER SOURCE`. Tells its parent how long that took, to the last byte on the disk
// and the last row in the index.

const [folder = '', source = ''] = process.argv.slice(2);
const archive = await openArchive({ directory: join(folder, 'archive'), databases: join(folder, 'databases'), durable: true });
const cost = await watchCost(process.pid);
const started = performance.now();
const job = archive.import([source]);
job.onItems(() => job.acknowledge(1));
const { imported } = await job.done;
await archive.settled();
const seconds = (performance.now() - started) / 1000;
const run: Run = { seconds, ...(await cost()), notes: { imported } };
await archive.close();
process.send?.(run);
