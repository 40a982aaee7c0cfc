import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clearDrops, type DroppedFile, droppedFiles, dropsOf } from '../../../electron/archive/drop-folder.ts';
import { DROP_LIMITS, DropSpool, shownName } from '../../../electron/hosts/loopback/drop-spool.ts';
import { type LoopbackHost, startLoopbackHost } from '../../../electron/hosts/loopback/loopback-host.ts';
import { prepareRunDirectory } from '../../../electron/hosts/profile.ts';
import { createFakeWorkstation, type FakeWorkstation, temporaryFolder } from './fake-workstation.ts';

let folder: { path: string; remove: () => Promise<void> };
let workstation: FakeWorkstation;
let host: LoopbackHost;
let key: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  workstation = createFakeWorkstation(join(folder.path, 'archive'));
  const renderer = join(folder.path, 'renderer');
  await mkdir(renderer, { recursive: true });
  await writeFile(join(renderer, 'index.html'), '<!doctype html>');
  host = await startLoopbackHost({ workstation, rendererDirectory: renderer, runDirectory: await prepareRunDirectory(folder.path) });
  const token = /#launch=([A-Za-z0-9_-]+)/.exec(await readFile(await host.launchPage(), 'utf8'))?.[1];
  ({ key } = JSON.parse((await ask('POST', '/session', {}, JSON.stringify({ token }))).body));
});

afterAll(async () => {
  await host.close();
  await folder.remove();
});

