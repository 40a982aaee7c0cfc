import fs from 'node:fs';
import { openArchive } from '../../electron/archive/index.ts';

/** Imports a folder until it is done or killed; what is reported is written to standard output at once. */
const [directory = '', databases = '', source = ''] = process.argv.slice(2);
const archive = await openArchive({ directory, databases, durable: true });
const job = archive.import([source]);
fs.writeSync(1, 'begun\n');
job.onItems((items) => {
  const told = items.flatMap(({ result, sopInstanceUID }) => (result === 'imported' || result === 'known' ? [`${sopInstanceUID}\n`] : []));
  fs.writeSync(1, told.join(''));
  job.acknowledge(1);
});
await job.done;
await archive.settled();
fs.writeSync(1, 'done\n');
await archive.close();
