import { parentPort, workerData } from 'node:worker_threads';
import { toErrorData } from '../../../shared/contract/phosphor-error.ts';
import { generateDemoStudies } from './index.ts';

/** Computes the demo studies away from the main thread: `workerData.directory` in, progress and one final message out. */
const { directory } = workerData as { readonly directory: string };

try {
  const images = await generateDemoStudies(directory, (progress) => parentPort?.postMessage({ type: 'progress', ...progress }));
  parentPort?.postMessage({ type: 'done', images });
} catch (thrown) {
  parentPort?.postMessage({ type: 'failed', error: toErrorData(thrown) });
}
