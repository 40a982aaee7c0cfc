import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { locateInstance } from '../../../electron/archive/layout.ts';
import { type LoopbackHost, startLoopbackHost } from '../../../electron/hosts/loopback/loopback-host.ts';
import { prepareRunDirectory } from '../../../electron/hosts/profile.ts';
import { createFakeWorkstation, type FakeWorkstation, temporaryFolder } from './fake-workstation.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

let folder: { path: string; remove: () => Promise<void> };
let workstation: FakeWorkstation;
let host: LoopbackHost;

const UID = '1.2.840.99.1';
let key: string;
const BYTES = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));

beforeAll(async () => {
  folder = await temporaryFolder();
  workstation = createFakeWorkstation(join(folder.path, 'archive'));
  const renderer = join(folder.path, 'renderer');
  await mkdir(join(renderer, 'assets'), { recursive: true });
  await writeFile(join(renderer, 'index.html'), '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__">');
  await writeFile(join(renderer, 'assets', 'app-1.js'), 'export {};');
  await writeFile(join(folder.path, 'secret.js'), 'not for the window');
  const file = locateInstance(workstation.archive, UID);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, BYTES);
  const runDirectory = await prepareRunDirectory(folder.path);
  host = await startLoopbackHost({ workstation, rendererDirectory: renderer, runDirectory });
  key = await newKey();
});

afterAll(async () => {
  await host.close();
  await folder.remove();
});