describe('over the loopback host', () => {
  test('a file comes in parts, lies under a number, and is called by its own name in the list', async () => {
    const dropId = await begin();
    expect((await put(dropId, 1, 'disc/IM 1.dcm', 'one', { offset: 0, size: 6 })).status).toBe(204);
    expect((await put(dropId, 1, 'disc/IM 1.dcm', 'two', { offset: 3, size: 6 })).status).toBe(204);
    expect((await put(dropId, 2, 'empty', '')).status).toBe(204);
    expect((await ask('POST', `/drops/${dropId}/complete`)).status).toBe(200);
    const found = await listed(dropId);
    expect(found.map(({ path }) => path)).toEqual(['disc/IM 1.dcm', 'empty']);
    expect(await readFile(found[0]?.source ?? '', 'utf8')).toBe('onetwo');
    expect((await stat(found[0]?.source ?? '')).mode & 0o777).toBe(0o600);
    expect((await stat(at(dropId))).mode & 0o777).toBe(0o700);
    // From now on it belongs to the import.
    expect((await put(dropId, 3, 'late', 'x')).status).toBe(404);
  });

  test.each(['../../evil', '/etc/passwd', '..', 'a/../../b', 'C:\\Windows\\x', 'NUL', 'a\u0000b', '\u202ecod.exe'])(
    'a file called %j lies where every other does',
    async (name) => {
      const dropId = await begin();
      expect((await put(dropId, 1, name, 'x')).status).toBe(204);
      expect((await readdir(at(dropId))).sort()).toEqual(['1.part', 'names.jsonl']);
      expect((await readdir(folder.path)).sort()).toEqual(['archive', 'renderer', 'run']);
      await ask('DELETE', `/drops/${dropId}`);
    },
  );

  test('a name that is too long, missing or unreadable is refused, and so are numbers and lengths that are none', async () => {
    const dropId = await begin();
    expect((await put(dropId, 1, 'x'.repeat(1025), 'x')).status).toBe(413);
    for (const headers of [
      { 'x-drop-name': undefined },
      { 'x-drop-name': '%E0%A4%A' },
      { 'x-drop-size': undefined },
      { 'x-drop-size': '-1' },
      { 'x-drop-size': '1e3' },
      { 'x-drop-offset': '0x1' },
      { 'x-drop-offset': '5' },
      { 'x-drop-size': '0' },
    ]) {
      expect((await put(dropId, 1, 'a', 'x', {}, headers)).status, JSON.stringify(headers)).toBe(400);
    }
    const declared = { 'content-length': String(DROP_LIMITS.part + 1) };
    expect((await put(dropId, 1, 'a', undefined, { offset: 0, size: DROP_LIMITS.part + 1 }, declared)).status).toBe(413);
    for (const path of ['0', '01', '-1', '1.5', '12345678', 'names.jsonl', '../1', '1/2', '%2e%2e']) {
      expect((await ask('PUT', `/drops/${dropId}/${path}`, {}, 'x')).status, path).toBeGreaterThanOrEqual(403);
    }
    expect(await readdir(at(dropId))).toEqual(['names.jsonl']);
  });

  test('nobody but the own page with its key brings anything', async () => {
    const dropId = await begin();
    for (const headers of [{ authorization: undefined }, { authorization: 'Bearer nonsense' }]) {
      expect((await ask('POST', '/drops', headers)).status).toBe(401);
      expect((await put(dropId, 1, 'a', 'x', {}, headers)).status).toBe(401);
      expect((await ask('DELETE', `/drops/${dropId}`, headers)).status).toBe(401);
    }
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: undefined },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': undefined },
      { host: 'evil.example' },
    ]) {
      expect((await ask('POST', '/drops', headers)).status).toBe(403);
      expect((await put(dropId, 1, 'a', 'x', {}, headers)).status).toBe(403);
    }
    expect((await ask('GET', '/drops')).status).toBe(405);
    expect(await readdir(at(dropId))).toEqual(['names.jsonl']);
  });

  test('several small files come in one request, and a batch that is none brings nothing', async () => {
    const dropId = await begin();
    const putFiles = (body: string | Buffer, headers: IncomingHttpHeaders = {}) => ask('PUT', `/drops/${dropId}/files`, headers, body);
    const good = batch([
      [1, 'one', 'disc/1'],
      [2, '', 'disc/empty'],
      [3, 'three', '../disc/ü'],
    ]);
    for (const [body, status] of [
      ['', 400],
      ['\0\0\0', 400],
      ['\0\0\0\u0002[]', 400],
      ['\0\0\0\u0002{]', 400],
      ['\0\0\0\u0009[1,2', 400],
      ['\u007f\0\0\0', 413],
      [Buffer.concat([good, good]), 400],
      [good.subarray(0, -1), 400],
      [batch([[0, 'x', 'n']]), 400],
      [batch([[1.5, 'x', 'n']]), 400],
      [batch([[1, 'x', '']]), 400],
      [batch([[1, 'x', 'n'.repeat(1025)]]), 413],
      [batch([[1, 'x', 'n'], [1, 'y', 'm']]), 400], // biome-ignore format: one case, one line
      [batch(Array.from({ length: 129 }, (_, index) => [index + 1, 'x', 'n'])), 413],
    ] as const) {
      expect((await putFiles(body)).status, body.toString().slice(0, 40)).toBe(status);
    }
    expect((await putFiles('', { 'content-length': String(DROP_LIMITS.part + 1) })).status).toBe(413);
    expect((await putFiles(good, { authorization: undefined })).status).toBe(401);
    expect(await readdir(at(dropId))).toEqual(['names.jsonl']);

    expect((await putFiles(good)).status).toBe(204);
    expect((await putFiles(batch([[4, 'x', 'n'], [3, 'y', 'again']]))).status, 'a file that is there').toBe(400); // biome-ignore format: one case, one line
    expect((await put(dropId, 3, 'again', 'y')).status).toBe(400);
    expect((await put(dropId, 4, 'long', 'whole')).status).toBe(204);
    expect(JSON.parse((await ask('POST', `/drops/${dropId}/complete`)).body)).toEqual({ files: 4 });
    const found = await listed(dropId);
    expect(found.map(({ path }) => path)).toEqual(['disc/1', 'disc/empty', '\ufffd/disc/ü', 'long']);
    expect(await Promise.all(found.map(({ source }) => readFile(source, 'utf8')))).toEqual(['one', '', 'three', 'whole']);
  });

  test('a batch whose connection is cut counts for nothing and can be sent again', async () => {
    const dropId = await begin();
    const body = batch([
      [1, 'one', 'a'],
      [2, 'two', 'b'],
    ]);
    const socket = createConnection(host.port, '127.0.0.1');
    const head = Object.entries({ ...defaults(), 'content-length': String(body.length) });
    const lines = head.map(([name, value]) => `${name}: ${value}`).join('\r\n');
    socket.write(`PUT /drops/${dropId}/files HTTP/1.1\r\n${lines}\r\n\r\n`);
    socket.write(body.subarray(0, -1));
    await expect.poll(() => readFile(join(at(dropId), '2.part'), 'utf8').catch(() => '')).toBe('tw');
    expect((await ask('PUT', `/drops/${dropId}/files`, {}, body)).status, 'while it comes').toBe(400);
    socket.destroy();
    await expect.poll(async () => (await ask('PUT', `/drops/${dropId}/files`, {}, body)).status).toBe(204);
    await ask('POST', `/drops/${dropId}/complete`);
    expect((await listed(dropId)).map(({ path }) => path)).toEqual(['a', 'b']);
  });

  test('a connection that is cut leaves no file in the list, and the part can be sent again', async () => {
    const dropId = await begin();
    const socket = createConnection(host.port, '127.0.0.1');
    const head = Object.entries({ ...defaults(), ...partHeaders('cut', { offset: 0, size: 1000 }), 'content-length': '1000' });
    socket.write(`PUT /drops/${dropId}/1 HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\nonly this`);
    await expect.poll(() => readFile(join(at(dropId), '1.part'), 'utf8').catch(() => '')).toBe('only this');
    socket.destroy();
    await expect.poll(async () => (await put(dropId, 1, 'cut', 'y'.repeat(1000))).status).toBe(204);
    await put(dropId, 2, 'half', 'z', { offset: 0, size: 2 });
    await ask('POST', `/drops/${dropId}/complete`);
    expect((await listed(dropId)).map(({ path }) => path)).toEqual(['cut']);
  });
});

