import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { StallClock } from '../../../electron/associations/stall-clock.ts';

test('a peer whose answer lies in the socket is not blamed for a pause of our own thread; one that is silent is', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[peer]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [[Socket], unknown];
  const events: string[] = [];
  const { promise: expired, resolve } = Promise.withResolvers<void>();
  socket.on('data', () => {
    events.push('data');
    clock.rearm();
  });
  const clock = new StallClock(0.05, () => {
    events.push('expired');
    resolve();
  });
  peer.write('pending');
  // The thread does nothing for twice the clock: clock and bytes are both due when it goes on.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  await expired;
  expect(events).toEqual(['data', 'expired']);
  socket.destroy();
  server.close();
});
