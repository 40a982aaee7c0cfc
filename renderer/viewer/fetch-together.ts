import type { FrameJob } from './decode-messages.ts';

type Together = NonNullable<FrameJob['together']>;

interface Waiting {
  readonly together: Together;
  resolve(bytes: Uint8Array | undefined): void;
}

/** As many as the host answers at once. */
const MAX_PARTS = 16;
const waiting: Waiting[] = [];
let busy = false;

/**
 * Small pieces of several files by one request: what is asked for while a request is under way goes with the next one. Undefined where that did
 * not bring them: the piece is then to be asked for by itself, which tells what is wrong.
 */
export function fetchTogether(together: Together): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    waiting.push({ together, resolve });
    // Jobs come one message each: those behind this one go along.
    if (!busy) queue.port1.postMessage(undefined);
  });
}

const queue = new MessageChannel();
queue.port2.onmessage = () => {
  if (!busy) void fetchNext();
};

async function fetchNext(): Promise<void> {
  const parts = waiting.splice(0, MAX_PARTS);
  const [first] = parts;
  if (first === undefined) return;
  busy = true;
  const bytes = await fetchParts(first.together, parts);
  busy = false;
  // The next bytes are on their way while these are decoded.
  void fetchNext();
  let at = 0;
  for (const { together, resolve } of parts) {
    resolve(bytes?.subarray(at, at + together.length));
    at += together.length;
  }
}

async function fetchParts({ url, headers }: Together, parts: readonly Waiting[]): Promise<Uint8Array | undefined> {
  try {
    const response = await fetch(url + parts.map(({ together }) => together.part).join(','), { headers });
    if (!response.ok) return undefined;
    const bytes = new Uint8Array(await response.arrayBuffer());
    return bytes.length === parts.reduce((sum, { together }) => sum + together.length, 0) ? bytes : undefined;
  } catch {
    return undefined;
  }
}
