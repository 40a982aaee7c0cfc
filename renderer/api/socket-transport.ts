import { PhosphorError, type PhosphorErrorData, responseMessage } from '../../shared/contract/index.ts';
import type { Answer, Transport, TransportHandlers } from './transport.ts';

/** What is needed of a WebSocket, so that tests can bring their own. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketHandlers {
  onOpen(): void;
  onText(data: unknown): void;
  onClose(code: number): void;
}

export interface SocketTransportOptions {
  readonly open: (handlers: SocketHandlers) => Socket;
  readonly key: string;
  /** Milliseconds before the first and, doubled each time, at most before any further attempt. */
  readonly backoff?: { readonly first: number; readonly most: number };
}

/** Close codes of the loopback host after which no reconnection makes sense. */
const FINAL: Readonly<Record<number, PhosphorErrorData>> = {
  4401: { kind: 'rejected', message: 'the workstation does not know this window', retryable: false },
  4410: { kind: 'connection-lost', message: 'the workstation ended', retryable: false },
};
const OPENING_MS = 10_000;
/** How long a request made without a connection waits for one. */
const PATIENCE_MS = 15_000;
const MAX_WAITING = 256;

interface Pending {
  readonly text: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: PhosphorError) => void;
  sent: boolean;
  timer?: ReturnType<typeof setTimeout>;
}

/**
 * The contract over a WebSocket that comes back by itself. A request whose answer was lost with the connection is never sent again: it
 * may have been carried out (`connection-lost` tells the caller).
 */
export function createSocketTransport(options: SocketTransportOptions): Transport {
  const { first, most } = options.backoff ?? { first: 250, most: 5000 };
  const pending = new Map<number, Pending>();
  let handlers: TransportHandlers | undefined;
  let socket: Socket | undefined;
  let ready = false;
  let ended: PhosphorErrorData | undefined;
  let nextId = 1;
  let delay = first;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const settle = (id: number): Pending | undefined => {
    const entry = pending.get(id);
    pending.delete(id);
    if (entry?.timer !== undefined) clearTimeout(entry.timer);
    return entry;
  };
  const transmit = (entry: Pending): void => {
    if (entry.timer !== undefined) clearTimeout(entry.timer);
    entry.sent = true;
    socket?.send(entry.text);
  };

  const onMessage = (data: unknown): void => {
    const message = parse(data);
    if (message === undefined) return;
    if (message.kind === 'event') handlers?.onEvent(message.event);
    else if (message.kind === 'skipped') handlers?.onSkipped();
    else if (message.kind === 'welcome') {
      ready = true;
      delay = first;
      for (const entry of pending.values()) if (!entry.sent) transmit(entry);
      handlers?.onUp();
    } else {
      const response = responseMessage.safeParse(message);
      if (!response.success) return;
      const entry = settle(response.data.id);
      entry?.resolve(response.data.ok ? { ok: true, result: response.data.result } : { ok: false, error: response.data.error });
    }
  };

  const onClose = (code: number): void => {
    const wasReady = ready;
    ready = false;
    socket = undefined;
    ended ??= FINAL[code];
    for (const [id, entry] of pending) {
      if (entry.sent || ended !== undefined) settle(id)?.reject(PhosphorError.from(ended ?? LOST));
    }
    if (ended !== undefined) {
      handlers?.onClosed(ended);
      return;
    }
    if (wasReady) handlers?.onDown();
    retry = setTimeout(dial, delay * (0.75 + Math.random() * 0.5));
    delay = Math.min(delay * 2, most);
  };

  const dial = (): void => {
    const opening = setTimeout(() => dialled.close(), OPENING_MS);
    const dialled = options.open({
      onOpen: () => dialled.send(JSON.stringify({ kind: 'hello', key: options.key })),
      onText: (data) => {
        clearTimeout(opening);
        if (socket === dialled) onMessage(data);
      },
      onClose: (code) => {
        clearTimeout(opening);
        if (socket === dialled) onClose(code);
      },
    });
    socket = dialled;
  };

  return {
    start(given) {
      handlers = given;
      dial();
    },
    request(command, args) {
      if (ended !== undefined) return Promise.reject(PhosphorError.from(ended));
      if (pending.size >= MAX_WAITING) return Promise.reject(new PhosphorError('busy', 'too many requests are waiting for an answer'));
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const entry: Pending = { text: JSON.stringify({ kind: 'request', id, command, args }), resolve, reject, sent: false };
        pending.set(id, entry);
        if (ready) transmit(entry);
        else entry.timer = setTimeout(() => settle(id)?.reject(PhosphorError.from(LOST)), PATIENCE_MS);
      });
    },
    acknowledge() {
      // TCP's own flow control bounds this direction; the host drops a window that stops reading.
    },
    close() {
      ended = { kind: 'cancelled', message: 'the window closed its connection', retryable: false };
      if (retry !== undefined) clearTimeout(retry);
      if (socket === undefined) handlers?.onClosed(ended);
      else socket.close();
    },
  };
}

const LOST: PhosphorErrorData = { kind: 'connection-lost', message: 'the connection to the workstation broke', retryable: true };

function parse(data: unknown): Record<string, unknown> | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
