import { parentPort, workerData } from 'node:worker_threads';
import { createArrivalWriter } from '../../../electron/archive/arrival.ts';

/** Stores the given versions one after the other, as a listener thread would, and answers with their results. */
const { location, port, versions, origin, crashes, options } = workerData;
const writer = createArrivalWriter(location, port, options);
const results: string[] = [];
for (const version of versions) {
  const arrival = writer.begin(version, origin);
  await arrival.write(version.bytes);
  results.push((await arrival.finish()).result);
}
// A thread that crashes closes nothing; what it has acknowledged a moment before must not depend on it.
if (crashes === true) process.exit(1);
await writer.close();
parentPort?.postMessage(results);
