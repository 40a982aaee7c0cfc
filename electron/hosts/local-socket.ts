import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type Contract, count, MAX_REQUEST, PhosphorError, systemCode, toErrorData } from '../../shared/contract/index.ts';
import { createLineReader } from './line-reader.ts';
import { localSocketPath, ownDirectory } from './profile.ts';
import { answerMessage } from './requests.ts';

export interface LocalSocketOptions {
  readonly workstation: Contract;
  readonly profile: string;
  /** What this host does when asked for a window. */
  readonly onWindow: () => Promise<WindowAnswer>;
}

/** A window was brought to the front, or can be opened by a browser with the launch page at `launchPage` (within 30 s). */
export type WindowAnswer = { readonly focused: true } | { readonly launchPage: string };

export interface LocalSocket {
  readonly path: string;
  /** Resolves when no client is connected. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** What a process of this user may ask a host besides the contract. */
const windowRequest = z.strictObject({ kind: z.literal('window'), id: count });

const MAX_CLIENTS = 32;
const MAX_BUFFERED = 16 * 1024 * 1024;

/**
 * Speaks the contract to other processes of this user (`phosphor`, a second start), one JSON message a line, over a socket that only this
 * user can open. Runs in every host that holds a profile. A client that does not read is dropped.
 */
export async function serveLocalSocket({ workstation, profile, onWindow }: LocalSocketOptions): Promise<LocalSocket> {
  const path = localSocketPath(profile);
  const clients = new Set<Socket>();
  const waiting = new Set<() => void>();

  const server = createServer((socket) => {
    if (clients.size >= MAX_CLIENTS) {
      socket.destroy();
      return;
    }
    clients.add(socket);
    const send = (message: unknown): void => {
      if (socket.destroyed) return;
      if (socket.writableLength > MAX_BUFFERED) socket.destroy();
      else socket.write(`${JSON.stringify(message)}\n`);
    };
    const unsubscribe = workstation.subscribe((event) => send({ kind: 'event', event }));
    socket.on('close', () => {
      unsubscribe();
      clients.delete(socket);
      if (clients.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting.clear();
    });
    socket.on('error', () => socket.destroy());
    const onMessage = (message: unknown): void => {
      const asked = windowRequest.safeParse(message);
      const answered = asked.success ? openWindow(asked.data.id, onWindow) : answerMessage(workstation, message);
      void answered.then((response) => response !== undefined && send(response));
    };
    socket.on(
      'data',
      createLineReader(MAX_REQUEST, onMessage, () => socket.destroy()),
    );
  });

  if (process.platform !== 'win32') {
    await ownDirectory(dirname(path));
    // The profile's lock is ours: a socket that still lies there belongs to nobody.
    await rm(path, { force: true });
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const code = systemCode(error);
      reject(new PhosphorError('storage', 'the socket in the run folder cannot be opened', code === undefined ? {} : { code }));
    });
    server.listen(path, resolve);
  });
  if (process.platform !== 'win32') await chmod(path, 0o600);

  return {
    path,
    idle: () => (clients.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.add(resolve))),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of clients) socket.end();
      const hung = setTimeout(() => {
        for (const socket of clients) socket.destroy();
      }, 500);
      await closed;
      clearTimeout(hung);
    },
  };
}

/** Connects to the workstation that holds `profile`, or resolves with undefined where none does. */
export async function connectLocalSocket(profile: string): Promise<Socket | undefined> {
  const path = localSocketPath(profile);
  return await new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
}

async function openWindow(id: number, onWindow: () => Promise<WindowAnswer>): Promise<unknown> {
  try {
    return { kind: 'response', id, ok: true, result: await onWindow() };
  } catch (thrown) {
    return { kind: 'response', id, ok: false, error: toErrorData(thrown) };
  }
}
