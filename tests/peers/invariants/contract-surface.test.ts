import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { serveLocalSocket } from '../../../electron/hosts/local-socket.ts';
import { startLoopbackHost } from '../../../electron/hosts/loopback/loopback-host.ts';
import { prepareRunDirectory } from '../../../electron/hosts/profile.ts';
import { type CommandName, commands } from '../../../shared/contract/index.ts';
import { type OpenedWorkstation, openedWorkstation } from '../../move-models/scripted-pacs.ts';

interface Answer {
  readonly kind: string;
  readonly id?: number;
  readonly ok?: boolean;
  readonly result?: unknown;
  readonly error?: { readonly kind: string };
}

/** One way in, as a client that keeps to nothing. */
interface Door {
  send(text: string): void;
  /** The response with this id. */
  answer(id: number): Promise<Answer>;
  readonly closed: Promise<unknown>;
  close(): void;
}

let it: OpenedWorkstation;
let local: Awaited<ReturnType<typeof serveLocalSocket>>;
let loopback: Awaited<ReturnType<typeof startLoopbackHost>>;
let key: string;

beforeAll(async () => {
  it = await openedWorkstation();
  const rendererDirectory = join(it.profile, 'renderer');
  await mkdir(rendererDirectory);
  await writeFile(join(rendererDirectory, 'index.html'), '<!doctype html>');
  const runDirectory = await prepareRunDirectory(it.profile);
  loopback = await startLoopbackHost({ workstation: it.workstation, rendererDirectory, runDirectory });
  local = await serveLocalSocket({
    workstation: it.workstation,
    profile: it.profile,
    onWindow: async () => ({ launchPage: await loopback.launchPage() }),
  });
  const page = await readFile(await loopback.launchPage(), 'utf8');
  const response = await fetch(`http://127.0.0.1:${loopback.port}/session`, {
    method: 'POST',
    headers: { origin: `http://127.0.0.1:${loopback.port}`, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
    body: JSON.stringify({ token: /#launch=([\w-]+)/.exec(page)?.[1] }),
  });
  key = ((await response.json()) as { key: string }).key;
});

afterAll(async () => {
  await local.close();
  await loopback.close();
  await it[Symbol.asyncDispose]();
});

function answers() {
  const heard: Answer[] = [];
  const waiting = new Map<number, (answer: Answer) => void>();
  return {
    take(message: Answer) {
      if (message.kind !== 'response') return;
      heard.push(message);
      if (message.id !== undefined) waiting.get(message.id)?.(message);
    },
    answer: (id: number) =>
      new Promise<Answer>((resolve) => {
        const found = heard.find((one) => one.id === id);
        if (found) resolve(found);
        else waiting.set(id, resolve);
      }),
  };
}

async function localDoor(): Promise<Door> {
  const socket: Socket = createConnection(local.path);
  await once(socket, 'connect');
  const heard = answers();
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) heard.take(JSON.parse(line) as Answer);
  });
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  return { send: (text) => void socket.write(`${text}\n`), answer: heard.answer, closed, close: () => socket.destroy() };
}

async function webSocketDoor(): Promise<Door> {
  const socket = dial();
  await once(socket, 'open');
  const heard = answers();
  socket.on('message', (data) => heard.take(JSON.parse(String(data)) as Answer));
  socket.on('error', () => undefined);
  socket.send(JSON.stringify({ kind: 'hello', key }));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  return { send: (text) => socket.send(text), answer: heard.answer, closed, close: () => socket.terminate() };
}

const dial = () =>
  new WebSocket(`ws://127.0.0.1:${loopback.port}/contract`, {
    origin: `http://127.0.0.1:${loopback.port}`,
    headers: { 'sec-fetch-site': 'same-origin' },
  });

const names = Object.keys(commands) as CommandName[];
const WRONG_ARGUMENTS: readonly unknown[] = [undefined, null, 7, 'text', [], { extra: 1 }, { __proto__: null, constructor: {} }];
const NOT_REQUESTS = [
  { kind: 'request', command: 'constructor', args: {} },
  { kind: 'request', command: '__proto__', args: {} },
  { kind: 'request', command: 'archive.delete', args: {} },
  { kind: 'request', command: ['archive.stats'], args: {} },
  { kind: 'request', command: 'archive.stats', args: {}, extra: true },
  { kind: 'response', ok: true, result: {} },
  { kind: 'event', event: { type: 'ActionComplete' } },
  { kind: 'hello', key: 'again' },
];

