import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { locateInstance } from '../../../electron/archive/layout.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { writeSeries } from '../../support/instances.ts';
import { startReceiver } from '../../support/receiver.ts';
import { Command, PDU, type ScriptedConnection, scriptedCaller, smallInstance, UIDs } from '../../support/scripted-peer.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const study = '1.2.840.99';
const instance = (number: number, of = study) => smallInstance(of, `${of}.1`, `${of}.1.${number}`);

async function caller(port: number, callingAETitle: string, calledAETitle = 'PHOSPHOR'): Promise<ScriptedConnection & { answer: number }> {
  const connection = await scriptedCaller(port);
  const { type } = await connection.associate({ calledAETitle, callingAETitle, abstractSyntaxes: [UIDs.secondaryCaptureStorage] });
  return Object.assign(connection, { answer: type });
}

/** Temp files in incoming/. One that was made ahead for a next instance goes when none comes. */
async function unfinished({ directory }: { readonly directory: string }): Promise<string[]> {
  return (await readdir(join(directory, 'incoming'))).filter((name) => name.endsWith('.part'));
}

describe('who may store', () => {
  test('echoscu of a known node is answered; a wrong called title and an unknown caller are told why', async () => {
    await using folder = await temporaryFolder('access');
    await using receiver = await startReceiver(folder.path, { access: { knownAETitles: ['ECHOSCU'] } });
    const port = String(receiver.listener.port);
    expect((await dcmtk('echoscu', '-aet', 'ECHOSCU', '-aec', 'PHOSPHOR', '127.0.0.1', port)).code).toBe(0);
    const called = await dcmtk('echoscu', '-aet', 'ECHOSCU', '-aec', 'OTHER', '127.0.0.1', port);
    expect(called.output).toContain('Called AE Title Not Recognized');
    const calling = await dcmtk('echoscu', '-aet', 'STRANGER', '-aec', 'PHOSPHOR', '127.0.0.1', port);
    expect(calling.output).toContain('Calling AE Title Not Recognized');
    await receiver.until(() => receiver.turnedAway.length === 2);
    expect(receiver.turnedAway).toMatchObject([
      { callingAETitle: 'ECHOSCU', address: '127.0.0.1', error: { kind: 'rejected' } },
      { callingAETitle: 'STRANGER', address: '127.0.0.1', error: { kind: 'rejected' } },
    ]);
  });

  test('rules that change while the listener runs hold for the next caller', async () => {
    await using folder = await temporaryFolder('rules');
    await using receiver = await startReceiver(folder.path);
    const before = await caller(receiver.listener.port, 'ANY');
    expect(before.answer).toBe(PDU.associateRJ);
    receiver.listener.setAccess({ aeTitle: 'RENAMED', knownAETitles: [], knownHosts: ['localhost'], acceptAnyone: false });
    await receiver.listener.unexpect('nothing');
    await receiver.until(() => receiver.turnedAway.length === 1);
    expect((await caller(receiver.listener.port, 'ANY', 'RENAMED')).answer).toBe(PDU.associateAC);
    expect((await caller(receiver.listener.port, 'ANY')).answer).toBe(PDU.associateRJ);
  });

  test('one association too many is refused for now, and there is room again when another ends', async () => {
    await using folder = await temporaryFolder('caps');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true, maxAssociations: 2 } });
    const first = await caller(receiver.listener.port, 'A');
    expect(first.answer).toBe(PDU.associateAC);
    const second = await scriptedCaller(receiver.listener.port);
    const refusal = await second.associate({ calledAETitle: 'PHOSPHOR', callingAETitle: 'B', abstractSyntaxes: [UIDs.verification] });
    expect(refusal.type).toBe(PDU.associateRJ);
    expect([...refusal.body.subarray(1, 4)]).toEqual([2, 3, 2]);
    await first.release();
    await receiver.until(() => receiver.open.at(-1) === 0);
    expect((await caller(receiver.listener.port, 'C')).answer).toBe(PDU.associateAC);
  });

  test('while a retrieve runs an unknown caller may store what belongs to it, nothing else, and is shown the door after three strikes', async () => {
    await using folder = await temporaryFolder('provisional');
    await using receiver = await startReceiver(folder.path);
    const { listener } = receiver;
    await listener.expect({ actionId: 'a', moveOriginatorAETitle: 'PHOSPHOR', messageId: 5, studyInstanceUID: study });
    const stranger = await caller(listener.port, 'STRANGER');
    expect(stranger.answer).toBe(PDU.associateAC);
    const originator = { moveOriginatorAETitle: 'PHOSPHOR', moveOriginatorMessageID: 5 };
    expect(await stranger.store(instance(1, '1.9'), originator)).toBe(0);
    expect(await stranger.store(instance(2))).toBe(0);
    expect(await stranger.store(instance(1, '1.7'))).toBe(0x0124);
    expect(await stranger.store(instance(1, '1.8'), { ...originator, moveOriginatorMessageID: 6 })).toBe(0x0124);
    // Between strikes what belongs still comes in.
    expect(await stranger.store(instance(3))).toBe(0);
    const third = await stranger.store(instance(2, '1.7'));
    expect([0x0124, undefined]).toContain(third);
    expect(await stranger.expectPDU(PDU.abort)).toBeDefined();
    expect(await listener.unexpect('a')).toEqual({ credited: 3 });
    await receiver.until(() => receiver.refused.length === 3);
    expect(receiver.refused.map(({ status }) => status)).toEqual([0x0124, 0x0124, 0x0124]);
    expect(receiver.stored.map(({ sopInstanceUID }) => sopInstanceUID)).toEqual(['1.9.1.1', `${study}.1.2`, `${study}.1.3`]);
    await expect(storedDataSetHash(locateInstance(receiver.location, '1.7.1.1'))).rejects.toThrow();
    await expect.poll(() => unfinished(receiver.location)).toEqual([]);
    expect((await caller(listener.port, 'STRANGER')).answer).toBe(PDU.associateRJ);
  });

  test('a provisional caller whose retrieve has ended may store nothing more', async () => {
    await using folder = await temporaryFolder('ended');
    await using receiver = await startReceiver(folder.path);
    await receiver.listener.expect({ actionId: 'a', moveOriginatorAETitle: 'PHOSPHOR', messageId: 5, studyInstanceUID: study });
    const stranger = await caller(receiver.listener.port, 'STRANGER');
    expect(await stranger.store(instance(1))).toBe(0);
    expect(await receiver.listener.unexpect('a')).toEqual({ credited: 1 });
    expect(await stranger.store(instance(2))).toBe(0x0124);
  });
});

