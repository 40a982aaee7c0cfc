import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { temporaryFolder } from './fake-workstation.ts';

test('a frame whose thread died while it was read ends with an error instead of never', async () => {
  const folder = await temporaryFolder();
  const thread = new Worker(new URL('../../../electron/hosts/desktop/reader-thread.ts', import.meta.url), {
    workerData: { archive: { directory: join(folder.path, 'archive'), databases: folder.path, durable: false } },
  });
  try {
    const told = once(thread, 'message');
    // What the desktop host asks of the thread that took the dead one's place.
    thread.postMessage({ kind: 'next', id: 7 });
    expect(await told).toEqual([{ kind: 'failed', id: 7 }]);
  } finally {
    await thread.terminate();
    await folder.remove();
  }
});
