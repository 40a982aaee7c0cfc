import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { type CommandName, type ContractEvent, MAX_REQUEST } from '../../../shared/contract/index.ts';
import { checkAnswer, checkEvent, checkRequest, type RawAnswer } from '../dispatcher.ts';
import { refuse } from './guard.ts';
import { authorityOf } from './http-server.ts';
import type { Keyring } from './keys.ts';

export interface ContractSocketsOptions {
  readonly server: Server;
  readonly keyring: Keyring;
  /** Hands a validated request to the main thread; `answer(ticket, …)` is called with what it says. */
  readonly onRequest: (ticket: number, command: CommandName, args: unknown) => void;
  /** Bytes that may wait for a window that does not read. */
  readonly maxBuffered?: number;
}

export interface ContractSockets {
  answer(ticket: number, answer: RawAnswer): void;
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
  const tickets = new Map<number, { window: Window; id: number; command: CommandName }>();
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
    const checked = checkRequest(parse(text));
    if (checked === undefined) {
      window.socket.close(CLOSE.malformed);
    } else if ('ok' in checked) {
      send(window, JSON.stringify(checked));
    } else if (window.open >= MAX_OPEN) {
      const error = { kind: 'busy', message: 'too many requests are open', retryable: true } as const;
      send(window, JSON.stringify(checkAnswer(checked, { ok: false, error })));
    } else {
      const ticket = nextTicket++;
      window.open += 1;
      tickets.set(ticket, { window, id: checked.id, command: checked.command });
      onRequest(ticket, checked.command, checked.args);
    }
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
      send(asked.window, JSON.stringify(checkAnswer(asked, answer)));
    },
    event(event) {
      const checked = checkEvent(event);
      if (checked === undefined || windows.size === 0) return;
      const text = JSON.stringify({ kind: 'event', event: checked });
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