describe('crediting', () => {
  test('two retrieves at once from one peer: each instance goes to the one that it answers', async () => {
    await using folder = await temporaryFolder('two');
    await using receiver = await startReceiver(folder.path, { access: { knownAETitles: ['PACS'] } });
    const { listener } = receiver;
    await listener.expect({ actionId: 'a', moveOriginatorAETitle: 'PHOSPHOR', messageId: 1, studyInstanceUID: study });
    await listener.expect({ actionId: 'b', moveOriginatorAETitle: 'PHOSPHOR', messageId: 2, studyInstanceUID: study });
    const stores = await Promise.all([caller(listener.port, 'PACS'), caller(listener.port, 'PACS')]);
    await Promise.all(
      stores.map(async (connection, index) => {
        for (let i = 0; i < 20; i += 1) {
          const originator = { moveOriginatorAETitle: 'PHOSPHOR', moveOriginatorMessageID: index + 1 };
          expect(await connection.store(instance(100 * index + i), originator)).toBe(0);
        }
      }),
    );
    expect(await listener.unexpect('a')).toEqual({ credited: 20 });
    expect(await listener.unexpect('b')).toEqual({ credited: 20 });
  });

  test('a peer without Move Originator: instances are told apart by their study; an unasked one is kept and credited to none', async () => {
    await using folder = await temporaryFolder('originator');
    await using receiver = await startReceiver(folder.path, { access: { knownAETitles: ['PACS'] } });
    const { listener } = receiver;
    await listener.expect({ actionId: 'a', moveOriginatorAETitle: 'PHOSPHOR', messageId: 1, studyInstanceUID: '1.1' });
    await listener.expect({
      actionId: 'b',
      moveOriginatorAETitle: 'PHOSPHOR',
      messageId: 2,
      studyInstanceUID: '1.2',
      seriesInstanceUID: '1.2.1',
    });
    const connection = await caller(listener.port, 'PACS');
    for (const of of ['1.1', '1.2', '1.3']) expect(await connection.store(instance(1, of))).toBe(0);
    expect(await listener.unexpect('a')).toEqual({ credited: 1 });
    expect(await listener.unexpect('b')).toEqual({ credited: 1 });
    expect(receiver.stored.map(({ actionId }) => actionId)).toEqual(['a', 'b', undefined]);
  });
});

