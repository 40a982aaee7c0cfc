import { type BridgeWindow, createBridgeTransport } from './bridge-transport.ts';
import { createSession } from './session.ts';
import { obtainSessionKey } from './session-key.ts';
import { createSocketTransport, type Socket, type SocketHandlers } from './socket-transport.ts';
import type { Client, InstanceRange, InstanceRequest } from './types.ts';

/**
 * The renderer's only way to the main side. Opens the transport of the host that serves this page and resolves as soon as the first
 * connection stands; rejects with PhosphorError when the host refuses this page (a used or expired launch page).
 *
 * Usage: subscribe first, then `invoke('session.snapshot', {})`; events up to the snapshot's `seq` are never delivered after it. Take a
 * fresh snapshot whenever `onSnapshotNeeded` calls.
 */
export async function connect(): Promise<Client> {
  const bridge = (window as BridgeWindow).phosphor;
  if (bridge !== undefined) {
    const session = await createSession({ transport: createBridgeTransport(bridge), storage: sessionStorage });
    return {
      ...session,
      hostKind: 'desktop',
      instanceRequest: (uid, range) => instanceRequest(uid, range, {}),
      pathsOfDroppedFiles: (files) => files.map((file) => bridge.pathOfFile(file)).filter((path) => path !== ''),
    };
  }
  const key = await obtainSessionKey();
  const transport = createSocketTransport({ open: openWebSocket, key });
  const session = await createSession({ transport, storage: sessionStorage });
  return {
    ...session,
    hostKind: 'loopback',
    instanceRequest: (uid, range) => instanceRequest(uid, range, { Authorization: `Bearer ${key}` }),
    partRequest: (uid, { offset, length }) => ({
      url: `${location.origin}/parts?`,
      headers: { Authorization: `Bearer ${key}` },
      part: `${encodeURIComponent(uid)}:${offset}:${length}`,
    }),
    dropRequest: (path) => ({ url: `${location.origin}${path}`, headers: { Authorization: `Bearer ${key}` } }),
  };
}

/** The nonce that inserted `<style>` elements need under this page's Content-Security-Policy (Mantine: `getStyleNonce={styleNonce}`). */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

function instanceRequest(uid: string, range: InstanceRange | undefined, headers: Record<string, string>): InstanceRequest {
  const url = `${location.origin}/instances/${encodeURIComponent(uid)}`;
  if (range === undefined) return { url, headers };
  return { url, headers: { ...headers, Range: `bytes=${range.offset}-${range.offset + range.length - 1}` } };
}

function openWebSocket(handlers: SocketHandlers): Socket {
  const socket = new WebSocket(`ws://${location.host}/contract`);
  socket.onopen = () => handlers.onOpen();
  socket.onmessage = (event) => handlers.onText(event.data);
  socket.onclose = (event) => handlers.onClose(event.code);
  return socket;
}
