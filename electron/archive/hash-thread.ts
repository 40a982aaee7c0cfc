import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { HashAnswer, HashQuestion, HashThreadData } from './arrival-hashes.ts';
import { hashOfArrived } from './arrived-file.ts';

const { location } = workerData as HashThreadData;
const LOWEST_PRIORITY = 19;

// On Linux a priority belongs to a thread; elsewhere to the whole process, where it stays as it is.
if (process.platform === 'linux') {
  try {
    os.setPriority(0, LOWEST_PRIORITY);
  } catch {
    // Not allowed here: it then takes its share like everybody else.
  }
}

parentPort?.on('message', ({ files }: HashQuestion) => {
  const answer: HashAnswer = { hashes: files.map((file) => hashOfArrived(location, file)) };
  parentPort?.postMessage(answer);
});
