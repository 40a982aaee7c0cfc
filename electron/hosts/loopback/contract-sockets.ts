import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { type CommandName, type ContractEvent, MAX_REQUEST, type PhosphorErrorData, toErrorData } from '../../../shared/contract/index.ts';
import { checkArguments } from '../../workstation/arguments.ts';
import { type Answer, type Request, readRequest } from '../requests.ts';
import { refuse } from './guard.ts';
import { authorityOf } from './http-server.ts';
import type { Keyring } from './keys.ts';

export interface ContractSocketsOptions {
  readonly server: Server;
  readonly keyring: Keyring;
  /** Hands a checked request to the main thread; `answer(ticket, …)` is called with what it says. */
  readonly onRequest: (ticket: number, command: CommandName, args: unknown) => void;
  /** Bytes that may wait for a window that does not read. */
  readonly maxBuffered?: number;
}

export interface ContractSockets {
  answer(ticket: number, answer: Answer): void;
  event(event: ContractEvent): void;
  skipped(): void;
  close(): void;
}

/** Close codes that mean something to the renderer (renderer/api/socket-transport.ts). */
const CLOSE = { unauthorised: 4401, ended: 4410, slow: 4408, malformed: 4400 } as const;
const HELLO_MS = 10_000;
const MAX_SOCKETS = 16;
/** Requests of one window that may be unanswered. */
const MAX_OPEN = 256;
const MAX_BUFFERED = 16 * 1024 * 1024;

const hello = z.strictObject({ kind: z.literal('hello'), key: z.string().max(128) });

interface Window {
  readonly socket: WebSocket;
  open: number;
}

/**
 * The contract's WebSocket side. A window first sends its session key, then requests; it gets answers and events. One that does not read is
 * dropped before it fills the memory: it reconnects and asks for what it missed.
 */
export function createContractSockets({ server, keyring, onRequest, maxBuffered = MAX_BUFFERED }: ContractSocketsOptions): ContractSockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_REQUEST, perMessageDeflate: false, clientTracking: false });
  const windows = new Set<Window>();
  const tickets = new Map<number, { window: Window; id: number }>();
  let connections = 0;
  let nextTicket = 1;

  const send = (window: Window, text: string): void => {
    if (window.socket.readyState !== window.socket.OPEN) return;
    if (window.socket.bufferedAmount > maxBuffered) {
      window.socket.close(CLOSE.slow);
      window.socket.terminate();
      windows.delete(window);
      return;
    }
    window.socket.send(text);
  };

  const onMessage = (window: Window, text: string): void => {
    const request = readRequest(parse(text));
    if (request === undefined) {
      window.socket.close(CLOSE.malformed);
    } else if ('ok' in request) {
      send(window, JSON.stringify(request));
    } else if (window.open >= MAX_OPEN) {
      refuseRequest(window, request.id, { kind: 'busy', message: 'too many requests are open', retryable: true });
    } else {
      take(window, request);
    }
  };

  const refuseRequest = (window: Window, id: number, error: PhosphorErrorData): void =>
    send(window, JSON.stringify({ kind: 'response', id, ok: false, error }));

  const take = (window: Window, { id, command, args }: Request): void => {
    let checked: unknown;
    try {
      // The workstation checks them again, as it does for everyone. Here it keeps what cannot even be cloned off the way to the main thread.
      checked = checkArguments(command, args);
    } catch (thrown) {
      refuseRequest(window, id, toErrorData(thrown));
      return;
    }
    const ticket = nextTicket++;
    window.open += 1;
    tickets.set(ticket, { window, id });
    onRequest(ticket, command, checked);
  };

  const welcome = (socket: WebSocket): void => {
    const window: Window = { socket, open: 0 };
    const late = setTimeout(() => socket.close(CLOSE.unauthorised), HELLO_MS);
    connections += 1;
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      connections -= 1;
      clearTimeout(late);
      windows.delete(window);
    });
    socket.once('message', (data) => {
      clearTimeout(late);
      const greeting = hello.safeParse(parse(String(data)));
      if (!greeting.success || !keyring.knows(greeting.data.key)) {
        socket.close(CLOSE.unauthorised);
        return;
      }
      windows.add(window);
      send(window, '{"kind":"welcome"}');
      socket.on('message', (message) => onMessage(window, String(message)));
    });
  };

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    const refused = refuse('socket', request.headers, authorityOf(request));
    if (request.url !== '/contract' || refused !== undefined || connections >= MAX_SOCKETS) {
      stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, stream, head, welcome);
  });

  return {
    answer(ticket, answer) {
      const asked = tickets.get(ticket);
      tickets.delete(ticket);
      if (asked === undefined) return;
      asked.window.open -= 1;
      send(asked.window, JSON.stringify({ kind: 'response', id: asked.id, ...answer }));
    },
    event(event) {
      if (windows.size === 0) return;
      const text = JSON.stringify({ kind: 'event', event });
      for (const window of [...windows]) send(window, text);
    },
    skipped() {
      for (const window of [...windows]) send(window, '{"kind":"skipped"}');
    },
    close() {
      for (const { socket } of windows) socket.close(CLOSE.ended);
      sockets.close();
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
