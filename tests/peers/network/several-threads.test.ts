import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { locateInstance } from '../../../electron/archive/layout.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { writeSeries } from '../../support/instances.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { Command, PDU, type ScriptedConnection, scriptedCaller, smallInstance, UIDs } from '../../support/scripted-peer.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const study = '1.2.840.99';
const ORIGINATOR = { moveOriginatorAETitle: 'PHOSPHOR', moveOriginatorMessageID: 5 };
const RETRIEVE = { actionId: 'a', moveOriginatorAETitle: 'PHOSPHOR', messageId: 5, studyInstanceUID: study };

const instance = (series: number, number: number, of = study) => smallInstance(of, `${of}.${series}`, `${of}.${series}.${number}`);

async function caller(port: number, callingAETitle: string, calledAETitle = 'PHOSPHOR') {
  const connection = await scriptedCaller(port);
  const { type, body } = await connection.associate({ calledAETitle, callingAETitle, abstractSyntaxes: [UIDs.secondaryCaptureStorage] });
  return Object.assign(connection, { answer: type === PDU.associateAC ? 'accepted' : `refused ${[...body.subarray(1, 4)].join('/')}` });
}

/** One after the other, so that each goes to the thread that has the fewest: the second is never where the first is. */
async function callers(port: number, count: number, callingAETitle = 'CALLER'): Promise<ScriptedConnection[]> {
  const all: ScriptedConnection[] = [];
  for (let i = 0; i < count; i += 1) {
    const connection = await caller(port, callingAETitle);
    expect(connection.answer).toBe('accepted');
    all.push(connection);
  }
  return all;
}

/** Resolves when the threads beside the first are up: they start when two call at once. */
async function warm({ listener, open, threadsBeside, until }: Receiver, called = 'PHOSPHOR'): Promise<void> {
  const two = [await caller(listener.port, 'WARM', called), await caller(listener.port, 'WARM', called)];
  await until(() => threadsBeside.length > 0 && open.at(-1) === 2);
  await up(listener);
  for (const connection of two) await connection.release();
  await until(() => open.at(-1) === 0);
}

/** Every thread has answered, twice: what they say to each other has been heard as well. */
async function up(listener: Receiver['listener']): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    await listener.expect({ ...RETRIEVE, actionId: 'warm', studyInstanceUID: '0.0' });
    await listener.unexpect('warm');
  }
}