describe('storing', () => {
  test('storescu: what is stored is what was sent, byte for byte', async () => {
    await using folder = await temporaryFolder('storescu');
    await using receiver = await startReceiver(folder.path, { access: { knownAETitles: ['STORESCU'] } });
    const written = await writeSeries(join(folder.path, 'in'), { study, count: 20, size: 256 });
    const sent = await dcmtk(
      'storescu',
      '-aec',
      'PHOSPHOR',
      '-xe',
      '127.0.0.1',
      String(receiver.listener.port),
      '+sd',
      join(folder.path, 'in'),
    );
    expect(sent.code).toBe(0);
    await receiver.until(() => receiver.stored.length === 20);
    for (const { path, sopInstanceUID } of written) {
      const hash = await storedDataSetHash(locateInstance(receiver.location, sopInstanceUID));
      expect(hash).toBe(await storedDataSetHash(path));
      expect(receiver.stored.find((one) => one.sopInstanceUID === sopInstanceUID)).toMatchObject({ callingAETitle: 'STORESCU' });
    }
  });

  test('a peer that hangs up in the middle of an instance leaves nothing behind, and others go on', async () => {
    await using folder = await temporaryFolder('hang-up');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true } });
    const gone = await caller(receiver.listener.port, 'A');
    const other = await caller(receiver.listener.port, 'B');
    const { dataSet, sopClassUID } = smallInstance(study, `${study}.1`, `${study}.1.1`, 40_000);
    const contextId = gone.contextIds.get(sopClassUID) ?? 0;
    gone.sendMessage(
      contextId,
      {
        commandField: Command.storeRQ,
        affectedSOPClassUID: sopClassUID,
        messageID: 1,
        priority: 0,
        affectedSOPInstanceUID: `${study}.1.1`,
      },
      dataSet,
    );
    gone.sendPDU(PDU.data, Buffer.from([0, 0, 0, 4, contextId, 3, 0, 0]));
    gone.socket.destroySoon();
    expect(await other.store(instance(2))).toBe(0);
    await receiver.until(() => receiver.open.at(-1) === 1);
    const half = await caller(receiver.listener.port, 'C');
    half.sendMessage(
      contextId,
      {
        commandField: Command.storeRQ,
        affectedSOPClassUID: sopClassUID,
        messageID: 1,
        priority: 0,
        affectedSOPInstanceUID: `${study}.1.3`,
      },
      dataSet,
      50_000_000,
    );
    half.socket.destroySoon();
    await other.release();
    await receiver.until(() => receiver.open.at(-1) === 0);
    await expect.poll(() => unfinished(receiver.location)).toEqual([]);
  });

  test('a disk that fails is the peer’s A700, nothing is left behind, and the association lives on', async () => {
    await using folder = await temporaryFolder('disk');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true } });
    const connection = await caller(receiver.listener.port, 'A');
    expect(await connection.store(instance(1))).toBe(0);
    const incoming = join(receiver.location.directory, 'incoming');
    await rename(incoming, `${incoming}-gone`);
    expect(await connection.store(instance(2))).toBe(0xa700);
    await rename(`${incoming}-gone`, incoming);
    expect(await connection.store(instance(3))).toBe(0);
    await receiver.until(() => receiver.refused.length === 1);
    expect(receiver.refused).toMatchObject([{ status: 0xa700, sopInstanceUID: `${study}.1.2` }]);
    await connection.release();
  });
});