describe.each([
  ['the local socket', localDoor],
  ['the WebSocket', webSocketDoor],
])('over %s', (_, open) => {
  test('every command refuses wrong arguments, one by one, and what is no request; nothing is changed', async () => {
    const door = await open();
    const before = await it.workstation.invoke('session.snapshot', {});
    let id = 100;
    for (const command of names) {
      for (const wrong of WRONG_ARGUMENTS) {
        id += 1;
        door.send(JSON.stringify({ kind: 'request', id, command, args: wrong }));
        expect(await door.answer(id), `${command} ${JSON.stringify(wrong)}`).toMatchObject({
          ok: false,
          error: { kind: 'invalid-arguments' },
        });
      }
    }
    for (const message of NOT_REQUESTS) {
      id += 1;
      door.send(JSON.stringify({ id, ...message }));
      expect(await door.answer(id), JSON.stringify(message)).toMatchObject({ ok: false, error: { kind: 'invalid-arguments' } });
    }
    id += 1;
    door.send(JSON.stringify({ kind: 'request', id, command: 'archive.stats', args: {} }));
    expect(await door.answer(id)).toMatchObject({ ok: true, result: { instances: 0 } });
    expect(await it.workstation.invoke('session.snapshot', {})).toEqual(before);
    door.close();
  });

  test('values of the right shape and out of bounds are refused: node, settings, action, tag', async () => {
    const door = await open();
    const node = { name: 'N', host: '127.0.0.1', port: 104, aeTitle: 'A', method: 'move' };
    const refused: readonly [CommandName, unknown][] = [
      ['nodes.add', { node: { ...node, port: 0 } }],
      ['nodes.add', { node: { ...node, port: 104.5 } }],
      ['nodes.add', { node: { ...node, host: 'http://x/' } }],
      ['nodes.add', { node: { ...node, aeTitle: 'SEVENTEEN-LETTERS' } }],
      ['nodes.add', { node: { ...node, aeTitle: 'A\\B' } }],
      ['nodes.add', { node: { ...node, kind: 'demo' } }],
      ['settings.update', { changes: { associationWorkers: 1000 } }],
      ['settings.update', { changes: { acceptAnyone: 'yes' } }],
      ['settings.update', { changes: { profile: '/' } }],
      ['actions.request', { action: { command: 'import', paths: [] }, tag: null }],
      ['actions.request', { action: { command: 'import', paths: ['x'.repeat(5000)] }, tag: null }],
      ['actions.request', { action: { command: 'shell', run: 'ls' }, tag: null }],
      ['actions.request', { action: { command: 'verify' } }],
      ['archive.search', { query: {}, sort: { by: '1; DROP TABLE studies', descending: true }, offset: 0, limit: 10 }],
      ['archive.search', { query: {}, sort: { by: 'studyDate', descending: true }, offset: -1, limit: 10 }],
      ['archive.search', { query: {}, sort: { by: 'studyDate', descending: true }, offset: 0, limit: 1e9 }],
    ];
    for (const [index, [command, args]] of refused.entries()) {
      door.send(JSON.stringify({ kind: 'request', id: index, command, args }));
      expect(await door.answer(index), `${command} ${index}`).toMatchObject({ ok: false, error: { kind: 'invalid-arguments' } });
    }
    door.close();
  });

  test('what is answered fits the contract', async () => {
    const door = await open();
    const asked: readonly [CommandName, unknown][] = [
      ['session.snapshot', {}],
      ['archive.stats', {}],
      ['archive.search', { query: { patientName: "*' OR 1=1 --" }, sort: { by: 'studyDate', descending: true }, offset: 0, limit: 10 }],
      ['archive.instances', { studyInstanceUID: '1.2.3' }],
      ['archive.manifest', { studyInstanceUID: '1.2.3', seriesInstanceUID: '1.2.3.4' }],
    ];
    for (const [index, [command, args]] of asked.entries()) {
      door.send(JSON.stringify({ kind: 'request', id: index, command, args }));
      const answer = await door.answer(index);
      expect(answer, command).toMatchObject({ ok: true });
      expect(commands[command].result.safeParse(answer.result).success, command).toBe(true);
    }
    door.close();
  });

  test.each(['{', 'not JSON', `{"kind":"request","id":1,"command":"archive.stats","args":{}${'}'.repeat(2)}`])(
    'a client that sends %j is hung up on, and others are served',
    async (text) => {
      const door = await open();
      door.send(text);
      await door.closed;
      const other = await open();
      other.send(JSON.stringify({ kind: 'request', id: 1, command: 'archive.stats', args: {} }));
      expect(await other.answer(1)).toMatchObject({ ok: true });
      other.close();
    },
  );
});

test('a socket that has not shown its key hears no event, however many there are', async () => {
  const mute = dial();
  await once(mute, 'open');
  const heard: string[] = [];
  mute.on('message', (data) => heard.push(String(data)));
  mute.on('error', () => undefined);
  const admitted = await webSocketDoor();
  admitted.send(
    JSON.stringify({ kind: 'request', id: 1, command: 'actions.request', args: { action: { command: 'verify' }, tag: 'secret' } }),
  );
  const answer = await admitted.answer(1);
  await it.completed((answer.result as { actionId: string }).actionId);
  const gone = once(mute, 'close');
  mute.send(JSON.stringify({ kind: 'hello', key: 'wrong' }));
  expect((await gone)[0]).toBe(4401);
  expect(heard).toEqual([]);
  admitted.close();
});
