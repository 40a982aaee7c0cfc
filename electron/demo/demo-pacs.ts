import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import { type ArchiveLocation, openArchive } from '../archive/index.ts';
import { type Listener, startListener } from '../associations/index.ts';
import { DEFAULT_SETTINGS } from '../workstation/settings-text.ts';
import type { DemoFactory, DemoPacs } from '../workstation/types.ts';
import { PHANTOM_VERSION } from './phantom/version.ts';

export const DEMO_AE_TITLE = 'DEMOPACS';
const HOST = '127.0.0.1';

/** Its peers are on this machine: nothing that takes long is still alive. */
const CLOCKS = { ...DEFAULT_SETTINGS.clocks, connect: 5, association: 15 } as const;

/**
 * The demo PACS: generates its studies on first use (in a thread, some seconds), keeps them in an archive of its own below `directory` and
 * serves verification, C-FIND and C-MOVE on 127.0.0.1 at a free port to whoever calls DEMOPACS from this machine. Rejects with PhosphorError
 * (`storage-full`, `storage`, `busy`, `worker-died` …); an unfinished generation starts anew next time.
 */
export const startDemoPacs: DemoFactory = async ({ directory, destination }) => {
  const location: ArchiveLocation = { directory: join(directory, 'archive'), databases: join(directory, 'databases'), durable: false };
  await ensureStudies(directory, location);
  const start = (port: number, to: Destination): Promise<Listener> => listen(location, port, to);
  return new RunningDemoPacs(start, await start(0, destination), destination);
};

interface Destination {
  readonly aeTitle: string;
  readonly host: string;
  readonly port: number;
}

class RunningDemoPacs implements DemoPacs {
  readonly host = HOST;
  readonly aeTitle = DEMO_AE_TITLE;
  readonly port: number;
  readonly #start: (port: number, destination: Destination) => Promise<Listener>;
  #listener: Listener | undefined;
  #destination: Destination;
  #closed = false;
  /** Changes of the listener, one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(start: (port: number, destination: Destination) => Promise<Listener>, listener: Listener, destination: Destination) {
    this.#start = start;
    this.#listener = listener;
    this.#destination = destination;
    this.port = listener.port;
  }

  /** A listener is given its move destinations when it starts: another destination means another listener on the same port. */
  setDestination(aeTitle: string, host: string, port: number): Promise<void> {
    return this.#next(async () => {
      const same = this.#destination.aeTitle === aeTitle && this.#destination.host === host && this.#destination.port === port;
      if (this.#closed || (same && this.#listener !== undefined)) return;
      await this.#listener?.close();
      this.#listener = undefined;
      this.#destination = { aeTitle, host, port };
      this.#listener = await this.#start(this.port, this.#destination);
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#next(async () => {
      await this.#listener?.close();
      this.#listener = undefined;
    });
  }

  #next(change: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function listen(location: ArchiveLocation, port: number, { aeTitle, host, port: destinationPort }: Destination): Promise<Listener> {
  return startListener({
    host: HOST,
    port,
    access: { aeTitle: DEMO_AE_TITLE, knownAETitles: [aeTitle], knownHosts: [HOST, '::1'], acceptAnyone: false },
    clocks: CLOCKS,
    queryRetrieve: { location, destinations: { [aeTitle]: { host, port: destinationPort } } },
    events: { onStored: () => undefined, onRefused: () => undefined, onAssociations: () => undefined, onState: () => undefined },
  });
}

/** Generates and takes in the studies unless the marker says that this version of them is there. */
async function ensureStudies(directory: string, location: ArchiveLocation): Promise<void> {
  const marker = join(directory, 'phantoms.json');
  if ((await versionOf(marker)) === PHANTOM_VERSION && existsSync(join(location.databases, 'index.db'))) return;
  const generated = join(directory, 'generated');
  try {
    for (const old of [marker, generated, location.directory, location.databases]) await rm(old, { recursive: true, force: true });
    await mkdir(generated, { recursive: true, mode: 0o700 });
    await generateInThread(generated);
    await takeIn(location, generated);
    await writeFile(marker, JSON.stringify({ version: PHANTOM_VERSION }), { mode: 0o600 });
  } catch (thrown) {
    throw thrown instanceof PhosphorError ? thrown : PhosphorError.from(storageErrorOf(thrown));
  } finally {
    await rm(generated, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function versionOf(marker: string): Promise<number | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(marker, 'utf8'));
    return typeof content === 'object' && content !== null && 'version' in content ? Number(content.version) : undefined;
  } catch {
    return undefined;
  }
}

type FromThread = { type: 'progress' } | { type: 'done' } | { type: 'failed'; error: PhosphorErrorData };

function generateInThread(directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./phantom/phantom-thread.ts', import.meta.url), { workerData: { directory } });
    const fail = (error: PhosphorError): void => {
      void worker.terminate();
      reject(error);
    };
    worker.on('message', (message: FromThread) => {
      if (message.type === 'done') resolve();
      else if (message.type === 'failed') fail(PhosphorError.from(message.error));
    });
    worker.once('error', (thrown) => fail(PhosphorError.from(storageErrorOf(thrown))));
    worker.once('exit', () => reject(new PhosphorError('worker-died', 'the phantom generator ended early')));
  });
}

/** Imports the files into the demo's archive and waits until they can be found. */
async function takeIn(location: ArchiveLocation, generated: string): Promise<void> {
  await mkdir(location.directory, { recursive: true, mode: 0o700 });
  await mkdir(location.databases, { recursive: true, mode: 0o700 });
  const archive = await openArchive(location);
  try {
    const job = archive.import([generated]);
    job.onItems(() => job.acknowledge(1));
    const summary = await job.done;
    if (summary.refused > 0) throw new PhosphorError('internal', 'the demo archive refused its own images');
    await archive.settled();
  } finally {
    await archive.close();
  }
}

function storageErrorOf(thrown: unknown): PhosphorErrorData {
  const error = toErrorData(thrown);
  return error.kind === 'internal' && error.code !== undefined
    ? { ...error, kind: 'storage', message: 'the demo studies cannot be written' }
    : error;
}
