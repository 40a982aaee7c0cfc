import fs from 'node:fs';
import { createArrivalWriter } from '../../../electron/archive/arrival.ts';
import { openArchive } from '../../../electron/archive/index.ts';
import { STORE, sample } from './samples.ts';

/** Stores instances until it is killed, several at a time; each one acknowledged is written to standard output, as a peer would hear it. */
const [location = '', first = '0'] = process.argv.slice(2);
const archive = await openArchive(JSON.parse(location));
const writer = createArrivalWriter(archive.location, archive.arrivalPort());

async function storeForEver(lane: number): Promise<void> {
  for (let i = 0; ; i += 1) {
    const uid = `1.2.${first}.${lane}.${i}`;
    const one = sample(uid, { StudyInstanceUID: `1.2.${first}` }, { rows: 128, fill: i % 4096 });
    const arrival = writer.begin(one, STORE);
    await arrival.write(one.bytes.subarray(0, 5000));
    await arrival.write(one.bytes.subarray(5000));
    await arrival.finish();
    fs.writeSync(1, `${uid}\n`);
  }
}

await Promise.all([0, 1, 2].map(storeForEver));
