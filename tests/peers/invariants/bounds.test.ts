import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeFileMeta } from '../../../electron/dicom/dataset/index.ts';
import { localSocketPath } from '../../../electron/hosts/profile.ts';
import { openedWorkstation } from '../../move-models/scripted-pacs.ts';
import { freePort } from '../../support/free-port.ts';
import { type LongRunning, startListening } from '../../support/long-running.ts';
import {
  Command,
  encodeCommand,
  PDU,
  ScriptedConnection,
  type ScriptedMessage,
  ScriptedPeer,
  scriptedCaller,
  smallInstance,
  UIDs,
} from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

const MIB = 1024 * 1024;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let profile: string;
let port: number;
let listening: LongRunning;

beforeAll(async () => {
  folder = await temporaryFolder('bounds');
  profile = join(folder.path, 'profile');
  port = await freePort();
  await phosphor(['node', 'add', 'PEER', '--host', '127.0.0.1', '--port', '1', '--ae', 'PEER', '--profile', profile]);
  listening = await startListening(profile, port);
});

afterAll(async () => {
  expect(await listening.kill('SIGTERM')).toBe(0);
  await folder[Symbol.asyncDispose]();
});

async function associated(localAddress = '127.0.0.1'): Promise<ScriptedConnection & { answer: number }> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  await once(socket, 'connect');
  const connection = new ScriptedConnection(socket);
  const abstractSyntaxes = [UIDs.secondaryCaptureStorage, UIDs.verification];
  const { type } = await connection.associate({ calledAETitle: 'PHOSPHOR', callingAETitle: 'PEER', abstractSyntaxes });
  return Object.assign(connection, { answer: type });
}

let next = 1;
/** Others are served as if nothing had happened. */
async function expectService(): Promise<void> {
  const connection = await associated();
  expect(connection.answer).toBe(PDU.associateAC);
  next += 1;
  expect(await connection.store(smallInstance('1.2.9', '1.2.9.1', `1.2.9.1.${next}`))).toBe(0);
  await connection.release();
}

async function residentMiB(): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${listening.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

test('a PDU that claims 4 GB is answered with A-ABORT at its header, before and after the association stands', async () => {
  const before = await residentMiB();
  const claim = Buffer.from([0, 0, 0xff, 0xff, 0xff, 0xff]);
  for (const type of [PDU.associateRQ, PDU.data]) {
    const connection = type === PDU.associateRQ ? await scriptedCaller(port) : await associated();
    claim[0] = type;
    connection.sendRaw(Buffer.concat([claim, Buffer.alloc(4096)]));
    expect(await connection.expectPDU(PDU.abort), `PDU ${type}`).toBeDefined();
    connection.socket.destroy();
  }
  await expectService();
  expect((await residentMiB()) - before).toBeLessThan(64);
});

test('a PDV that is longer than its PDU ends the association', async () => {
  const connection = await associated();
  connection.sendPDU(PDU.data, Buffer.from([0xff, 0xff, 0xff, 0xf0, 1, 3, 0, 0]));
  expect(await connection.expectPDU(PDU.abort)).toBeDefined();
  connection.socket.destroy();
  await expectService();
});

/** Items and sequences of undefined length, one in the other. */
function nested(depth: number, ended: boolean): Buffer {
  const openSequence = Buffer.from([0x40, 0, 0x30, 0xa7, 0xff, 0xff, 0xff, 0xff]);
  const openItem = Buffer.from([0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff]);
  const end = Buffer.concat([Buffer.from([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0]), Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])]);
  const level = Buffer.concat([openSequence, openItem]);
  return Buffer.concat([...Array<Buffer>(depth).fill(level), ...(ended ? Array<Buffer>(depth).fill(end) : [])]);
}

test.each([
  ['closed', true],
  ['never closed', false],
])('a sequence 10,000 levels deep (%s) is stored and verified like any other, by C-STORE and by import', async (name, ended) => {
  const sopInstanceUID = `1.2.9.2.${ended ? 1 : 2}`;
  const instance = smallInstance('1.2.9', '1.2.9.2', sopInstanceUID);
  const dataSet = Buffer.concat([instance.dataSet.subarray(0, instance.dataSet.length - 72 - 0), nested(10_000, ended)]);
  const connection = await associated();
  const status = await connection.store({ ...instance, dataSet });
  expect(status).toBe(0);
  await connection.release();
  const file = join(folder.path, `deep-${name.replace(' ', '-')}`, 'deep.dcm');
  await mkdir(join(file, '..'));
  const meta = encodeFileMeta({ sopClassUID: instance.sopClassUID, sopInstanceUID, transferSyntaxUID: UIDs.implicitVRLittleEndian });
  await writeFile(file, Buffer.concat([meta, dataSet]));
  const run = await phosphor(['import', join(file, '..'), '--profile', profile, '--json']);
  expect(run.lines.find((line) => line.kind === 'file')).toMatchObject({ result: expect.stringMatching(/^(known|refused)$/) });
  expect(run.lines.filter((line) => line.type === 'ActionComplete')).toHaveLength(1);
  await expectService();
  expect((await phosphor(['archive', 'verify', '--profile', profile, '--json'])).lines.at(-1)).toMatchObject({ details: { problems: 0 } });
});

