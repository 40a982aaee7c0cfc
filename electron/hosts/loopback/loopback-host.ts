import { Worker } from 'node:worker_threads';
import type { Contract, PhosphorErrorData } from '../../../shared/contract/index.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { ArchiveLocation } from '../../archive/types.ts';
import { createFeed } from '../feed.ts';
import { carryOut } from '../requests.ts';
import { digest, newSecret, TOKEN_LIFETIME_MS } from './keys.ts';
import { removeLaunchPages, writeLaunchPage } from './launch-page.ts';
import type { FromHttpThread, HttpThreadData, ToHttpThread } from './protocol.ts';

export interface LoopbackHostOptions {
  readonly workstation: Contract & { readonly archive: ArchiveLocation };
  readonly rendererDirectory: string;
  /** 0700, see prepareRunDirectory. */
  readonly runDirectory: string;
}

export interface LoopbackHost {
  readonly port: number;
  /** Writes a launch page that opens one window within 30 s; resolves with its path when the server knows its token. */
  launchPage(): Promise<string>;
  close(): Promise<void>;
}

/** Restarts of the server thread that are tried before the host gives up. */
const MAX_RESTARTS = 5;
const ADMIT_MS = 5000;

/**
 * Serves the renderer and the contract on 127.0.0.1 from a thread of its own. The main thread only carries validated requests to the
 * workstation and events back. A server thread that dies is replaced on the same port; windows reconnect with the keys they have.
 * Rejects with PhosphorError `not-found` (renderer not built) or `port-in-use`.
 */
export async function startLoopbackHost({ workstation, rendererDirectory, runDirectory }: LoopbackHostOptions): Promise<LoopbackHost> {
  const admitted = new Map<string, () => void>();
  const pages = new Map<string, { path: string; timer: NodeJS.Timeout }>();
  let keys: readonly string[] = [];
  let port = 0;
  let worker: Worker | undefined;
  let restarts = 0;
  let closing = false;

  const tell = (message: ToHttpThread): void => worker?.postMessage(message);
  let feed = createFeed({ send: (event) => tell({ kind: 'event', event }), onSkipped: () => tell({ kind: 'skipped' }) });

  const dropPage = (tokenDigest: string): void => {
    const page = pages.get(tokenDigest);
    if (page === undefined) return;
    pages.delete(tokenDigest);
    clearTimeout(page.timer);
    removeLaunchPages(runDirectory, page.path).catch(() => undefined);
  };

  const start = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const data: HttpThreadData = { rendererDirectory, archive: workstation.archive, port, keys };
      const started = new Worker(new URL('./http-thread.ts', import.meta.url), { workerData: data, name: 'loopback' });
      worker = started;
      feed = createFeed({ send: (event) => tell({ kind: 'event', event }), onSkipped: () => tell({ kind: 'skipped' }) });
      const receive: { [K in FromHttpThread['kind']]: (message: Extract<FromHttpThread, { kind: K }>) => void } = {
        listening(message) {
          port = message.port;
          resolve();
        },
        failed: ({ error }) => reject(PhosphorError.from(error)),
        request({ ticket, ...request }) {
          void carryOut(workstation, request).then((answer) => {
            // To the thread that asked: its successor counts tickets anew.
            started.postMessage({ kind: 'answer', ticket, answer } satisfies ToHttpThread);
          });
        },
        acknowledge: ({ count }) => feed.acknowledge(count),
        admitted: ({ tokenDigest }) => admitted.get(tokenDigest)?.(),
        exchanged(message) {
          keys = message.keys;
          dropPage(message.tokenDigest);
        },
      };
      started.on('message', (message: FromHttpThread) => receive[message.kind](message as never));
      started.on('error', () => undefined);
      started.once('exit', () => {
        if (worker === started) worker = undefined;
        const error: PhosphorErrorData = { kind: 'worker-died', message: 'the loopback host ended', retryable: true };
        reject(PhosphorError.from(error));
        if (closing || port === 0 || restarts >= MAX_RESTARTS) return;
        restarts += 1;
        start().catch(() => undefined);
      });
    });

  await removeLaunchPages(runDirectory);
  await start();
  const unsubscribe = workstation.subscribe((event) => feed.push(event));

  return {
    get port() {
      return port;
    },
    async launchPage() {
      const token = newSecret();
      const name = digest(token);
      const known = new Promise<void>((resolve, reject) => {
        admitted.set(name, resolve);
        setTimeout(() => reject(new PhosphorError('worker-died', 'the loopback host does not answer')), ADMIT_MS).unref();
      });
      tell({ kind: 'admit', tokenDigest: name, expiresAt: Date.now() + TOKEN_LIFETIME_MS });
      await known.finally(() => admitted.delete(name));
      const path = await writeLaunchPage(runDirectory, port, token);
      pages.set(name, { path, timer: setTimeout(() => dropPage(name), TOKEN_LIFETIME_MS).unref() });
      return path;
    },
    async close() {
      closing = true;
      unsubscribe();
      for (const name of [...pages.keys()]) dropPage(name);
      const ending = worker;
      if (ending === undefined) return;
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
      tell({ kind: 'close' });
      const hung = setTimeout(() => void ending.terminate(), 3000);
      await ended;
      clearTimeout(hung);
      await removeLaunchPages(runDirectory);
    },
  };
}