describe('the bounds', () => {
  const limits = { ...DROP_LIMITS, drops: 2, files: 2, bytes: 10 };
  let spool: DropSpool;
  beforeEach(() => {
    spool = new DropSpool(workstation.archive, limits);
  });
  const write = (dropId: string, number: number, bytes: string) =>
    spool.write(dropId, { number, offset: 0, length: bytes.length, size: bytes.length, name: 'n' }, stream(bytes));

  test('too many drops, files and bytes are refused', async () => {
    const [one, two] = [await spool.begin(), await spool.begin()];
    await expect(spool.begin()).rejects.toMatchObject({ kind: 'busy' });
    await write(one, 1, 'a');
    await write(one, 2, 'b');
    await expect(write(one, 3, 'c')).rejects.toMatchObject({ kind: 'limit-exceeded' });
    await expect(write(two, 1, 'x'.repeat(11))).rejects.toMatchObject({ kind: 'limit-exceeded' });
    const together = (files: Parameters<typeof batch>[0]) => spool.writeFiles(two, batch(files).length, stream(batch(files)));
    await expect(together([1, 2, 3].map((number) => [number, 'x', 'n'] as const))).rejects.toMatchObject({ kind: 'limit-exceeded' });
    await expect(together([1, 2].map((number) => [number, 'x'.repeat(6), 'n']))).rejects.toMatchObject({ kind: 'limit-exceeded' });
    // Neither counts.
    await together([1, 2].map((number) => [number, 'x'.repeat(5), 'n']));
    await spool.close();
    await expect(stat(at(one))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a disk without room is said to be full before anything is written', async () => {
    spool = new DropSpool(workstation.archive, { ...limits, reserve: Number.MAX_SAFE_INTEGER });
    const dropId = await spool.begin();
    await expect(write(dropId, 1, 'a')).rejects.toMatchObject({ kind: 'storage-full' });
    await spool.close();
  });

  test('a drop that brings nothing any more is given up', async () => {
    spool = new DropSpool(workstation.archive, { ...limits, idleMs: 20 });
    const dropId = await spool.begin();
    await expect.poll(() => readdir(dropsOf(workstation.archive))).not.toContain(dropId);
  });

  test('at a start what nobody waits for is removed; a file that lost its end is named', async () => {
    const [kept, left] = [await spool.begin(), await spool.begin()];
    await write(kept, 1, 'whole');
    await spool.complete(kept);
    await writeFile(join(at(kept), '1.part'), 'who');
    await clearDrops(workstation.archive, { keep: [kept], before: Date.now() + 60_000 });
    expect(await readdir(dropsOf(workstation.archive))).toEqual([kept]);
    expect(await listed(kept)).toMatchObject([{ path: 'n', error: { kind: 'interrupted' } }]);
    await expect(listed(left)).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('a shown name climbs nowhere', () => {
    expect(shownName('//a/./../b\n')).toBe('a/\ufffd/b\ufffd');
    expect(shownName('/')).toBe('\ufffd');
  });
});

const at = (dropId: string): string => join(dropsOf(workstation.archive), dropId);

async function listed(dropId: string): Promise<DroppedFile[]> {
  const found: DroppedFile[] = [];
  for await (const file of droppedFiles(at(dropId))) found.push(file);
  return found;
}

async function* stream(bytes: string | Buffer): AsyncGenerator<Uint8Array> {
  yield typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

async function begin(): Promise<string> {
  const { status, body } = await ask('POST', '/drops');
  expect(status).toBe(201);
  return (JSON.parse(body) as { dropId: string }).dropId;
}

interface Place {
  readonly offset?: number;
  readonly size?: number;
}

function put(
  dropId: string,
  number: number,
  name: string,
  body: string | undefined,
  place: Place = {},
  headers: IncomingHttpHeaders = {},
): Promise<{ status: number; body: string }> {
  return ask('PUT', `/drops/${dropId}/${number}`, { ...partHeaders(name, { size: body?.length ?? 0, ...place }), ...headers }, body ?? '');
}

/** Number, bytes and name of each file, as drop-batch.ts describes it. */
function batch(files: readonly (readonly [number: number, bytes: string, name: string])[]): Buffer {
  const list = Buffer.from(JSON.stringify(files.map(([number, bytes, name]) => [number, bytes.length, name])));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(list.length);
  return Buffer.concat([length, list, ...files.map(([, bytes]) => Buffer.from(bytes))]);
}

function partHeaders(name: string, { offset = 0, size = 0 }: Place): Record<string, string> {
  return { 'x-drop-name': encodeURIComponent(name), 'x-drop-offset': String(offset), 'x-drop-size': String(size) };
}

function defaults(): Record<string, string> {
  const own = `http://127.0.0.1:${host.port}`;
  return {
    host: `127.0.0.1:${host.port}`,
    origin: own,
    'sec-fetch-site': 'same-origin',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
}

function ask(
  method: string,
  path: string,
  headers: IncomingHttpHeaders = {},
  body: string | Buffer = '',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const all = { ...defaults(), 'content-length': String(Buffer.byteLength(body)), ...headers };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const asked = httpRequest({ host: '127.0.0.1', port: host.port, method, path, headers: sent, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    asked.once('error', reject);
    asked.flushHeaders();
    asked.end(body);
  });
}
