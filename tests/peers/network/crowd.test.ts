import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WaitingRoom } from '../../../electron/associations/waiting-room.ts';
import { clocks } from '../../support/clocks.ts';
import { startReceiver } from '../../support/receiver.ts';
import { Command, PDU, type ScriptedConnection, scriptedCaller, UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const ACCESS = { acceptAnyone: true, maxAssociations: 2 };
/** Far more than the port attends to with these rules. */
const CROWD = 200;

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function silent(port: number, count: number): Promise<Socket[]> {
  const some = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ host: '127.0.0.1', port });
      sockets.push(socket);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    }),
  );
  return some;
}

/** Resolves when the other end has hung up, politely or not. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.resume().once('close', () => resolve());
  });
}

async function calling(port: number): Promise<ScriptedConnection> {
  const connection = await scriptedCaller(port);
  sockets.push(connection.socket);
  return connection;
}

const REQUEST = { calledAETitle: 'PHOSPHOR', callingAETitle: 'CROWD', abstractSyntaxes: [UIDs.verification] };

describe('more callers than there are places', () => {
  test('each that asks is told that the limit is exceeded, none is hung up on without a word, and there is room again afterwards', async () => {
    await using folder = await temporaryFolder('crowd');
    await using receiver = await startReceiver(folder.path, { access: ACCESS });
    const { port } = receiver.listener;
    const first = await calling(port);
    expect((await first.associate(REQUEST)).type).toBe(PDU.associateAC);
    const answers = await Promise.all(
      Array.from({ length: CROWD }, async () => {
        const { type, body } = await (await calling(port)).associate(REQUEST);
        return `${type} ${[...body.subarray(1, 4)].join('/')}`;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([`${PDU.associateRJ} 2/3/2`]));
    await first.release();
    await receiver.until(() => receiver.open.at(-1) === 0);
    expect((await (await calling(port)).associate(REQUEST)).type).toBe(PDU.associateAC);
  });

  test('those that say nothing keep nobody out who asks, and whoever comes in by the crowd is served', async () => {
    await using folder = await temporaryFolder('silent-crowd');
    await using receiver = await startReceiver(folder.path, { access: ACCESS });
    const { port } = receiver.listener;
    await silent(port, CROWD);
    const honest = await calling(port);
    expect((await honest.associate(REQUEST)).type).toBe(PDU.associateAC);
    honest.sendMessage(1, { commandField: Command.echoRQ, affectedSOPClassUID: UIDs.verification, messageID: 1, dataSetType: 0x0101 });
    expect((await honest.readMessage()).command.status).toBe(0);
    await honest.release();
  });

  test('a request that comes byte by byte is answered all the same', async () => {
    await using folder = await temporaryFolder('slow-crowd');
    await using receiver = await startReceiver(folder.path, { access: ACCESS });
    const { port } = receiver.listener;
    await silent(port, CROWD);
    const honest = await calling(port);
    const { socket } = honest;
    const write = socket.write.bind(socket);
    socket.write = (bytes: Uint8Array | string) => {
      for (const byte of Buffer.from(bytes)) write(Buffer.of(byte));
      return true;
    };
    expect((await honest.associate(REQUEST)).type).toBe(PDU.associateAC);
  });

  test('those that say nothing are hung up on when the association clock has run out', async () => {
    await using folder = await temporaryFolder('crowd-clock');
    await using receiver = await startReceiver(folder.path, { access: ACCESS, clocks: clocks({ association: 0.5 }) });
    const crowd = await silent(receiver.listener.port, CROWD);
    await Promise.all(crowd.map(gone));
  });

  test('what is no request is aborted', async () => {
    await using folder = await temporaryFolder('crowd-garbage');
    await using receiver = await startReceiver(folder.path, { access: ACCESS });
    const { port } = receiver.listener;
    await silent(port, CROWD);
    const [socket] = await silent(port, 1);
    socket?.write('GET / HTTP/1.1\r\n\r\n');
    const [bytes] = socket ? await once(socket, 'data') : [];
    // As where there is room: service user (AA-1).
    expect([...bytes]).toEqual([PDU.abort, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
  });

  test('whoever has waited longest goes when the last place is taken, so that silence never keeps a newcomer out', async () => {
    const room = new WaitingRoom({ seconds: 5, places: 2, hasRoom: () => false, onRoom: () => undefined, onRefused: () => undefined });
    const server = createServer({ pauseOnConnect: true }, (socket) => room.enter(socket, '127.0.0.1'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [first] = await silent(port, 1);
    await silent(port, 1);
    const last = await calling(port);
    if (first) await gone(first);
    const { type, body } = await last.associate(REQUEST);
    expect([type, ...body.subarray(1, 4)]).toEqual([PDU.associateRJ, 2, 3, 2]);
    room.close();
    server.close();
  });

  test('the port closes while they wait', async () => {
    await using folder = await temporaryFolder('crowd-close');
    await using receiver = await startReceiver(folder.path, { access: ACCESS });
    const crowd = await silent(receiver.listener.port, CROWD);
    const ended = crowd.map(gone);
    await receiver.listener.close();
    await Promise.all(ended);
  });
});