describe('several associations at once', () => {
  test('four storescu: what is stored is what was sent, byte for byte, and an instance that two send is there once', async () => {
    await using folder = await temporaryFolder('four');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true } });
    const { listener, stored } = receiver;
    const folders = [1, 2, 3, 3].map((series, at) => ({ series, path: join(folder.path, `in-${at}`) }));
    const written = await Promise.all(folders.map(({ series, path }) => writeSeries(path, { study, series, count: 60, size: 256 })));
    const sent = await Promise.all(
      folders.map(({ path }) => dcmtk('storescu', '-aec', 'PHOSPHOR', '127.0.0.1', String(listener.port), '+sd', path)),
    );
    expect(sent.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    await receiver.until(() => stored.length === 240 && receiver.open.at(-1) === 0);
    expect(receiver.threadsBeside.length).toBeGreaterThan(0);
    expect(Math.max(...receiver.open)).toBeLessThanOrEqual(4);
    for (const { path, sopInstanceUID } of written.flat()) {
      expect(await storedDataSetHash(locateInstance(receiver.location, sopInstanceUID))).toBe(await storedDataSetHash(path));
    }
    expect(stored.filter(({ result }) => result === 'stored')).toHaveLength(180);
    expect(stored.filter(({ result }) => result === 'known')).toHaveLength(60);
  });

  test('as many are accepted as there are places, whichever threads they come to, and each that ends makes room for one', async () => {
    await using folder = await temporaryFolder('four-caps');
    // Half of them for one address.
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true, maxAssociations: 8 } });
    const { listener, open } = receiver;
    await warm(receiver);
    const crowd = await Promise.all(Array.from({ length: 12 }, (_, at) => caller(listener.port, `C${at}`)));
    const accepted = crowd.filter(({ answer }) => answer === 'accepted');
    expect(accepted).toHaveLength(4);
    expect(new Set(crowd.map(({ answer }) => answer))).toEqual(new Set(['accepted', 'refused 2/3/2']));
    await receiver.until(() => open.at(-1) === 4);
    expect(Math.max(...open)).toBe(4);
    for (const connection of accepted) {
      await connection.release();
      await receiver.until(() => open.at(-1) === 3);
      expect((await caller(listener.port, 'NEXT')).answer).toBe('accepted');
      expect((await caller(listener.port, 'LATE')).answer).toBe('refused 2/3/2');
      await receiver.until(() => open.at(-1) === 4);
    }
  });

  test('callers that say nothing take no places of those who speak', async () => {
    await using folder = await temporaryFolder('four-silent');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true, maxAssociations: 4 } });
    await warm(receiver);
    const silent = await Promise.all(Array.from({ length: 3 }, () => scriptedCaller(receiver.listener.port)));
    const speaking = await callers(receiver.listener.port, 2);
    expect((await caller(receiver.listener.port, 'LATE')).answer).toBe('refused 2/3/2');
    for (const connection of [...silent, ...speaking]) connection.socket.destroy();
    await receiver.until(() => receiver.open.at(-1) === 0);
  });

  test('rules that change hold in every thread, and who is turned away leaves no place taken', async () => {
    await using folder = await temporaryFolder('four-rules');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true, maxAssociations: 6 } });
    const { listener } = receiver;
    await warm(receiver);
    listener.setAccess({ aeTitle: 'RENAMED', knownAETitles: ['FRIEND'], knownHosts: [], acceptAnyone: false, maxAssociations: 6 });
    await up(listener);
    const answers: string[] = [];
    for (let i = 0; i < 8; i += 1) {
      answers.push((await caller(listener.port, 'FRIEND')).answer, (await caller(listener.port, 'STRANGER', 'RENAMED')).answer);
    }
    expect(new Set(answers)).toEqual(new Set(['refused 1/1/7', 'refused 1/1/3']));
    const friends = await Promise.all(Array.from({ length: 3 }, () => caller(listener.port, 'FRIEND', 'RENAMED')));
    expect(friends.map(({ answer }) => answer)).toEqual(['accepted', 'accepted', 'accepted']);
  });
});

describe('a retrieve whose peer opens several associations', () => {
  test('each instance is credited, on whichever it comes, and a stranger may store nothing more when the retrieve has ended', async () => {
    await using folder = await temporaryFolder('four-retrieve');
    await using receiver = await startReceiver(folder.path, { access: { knownAETitles: ['WARM'] } });
    const { listener } = receiver;
    await warm(receiver);
    await listener.expect(RETRIEVE);
    const strangers = await callers(listener.port, 4, 'STRANGER');
    await Promise.all(
      strangers.map(async (connection, series) => {
        for (let number = 1; number <= 10; number += 1) expect(await connection.store(instance(series, number), ORIGINATOR)).toBe(0);
        // Two strikes of three.
        expect(await connection.store(instance(series, 1, '1.7'))).toBe(0x0124);
      }),
    );
    expect(await listener.unexpect('a')).toEqual({ credited: 40 });
    for (const [series, connection] of strangers.entries()) expect(await connection.store(instance(series, 11), ORIGINATOR)).toBe(0x0124);
    expect((await caller(listener.port, 'STRANGER')).answer).toBe('refused 1/1/3');
    await receiver.until(() => receiver.refused.length === 8);
    expect(receiver.stored.every(({ actionId }) => actionId === 'a')).toBe(true);
  });
});