describe('the thread', () => {
  test('a port in use is said so', async () => {
    await using folder = await temporaryFolder('port');
    await using receiver = await startReceiver(folder.path);
    await using other = await temporaryFolder('port-2');
    await expect(startReceiver(other.path, { port: receiver.listener.port })).rejects.toMatchObject({ data: { kind: 'port-in-use' } });
    await expect(startReceiver(other.path, { host: '203.0.113.77' })).rejects.toMatchObject({ data: { kind: 'unreachable' } });
  });

  test('a thread that dies is replaced on the same port, with the rules and expectations of now', async () => {
    await using folder = await temporaryFolder('killed');
    await using receiver = await startReceiver(folder.path);
    const { listener } = receiver;
    const { port } = listener;
    listener.setAccess({ aeTitle: 'RENAMED', knownAETitles: [], knownHosts: [], acceptAnyone: false });
    await listener.expect({ actionId: 'a', moveOriginatorAETitle: 'RENAMED', messageId: 5, studyInstanceUID: study });
    const before = await caller(port, 'STRANGER', 'RENAMED');
    expect(await before.store(instance(1))).toBe(0);
    await receiver.until(() => receiver.stored.length === 1);
    await receiver.killThread();
    await receiver.until(() => receiver.states.includes('restarted'));
    expect(listener.port).toBe(port);
    const after = await caller(port, 'STRANGER', 'RENAMED');
    expect(await after.store(instance(2))).toBe(0);
    expect(await after.store(instance(1, '1.7'))).toBe(0x0124);
    expect(await listener.unexpect('a')).toEqual({ credited: 2 });
  });

  test('a thread that dies with the only line to the archive is a failed listener, and says so to who expects', async () => {
    await using folder = await temporaryFolder('plain');
    await using receiver = await startReceiver(folder.path, { plainPort: true });
    await receiver.killThread();
    await receiver.until(() => receiver.states.includes('failed'));
    const expectation = { actionId: 'a', moveOriginatorAETitle: 'PHOSPHOR', messageId: 5, studyInstanceUID: study };
    await expect(receiver.listener.expect(expectation)).rejects.toMatchObject({ data: { kind: 'worker-died' } });
  });

  test('an expectation asked for while the thread dies is answered by the next one', async () => {
    await using folder = await temporaryFolder('killed-asking');
    await using receiver = await startReceiver(folder.path);
    const killed = receiver.killThread();
    await receiver.listener.expect({ actionId: 'a', moveOriginatorAETitle: 'PHOSPHOR', messageId: 5, studyInstanceUID: study });
    await killed;
    await receiver.until(() => receiver.states.includes('restarted'));
    expect((await caller(receiver.listener.port, 'STRANGER')).answer).toBe(PDU.associateAC);
  });

  test('closing lets the instance on its way in stand, then ends the associations', async () => {
    await using folder = await temporaryFolder('closing');
    const receiver = await startReceiver(folder.path, { access: { acceptAnyone: true }, clocks: clocks({ release: 1 }) });
    const idle = await caller(receiver.listener.port, 'IDLE');
    const closing = receiver[Symbol.asyncDispose]();
    expect(await idle.expectPDU(PDU.abort)).toBeDefined();
    await closing;
    await expect(scriptedCaller(receiver.listener.port)).rejects.toThrow();
  });
});