/** A pending C-FIND-RSP whose identifier has no end, as long as somebody reads. */
async function sendForEver(connection: ScriptedConnection, { contextId, command }: ScriptedMessage, bytes: number): Promise<void> {
  const pdv = (control: number, body: Buffer) => {
    const head = Buffer.alloc(6);
    head.writeUInt32BE(body.length + 2, 0);
    head.writeUInt8(contextId, 4);
    head.writeUInt8(control, 5);
    return Buffer.concat([head, body]);
  };
  const closed = once(connection.socket, 'close');
  const answer = {
    affectedSOPClassUID: UIDs.studyRootFind,
    messageIDBeingRespondedTo: command.messageID ?? 1,
    dataSetType: 1,
    status: 0xff00,
  };
  connection.sendPDU(PDU.data, pdv(3, encodeCommand({ commandField: Command.findRSP, ...answer })));
  // One Study Description without an end, and then nothing but it.
  const head = Buffer.from([0x08, 0, 0x30, 0x10, 0xfe, 0xff, 0xff, 0x7f]);
  connection.sendPDU(PDU.data, pdv(0, head));
  const part = pdv(0, Buffer.alloc(16_000, 0x41));
  for (let sent = 0; sent < bytes && !connection.socket.closed; sent += part.length) {
    connection.sendPDU(PDU.data, part);
    if (connection.socket.writableNeedDrain) await Promise.race([once(connection.socket, 'drain'), closed]);
  }
}

test('an identifier of 100 MB in a search ends it with a typed error and little memory; the next search works', async () => {
  let huge = true;
  await using peer = await ScriptedPeer.listen(async (connection) => {
    const request = await connection.readAssociateRQ();
    connection.acceptAssociate(request);
    const message = await connection.readMessage().catch(() => undefined);
    if (message === undefined) return;
    if (huge && message.command.commandField === Command.findRQ) {
      await sendForEver(connection, message, 100 * MIB);
      connection.socket.destroy();
      return;
    }
    connection.respond(message, { status: 0 });
    await connection.finish();
  });
  await using it = await openedWorkstation();
  const node = await it.addNode(peer.port);
  const find = { command: 'find', nodeId: node.nodeId, query: { level: 'study' } } as const;
  await it.until((events) => events.some((event) => event.type === 'NodeStateChanged' && event.state.echo !== 'checking'));
  const before = process.memoryUsage().rss;
  const asked = await it.workstation.invoke('actions.request', { action: find, tag: null });
  const failed = await it.completed(asked.actionId);
  expect(failed).toMatchObject({ outcome: 'failed', attempts: 1, diagnosis: { error: { kind: 'limit-exceeded' } } });
  expect(failed.diagnosis?.sentence).toMatch(/larger than/);
  expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(150);
  huge = false;
  const again = await it.workstation.invoke('actions.request', { action: find, tag: null });
  expect(await it.completed(again.actionId)).toMatchObject({ outcome: 'success' });
});

test('a request of 5 MB over the local socket is hung up on; the next client is served', async () => {
  const socket = createConnection(localSocketPath(profile));
  socket.on('error', () => undefined);
  const hungUp = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`{"kind":"request","id":1,"command":"actions.request","args":{"tag":"${'x'.repeat(5 * MIB)}"}}\n`);
  await hungUp;
  const stats = await phosphor(['archive', 'stats', '--profile', profile, '--json']);
  expect(stats.lines.at(-1)).toMatchObject({ ok: true });
});

test('1,000 silent connections take no place from a known node at another address, and leave nothing behind', async () => {
  const sockets: Socket[] = [];
  for (let i = 0; i < 1000; i += 1) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    sockets.push(socket);
  }
  await Promise.all(
    sockets.map((socket) => (socket.connecting ? Promise.race([once(socket, 'connect'), once(socket, 'close')]) : undefined)),
  );
  const elsewhere = await associated('127.0.0.2');
  expect(elsewhere.answer).toBe(PDU.associateAC);
  await elsewhere.release();
  const gone = sockets.map((socket) => (socket.closed ? undefined : once(socket, 'close')));
  for (const socket of sockets) socket.destroy();
  await Promise.all(gone);
  await expect
    .poll(
      () =>
        expectService()
          .then(() => true)
          .catch(() => false),
      { timeout: 40_000 },
    )
    .toBe(true);
});

test('an argument list past the contract’s bounds is refused whole', async () => {
  const run = await phosphor(['import', ...Array.from({ length: 10_001 }, (_, i) => `f${i}`), '--profile', profile, '--json']);
  expect(run.code).toBe(1);
  expect(run.lines.at(-1)).toMatchObject({ ok: false, error: { kind: 'invalid-arguments' } });
});
