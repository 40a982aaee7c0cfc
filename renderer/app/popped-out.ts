import { isObject, startIn, type WindowStart } from './window-start.ts';

const CHANNEL = 'phosphor.windows';
const STORED = 'phosphor.window';
/** sessionStorage's place in the stream of events; a second window gets a copy of its opener's (renderer/api/session.ts). */
const PLACE = 'phosphor.place';
const WAIT_MS = 5000;
/** An address tells nothing but that it is a second window, and which: what it shows is said by its opener. */
const ADDRESS = /^#window=([0-9a-f-]{36})$/;

/** Name of this window where another one opened it; undefined in the first. */
export const poppedOut: string | undefined = ADDRESS.exec(globalThis.location?.hash ?? '')?.[1];

/** A second window begins a place of its own in the stream of events, and has no actions; over a reload it keeps them. */
export function beginWindow(): void {
  if (poppedOut === undefined || stored()?.window === poppedOut) return;
  sessionStorage.removeItem(PLACE);
  sessionStorage.setItem(STORED, JSON.stringify({ window: poppedOut }));
}

/** What this window is to show: as it was before a reload, else what its opener says. Undefined where nobody knows. */
export async function windowStart(window: string): Promise<WindowStart | undefined> {
  const kept = startIn(stored()?.start);
  if (kept !== undefined) return kept;
  const start = await ask(window);
  if (start !== undefined) sessionStorage.setItem(STORED, JSON.stringify({ window, start }));
  return start;
}

function ask(window: string): Promise<WindowStart | undefined> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(CHANNEL);
    const end = (start: WindowStart | undefined) => {
      clearTimeout(late);
      channel.close();
      resolve(start);
    };
    const late = setTimeout(() => end(undefined), WAIT_MS);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!isObject(data) || data.kind !== 'start' || data.window !== window) return;
      const start = startIn(data.start);
      if (start !== undefined) end(start);
    };
    channel.postMessage({ kind: 'ready', window });
  });
}

/** Tells a window that is about to open what it shows. Ends itself when it has asked. */
export function answerWindow(window: string, start: WindowStart): void {
  const channel = new BroadcastChannel(CHANNEL);
  const late = setTimeout(() => channel.close(), 30_000);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (!isObject(data) || data.kind !== 'ready' || data.window !== window) return;
    channel.postMessage({ kind: 'start', window, start });
    clearTimeout(late);
    channel.close();
  };
}

function stored(): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(STORED) ?? 'null');
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