describe('a receiving thread that dies', () => {
  test('without the port: its associations end, the others go on, what it acknowledged is there, and another takes its place', async () => {
    await using folder = await temporaryFolder('four-killed');
    await using receiver = await startReceiver(folder.path, { access: { knownAETitles: ['CALLER', 'WARM'] } });
    const { listener, threadsBeside } = receiver;
    await warm(receiver);
    await listener.expect(RETRIEVE);
    const [first, second] = await callers(listener.port, 2);
    if (!first || !second) throw new Error('two');
    const acknowledged: string[] = [];
    const storing = (async () => {
      for (let number = 1; ; number += 1) {
        const one = instance(2, number);
        const status = await second.store(one, ORIGINATOR);
        if (status === undefined) return;
        expect(status).toBe(0);
        acknowledged.push(one.sopInstanceUID);
        if (number === 20) for (const worker of threadsBeside) void worker.terminate();
      }
    })().catch(() => undefined);
    for (let number = 1; number <= 20; number += 1) expect(await first.store(instance(1, number), ORIGINATOR)).toBe(0);
    await storing;
    await receiver.until(() => receiver.states.includes('restarted'));
    expect(acknowledged.length).toBeGreaterThanOrEqual(20);
    for (const sopInstanceUID of acknowledged) await storedDataSetHash(locateInstance(receiver.location, sopInstanceUID));
    expect(await first.store(instance(1, 21), ORIGINATOR)).toBe(0);
    await receiver.until(() => receiver.open.at(-1) === 1);
    await up(listener);
    // The next of them knows the retrieve too.
    const [stranger] = await callers(listener.port, 1, 'STRANGER');
    expect(await stranger?.store(instance(3, 1), ORIGINATOR)).toBe(0);
    expect(await stranger?.store(instance(3, 1, '1.7'))).toBe(0x0124);
    const { credited } = await listener.unexpect('a');
    expect(credited).toBeGreaterThanOrEqual(22);
  });

  test('with the port: the associations of the others go on, and count in the next one', async () => {
    await using folder = await temporaryFolder('four-first-killed');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true, maxAssociations: 4 } });
    const { listener, open } = receiver;
    const { port } = listener;
    await warm(receiver);
    const [first, second] = await callers(port, 2);
    await receiver.killThread();
    await receiver.until(() => receiver.states.includes('restarted') && open.at(-1) === 1);
    expect(await first?.readShort()).toBe('closed');
    expect(await second?.store(instance(2, 1))).toBe(0);
    const third = await caller(port, 'THIRD');
    expect(third.answer).toBe('accepted');
    // Told a moment later; the 1 from before it must not be taken for the one that follows.
    await receiver.until(() => open.at(-1) === 2);
    expect((await caller(port, 'LATE')).answer).toBe('refused 2/3/2');
    expect(await third.store(instance(3, 1))).toBe(0);
    await second?.release();
    await receiver.until(() => open.at(-1) === 1);
    expect((await caller(port, 'NEXT')).answer).toBe('accepted');
  });
});

/** Sends half of what `send` sends; returns the rest. */
function heldBack({ socket }: ScriptedConnection, send: () => void): Buffer {
  const write = socket.write.bind(socket);
  const pieces: Buffer[] = [];
  socket.write = (bytes: Uint8Array | string) => pieces.push(Buffer.from(bytes)) > 0;
  send();
  socket.write = write;
  const all = Buffer.concat(pieces);
  write(all.subarray(0, all.length >> 1));
  return all.subarray(all.length >> 1);
}

test('closing lets an instance on its way in stand in every thread', async () => {
  await using folder = await temporaryFolder('four-closing');
  await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true }, clocks: clocks({ release: 1 }) });
  await warm(receiver);
  const connections = await callers(receiver.listener.port, 2);
  const sent = connections.map((connection, series) => {
    const { dataSet, sopClassUID, sopInstanceUID } = smallInstance(study, `${study}.${series}`, `${study}.${series}.1`, 40_000);
    const contextId = connection.contextIds.get(sopClassUID) ?? 0;
    const command = { commandField: Command.storeRQ, affectedSOPClassUID: sopClassUID, messageID: 1, priority: 0 };
    const rest = heldBack(connection, () =>
      connection.sendMessage(contextId, { ...command, affectedSOPInstanceUID: sopInstanceUID }, dataSet),
    );
    return { connection, sopInstanceUID, rest };
  });
  const incoming = join(receiver.location.directory, 'incoming');
  await expect.poll(() => readdir(incoming).then((names) => names.filter((name) => name.endsWith('.part')).length)).toBe(2);
  const closing = receiver.listener.close();
  for (const { connection, sopInstanceUID, rest } of sent) {
    connection.sendRaw(rest);
    const { command } = await connection.readMessage();
    expect(command.status).toBe(0);
    await storedDataSetHash(locateInstance(receiver.location, sopInstanceUID));
    expect(await connection.expectPDU(PDU.abort)).toBeDefined();
    if (!connection.socket.closed) await once(connection.socket, 'close');
  }
  await closing;
});
