import { BroadcastChannel } from 'node:worker_threads';
import { clocks } from '../support/clocks.ts';
import { startReceiver } from '../support/receiver.ts';

// A receiver in a process of its own, whose memory the idle bench watches from outside. Arguments: folder, most associations.

const [folder = '', most = ''] = process.argv.slice(2);
const receiver = await startReceiver(folder, {
  clocks: { ...clocks(), idle: 3600 },
  access: { acceptAnyone: true, maxAssociations: Number(most) },
});
const threads = new BroadcastChannel('settle');
process.on('message', () => {
  threads.postMessage('now');
  globalThis.gc?.();
  process.send?.({ settled: true });
});
process.send?.({ port: receiver.listener.port });