describe('the page', () => {
  test('a launch page is readable by its user only, holds the token in the fragment and disappears when used', async () => {
    const path = await host.launchPage();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    expect(await readFile(path, 'utf8')).toContain(`http://127.0.0.1:${host.port}/#launch=`);
    const answer = await session(await tokenIn(path));
    expect(answer.status).toBe(200);
    await expect.poll(() => readdir(dirname(path))).not.toContain(path.split('/').at(-1));
  });

  test('a first navigation from the launch page gets the page under a strict policy with a fresh nonce', async () => {
    const navigate = () =>
      get('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', origin: undefined });
    const [first, second] = [await navigate(), await navigate()];
    expect(first.status).toBe(200);
    const policy = String(first.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("'unsafe-inline'");
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(first.body.toString()).toContain(`nonce="${nonce}"`);
    expect(String(second.headers['content-security-policy'])).not.toContain(nonce);
    expect(first.headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(first.headers['x-content-type-options']).toBe('nosniff');
    expect(first.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('the page is refused in a frame and to a script', async () => {
    expect((await get('/', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' })).status).toBe(403);
    expect((await get('/', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' })).status).toBe(403);
  });

  test('built files are served as what they are, to the own page only', async () => {
    const answer = await get('/assets/app-1.js');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(answer.body.toString()).toBe('export {};');
    expect((await get('/assets/app-1.js', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await get('/assets/app-1.js', { 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await get('/assets/app-1.js', { 'sec-fetch-site': undefined })).status).toBe(403);
    expect((await get('/assets/app-1.js', { origin: 'http://evil.example' })).status).toBe(403);
  });

  test.each([
    '/assets',
    '/assets/',
    '/../secret.js',
    '/assets/../../secret.js',
    '/%2e%2e/secret.js',
    '/assets/..%2f..%2fsecret.js',
    '//secret.js',
    '/assets\\..\\..\\secret.js',
    '/index.html',
    '/.sources',
    '/constructor',
    '/__proto__',
  ])('nothing is found at %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  test('a name that was rebound to 127.0.0.1 gets nothing, not even the page', async () => {
    for (const name of ['evil.example', `localhost:${host.port}`, '127.0.0.1', `127.0.0.1:${host.port + 1}`, `[::1]:${host.port}`]) {
      expect((await get('/', { host: name })).status).toBe(403);
      expect((await get('/assets/app-1.js', { host: name })).status).toBe(403);
    }
  });

  test('only reading methods are allowed', async () => {
    expect((await ask('PUT', '/assets/app-1.js')).status).toBe(405);
    expect((await ask('POST', '/')).status).toBe(405);
    expect((await ask('GET', '/session', { origin: own() })).status).toBe(405);
    const head = await ask('HEAD', '/assets/app-1.js');
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '10', 0]);
  });
});

describe('the token', () => {
  test('works once', async () => {
    const token = await tokenIn(await host.launchPage());
    expect((await session(token)).status).toBe(200);
    expect((await session(token)).status).toBe(403);
  });

  test('is refused to another page, and that does not use it up', async () => {
    const token = await tokenIn(await host.launchPage());
    expect((await session(token, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await session(token, { origin: 'null' })).status).toBe(403);
    expect((await session(token, { origin: undefined })).status).toBe(403);
    expect((await session(token, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await session(token, { host: 'evil.example' })).status).toBe(403);
    expect((await session(token)).status).toBe(200);
  });

  test.each(['', 'null', '[]', '{"token":1}', '{"token":""}', `{"token":"${'x'.repeat(2000)}"}`, '{'])(
    'a body of %j is refused',
    async (body) => {
      expect((await ask('POST', '/session', {}, body)).status).toBe(403);
    },
  );

  test('each window gets a key of its own', async () => {
    const [one, two] = [await newKey(), await newKey()];
    expect(one).not.toBe(two);
    expect((await instance(UID, { authorization: `Bearer ${one}` })).status).toBe(200);
    expect((await instance(UID, { authorization: `Bearer ${two}` })).status).toBe(200);
  });
});

describe('a stored instance', () => {
  test('is given whole to a window with a key', async () => {
    const answer = await instance(UID);
    expect(answer.status).toBe(200);
    expect(answer.body.equals(BYTES)).toBe(true);
    expect(answer.headers['content-type']).toBe('application/dicom');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('is refused without a key, with a wrong one, and to other pages', async () => {
    expect((await instance(UID, { authorization: undefined })).status).toBe(401);
    expect((await instance(UID, { authorization: 'Bearer nonsense' })).status).toBe(401);
    expect((await instance(UID, { authorization: 'Basic nonsense' })).status).toBe(401);
    expect((await instance(UID, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await instance(UID, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await instance(UID, { host: 'evil.example' })).status).toBe(403);
  });

  test('and pieces of it are sent one behind the other', async () => {
    const answer = await get(`/parts?${UID}:990:10,${UID}:0:100`, { authorization: `Bearer ${key}` });
    expect(answer.status).toBe(200);
    expect(answer.body.equals(Buffer.concat([BYTES.subarray(990), BYTES.subarray(0, 100)]))).toBe(true);
  });

  test('pieces are refused without a key, and as anything but a few small ones', async () => {
    expect((await get(`/parts?${UID}:0:10`)).status).toBe(401);
    for (const query of ['', `${UID}:0:0`, `${UID}:0:2000000`, `%00:0:10`, `${UID}:-1:10`, Array(17).fill(`${UID}:0:1`).join()]) {
      expect((await get(`/parts?${query}`, { authorization: `Bearer ${key}` })).status, query).toBe(404);
    }
  });

  test.each([`${UID}:0:10,1.2.3:0:10`, `${UID}:995:10`])('pieces of which one is missing break off: %s', async (query) => {
    await expect(get(`/parts?${query}`, { authorization: `Bearer ${key}` })).rejects.toThrow();
  });

  test.each(['1.2.3', '..', '%2e%2e', '..%2f..%2fsecret.js', '%00', '%ff', '%', `${'1'.repeat(129)}`, 'a/b', ''])(
    '%j is not found',
    async (uid) => {
      const answer = await get(`/instances/${uid}`, { authorization: `Bearer ${key}` });
      expect(answer.status).toBe(404);
    },
  );

  test.each([
    ['bytes=0-0', 206, 0, 1],
    ['bytes=0-99', 206, 0, 100],
    ['bytes=990-', 206, 990, 10],
    ['bytes=999-999', 206, 999, 1],
    ['bytes=500-100000', 206, 500, 500],
    ['bytes=-1', 206, 999, 1],
    ['bytes=-5000', 206, 0, 1000],
  ])('range %s gives exactly those bytes', async (range, status, offset, length) => {
    const answer = await instance(UID, { range });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-range']).toBe(`bytes ${offset}-${offset + length - 1}/1000`);
    expect(answer.body.equals(BYTES.subarray(offset, offset + length))).toBe(true);
  });

  test.each([
    'bytes=1000-',
    'bytes=1000-1001',
    'bytes=5-4',
    'bytes=-0',
    'bytes=-',
    'bytes=0-1,5-6',
    'bytes=a-b',
    'lines=0-1',
    'bytes=0x1-2',
    'bytes=99999999999999999999-',
  ])('range %s is refused with the size', async (range) => {
    const answer = await instance(UID, { range });
    expect([answer.status, answer.headers['content-range'], answer.body.length]).toEqual([416, 'bytes */1000', 0]);
  });
});

describe('the contract', () => {
  test('a window with a key asks and hears events', async () => {
    const window = await openWindow(key);
    window.send({ kind: 'request', id: 7, command: 'archive.stats', args: {} });
    expect(await window.next()).toMatchObject({ kind: 'response', id: 7, ok: true, result: { studies: 2 } });
    workstation.publish({ type: 'NodesChanged', nodes: [] });
    expect(await window.next()).toEqual({ kind: 'event', event: { type: 'NodesChanged', nodes: [], seq: 1 } });
    window.close();
  });

  test('a window without a valid key is closed with 4401 and hears nothing', async () => {
    const before = workstation.calls.length;
    for (const hello of [{ kind: 'hello', key: 'nonsense' }, { kind: 'request', id: 1, command: 'archive.stats', args: {} }, 'x']) {
      const socket = dial();
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      socket.once('open', () => socket.send(JSON.stringify(hello)));
      expect(await closed).toBe(4401);
    }
    expect(workstation.calls.length).toBe(before);
  });

  test('a key from the launch token alone does not open a socket from another page', async () => {
    for (const headers of [{ origin: 'http://evil.example' }, { origin: `http://127.0.0.1:${host.port + 1}` }, { origin: 'null' }, {}]) {
      await expect(openWindow(key, headers)).rejects.toThrow('403');
    }
    await expect(openWindow(key, { origin: own(), host: 'evil.example' })).rejects.toThrow('403');
    await expect(openWindow(key, { origin: own(), 'sec-fetch-site': 'cross-site' })).rejects.toThrow('403');
  });

  test('what is not in the contract is refused and does not reach the workstation', async () => {
    const window = await openWindow(key);
    const before = workstation.calls.length;
    const refused = [
      { kind: 'request', id: 1, command: 'constructor', args: {} },
      { kind: 'request', id: 2, command: 'archive.stats', args: { extra: 1 } },
      { kind: 'request', id: 3, command: 'actions.request', args: { action: { command: 'verify' }, tag: 'x'.repeat(70_000) } },
    ];
    for (const message of refused) {
      window.send(message);
      expect(await window.next()).toMatchObject({ kind: 'response', id: message.id, ok: false });
    }
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    window.socket.send(`{"kind":"request","id":9,"command":"actions.request","args":{"action":{"command":"verify"},"tag":${deep}}}`);
    expect(await window.next()).toMatchObject({ kind: 'response', id: 9, ok: false });
    expect(workstation.calls.length).toBe(before);
    window.close();
  });

  test('a result outside the contract does not reach the window', async () => {
    const window = await openWindow(key);
    workstation.answerWith('archive.stats', { patientName: 'DOE^JANE' });
    window.send({ kind: 'request', id: 1, command: 'archive.stats', args: {} });
    const answer = await window.next();
    expect(answer).toMatchObject({ ok: false, error: { kind: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain('DOE');
    window.close();
  });

  test('a window that stops reading is dropped instead of filling the memory, others go on', async () => {
    const reader = await openWindow(key);
    const stuck = createConnection({ host: '127.0.0.1', port: host.port });
    const broken = new Promise<void>((resolve) => stuck.once('close', () => resolve()));
    stuck.on('error', () => undefined);
    await handshake(stuck, key);
    stuck.pause();
    const sentence = 'x'.repeat(10_000);
    let heard = 0;
    const publish = () => {
      for (let index = 0; index < 100; index += 1) {
        workstation.publish({
          type: 'NoticeRaised',
          notice: { noticeId: '0b1f3a52-5c0e-4d0a-9f0e-0d6f5b1a2c3d', at: 1, severity: 'info', sentence },
        });
      }
    };
    // Far more than what the sockets' own buffers and the bound (16 MiB) hold.
    for (let round = 0; round < 60; round += 1) {
      publish();
      while (heard < (round + 1) * 100) {
        await reader.next();
        heard += 1;
      }
    }
    stuck.resume();
    await broken;
    expect(heard).toBe(6000);
    reader.close();
  });

  test('when the workstation ends, windows are told so', async () => {
    const window = await openWindow(key);
    const closed = new Promise<number>((resolve) => window.socket.once('close', resolve));
    await host.close();
    expect(await closed).toBe(4410);
  });
});

// ---------------------------------------------------------------------------------------------------------------------

type Headers = Record<string, string | undefined>;

function own(): string {
  return `http://127.0.0.1:${host.port}`;
}

/** A request as the own page sends it, but for what `headers` change (undefined = left out). */
function ask(method: string, path: string, headers: Headers = {}, body?: string): Promise<Answer> {
  const all: Headers = {
    host: `127.0.0.1:${host.port}`,
    'sec-fetch-site': 'same-origin',
    ...(method === 'POST' ? { origin: own(), 'content-type': 'application/json' } : {}),
    ...headers,
  };
  const given = Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: host.port, method, path, headers: given, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

function get(path: string, headers: Headers = {}): Promise<Answer> {
  return ask('GET', path, headers);
}

function session(token: string, headers: Headers = {}): Promise<Answer> {
  return ask('POST', '/session', headers, JSON.stringify({ token }));
}

async function instance(uid: string, headers: Headers = {}): Promise<Answer> {
  return await get(`/instances/${uid}`, { authorization: `Bearer ${key}`, ...headers });
}

async function tokenIn(launchPage: string): Promise<string> {
  return /#launch=([A-Za-z0-9_-]+)/.exec(await readFile(launchPage, 'utf8'))?.[1] ?? '';
}

async function newKey(): Promise<string> {
  const answer = await session(await tokenIn(await host.launchPage()));
  return (JSON.parse(answer.body.toString()) as { key: string }).key;
}

function dial(headers: Headers = { origin: own() }): WebSocket {
  const given = Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return new WebSocket(`ws://127.0.0.1:${host.port}/contract`, { headers: given });
}

async function openWindow(key: string, headers?: Headers) {
  const socket = dial(headers);
  const messages: unknown[] = [];
  const readers: ((message: unknown) => void)[] = [];
  socket.on('message', (data) => {
    const message: unknown = JSON.parse(String(data));
    const reader = readers.shift();
    if (reader === undefined) messages.push(message);
    else reader(message);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  const window = {
    socket,
    send: (message: unknown) => socket.send(JSON.stringify(message)),
    next: () => (messages.length > 0 ? Promise.resolve(messages.shift()) : new Promise<unknown>((resolve) => readers.push(resolve))),
    close: () => socket.terminate(),
  };
  window.send({ kind: 'hello', key });
  expect(await window.next()).toEqual({ kind: 'welcome' });
  return window;
}

/** A WebSocket by hand, so that it can stop reading: upgrade, then one masked text frame with the key. */
async function handshake(socket: ReturnType<typeof createConnection>, key: string): Promise<void> {
  socket.write(
    `GET /contract HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nOrigin: ${own()}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`,
  );
  await new Promise<void>((resolve) => socket.once('data', () => resolve()));
  const text = Buffer.from(JSON.stringify({ kind: 'hello', key }));
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  await new Promise<void>((resolve) => socket.once('data', () => resolve()));
}
