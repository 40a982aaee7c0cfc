import { parentPort, workerData } from 'node:worker_threads';
import { ImportLane } from './import-lane.ts';
import type { FromLane, LaneData, ToLane } from './import-lane-messages.ts';

const port = parentPort;

if (port !== null) {
  const lane = new ImportLane(workerData as LaneData);
  const tell = (message: FromLane): void => port.postMessage(message);
  let turn = Promise.resolve();
  port.on('message', (message: ToLane) => {
    switch (message.type) {
      case 'take':
        turn = turn.then(async () =>
          tell({ type: 'taken', group: message.group, outcomes: await lane.take(message.group, message.files) }),
        );
        return;
      case 'durable':
        tell({ type: 'synced', group: message.group, ...lane.durable(message.group, message.syncEach) });
        return;
      case 'close':
        turn = turn.then(async () => {
          await lane.close();
          tell({ type: 'closed' });
          port.close();
        });
    }
  });
}
