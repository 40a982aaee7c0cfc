import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localSocketPath } from '../../../electron/hosts/profile.ts';
import { freePort } from '../../support/free-port.ts';
import { startListening } from '../../support/long-running.ts';
import { implicitDataSet, scriptedCaller, UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

/** What would do harm if it ever became a name of a file, on some system. */
const HOSTILE = [
  '../../../../canary',
  '/tmp/phosphor-canary',
  '1.2/../../../../canary',
  '..',
  '.',
  'C:\\canary',
  '..\\..\\canary',
  'CON',
  '1.2:stream',
  '1.2\0/canary',
  '~root',
  '$(touch canary)',
  '%2e%2e%2fcanary',
  '\u202ecanary',
  `1.${'2'.repeat(300)}`,
  `../${'a/'.repeat(140)}`,
];
const SOP_CLASS = UIDs.secondaryCaptureStorage;

/** A data set whose instance, series and study UIDs are all the same hostile text. */
const dataSetOf = (uid: string) =>
  implicitDataSet({
    524310: SOP_CLASS,
    524312: Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1'),
    1048592: 'Doe^Jane',
    1048608: '../../canary',
    2097165: Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1'),
    2097166: Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1'),
  });

/** A Part 10 file around it, by hand. */
function part10(uid: string): Buffer {
  const element = (number: number, vr: string, value: Buffer) => {
    const head = Buffer.alloc(vr === 'OB' ? 12 : 8);
    head.writeUInt16LE(2, 0);
    head.writeUInt16LE(number, 2);
    head.write(vr, 4);
    if (vr === 'OB') head.writeUInt32LE(value.length, 8);
    else head.writeUInt16LE(value.length, 6);
    return Buffer.concat([head, value]);
  };
  const padded = (value: string) => Buffer.from(value.length % 2 === 0 ? value : `${value}\0`, 'latin1');
  const meta = Buffer.concat([
    element(1, 'OB', Buffer.from([0, 1])),
    element(2, 'UI', padded(SOP_CLASS)),
    element(3, 'UI', padded(uid)),
    element(0x10, 'UI', padded(UIDs.implicitVRLittleEndian)),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), element(0, 'UL', length), meta, dataSetOf(uid)]);
}

/** Every file below a folder but those that a workstation may write: its profile's own names, and names made of hashes in the archive. */
async function strangers(folder: string): Promise<string[]> {
  const own =
    /^profile(\/(actions\.db|index\.db|user\.db)(-wal|-shm)?|\/(settings\.jsonc|nodes\.json|archives\.json|archive-of-databases\.json)|\/backups\/user-\d{4}-\d{2}-\d{2}\.db|\/audit\/\d{4}-\d{2}\.jsonl|\/logs\/phosphor\.log|\/run\/[a-z.]+|\/archive\/(archive\.json|archive\.lock))$/;
  const hashed = /^profile\/archive\/(files\/[0-9a-f]{2}\/[0-9a-f]{64}\.dcm|(conflicts|trash|incoming)\/[\w.-]+)$/;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !own.test(path) && !hashed.test(path) && !path.startsWith('in/'));
}

/** One line to the workstation's local socket, one line back. */
async function ask(profile: string, request: object): Promise<{ ok: boolean; error?: { kind: string } }> {
  const socket = createConnection(localSocketPath(profile));
  let heard = '';
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
    const line = heard.split('\n').find((one) => one.includes('"kind":"response"'));
    if (line !== undefined) resolve(line);
  });
  socket.on('error', reject).on('close', () => reject(new Error('hung up')));
  socket.write(`${JSON.stringify({ kind: 'request', id: 1, ...request })}\n`);
  const line = await promise;
  socket.destroy();
  return JSON.parse(line);
}

test('no UID, whoever sends it, names a file: by C-STORE, by import, through the contract', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder('hostile');
  const profile = join(folder.path, 'profile');
  const port = await freePort();
  await phosphor(['node', 'add', 'HOSTILE', '--host', '127.0.0.1', '--port', '1', '--ae', 'HOSTILE', '--profile', profile]);
  await using listening = await startListening(profile, port);

  const connection = await scriptedCaller(port);
  await connection.associate({ calledAETitle: 'PHOSPHOR', callingAETitle: 'HOSTILE', abstractSyntaxes: [SOP_CLASS] });
  let stored = 0;
  for (const uid of HOSTILE) {
    const status = await connection.store({ sopClassUID: SOP_CLASS, sopInstanceUID: uid, dataSet: dataSetOf(uid) });
    // Stored under a hash, or refused with a status of failure; the association lives on.
    expect(status, uid).toBeDefined();
    if (status === 0) stored += 1;
    else expect((status ?? 0) >> 12, `${uid}: ${status?.toString(16)}`).toBeOneOf([0x0, 0xa, 0xc]);
  }
  await connection.release();
  expect(stored).toBeGreaterThan(3);
  expect(stored).toBeLessThan(HOSTILE.length);
  // What was acknowledged leaves incoming/ when the index has it.
  await expect.poll(() => strangers(folder.path), { timeout: 40_000 }).toEqual([]);

  await mkdir(join(folder.path, 'in'));
  for (const [index, uid] of HOSTILE.entries()) await writeFile(join(folder.path, 'in', `${index}.dcm`), part10(`${uid}i`));
  const imported = await phosphor(['import', join(folder.path, 'in'), '--profile', profile, '--json']);
  const items = imported.lines.filter((line) => line.kind === 'file') as { path: string; result: string; error?: { kind: string } }[];
  expect(items).toHaveLength(HOSTILE.length);
  for (const item of items)
    if (item.result !== 'imported') expect(item, item.path).toMatchObject({ result: 'refused', error: { kind: expect.any(String) } });
  expect(items.some(({ result }) => result === 'imported')).toBe(true);
  expect(await strangers(folder.path)).toEqual([]);

  for (const uid of HOSTILE) {
    const commands = [
      { command: 'archive.series', args: { studyInstanceUID: uid } },
      { command: 'archive.instances', args: { studyInstanceUID: uid } },
      { command: 'archive.manifest', args: { studyInstanceUID: uid, seriesInstanceUID: uid } },
    ];
    for (const request of commands) {
      const answer = await ask(profile, request);
      if (!answer.ok) expect(answer.error?.kind, `${request.command} ${uid}`).toMatch(/^(invalid-arguments|not-found)$/);
    }
  }
  expect(await strangers(folder.path)).toEqual([]);

  const verified = await phosphor(['archive', 'verify', '--profile', profile, '--json']);
  expect(verified.lines.at(-1)).toMatchObject({ outcome: 'success', details: { problems: 0 } });
  expect(listening.stderr()).toBe('');
});
