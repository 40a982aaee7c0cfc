import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/** A real Orthanc with a configuration of its own: 127.0.0.1, free ports, everything below one temporary folder, stopped by pid. */
export interface Orthanc {
  readonly aeTitle: string;
  readonly dicomPort: number;
  readonly url: string;
  readonly pid: number;
  /** Registers a C-MOVE destination. */
  setModality(aeTitle: string, host: string, port: number): Promise<void>;
  /** Takes in Part 10 files; throws when one is refused. */
  upload(paths: readonly string[]): Promise<void>;
  statistics(): Promise<{ patients: number; studies: number; instances: number }>;
  /** An answer of its REST API. */
  get<T>(path: string): Promise<T>;
  /** The file of one of its instances. */
  file(id: string): Promise<Uint8Array>;
  /** Removes every patient. */
  clear(): Promise<void>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const READY_TIMEOUT_MS = 30_000;

/** @param options.configuration entries beside or instead of those below */
export async function startOrthanc(options: {
  folder: string;
  aeTitle?: string;
  noDelay?: boolean;
  configuration?: Readonly<Record<string, unknown>>;
}): Promise<Orthanc> {
  const aeTitle = options.aeTitle ?? 'ORTHANC';
  const name = `phosphor-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const [dicomPort, httpPort] = await Promise.all([freePort(), freePort()]);
  await mkdir(options.folder, { recursive: true });
  const configuration = join(options.folder, 'orthanc.json');
  await writeFile(
    configuration,
    JSON.stringify({
      Name: name,
      StorageDirectory: join(options.folder, 'storage'),
      IndexDirectory: join(options.folder, 'storage'),
      StorageCompression: false,
      // Nothing of what it holds outlives the test: it need not wait for the disk.
      SyncStorageArea: false,
      Plugins: [],
      ConcurrentJobs: 4,
      HttpServerEnabled: true,
      HttpPort: httpPort,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      DicomServerEnabled: true,
      DicomAet: aeTitle,
      DicomCheckCalledAet: true,
      DicomPort: dicomPort,
      DicomAlwaysAllowEcho: true,
      DicomAlwaysAllowStore: true,
      DicomAlwaysAllowFind: true,
      DicomAlwaysAllowMove: true,
      DicomAlwaysAllowGet: true,
      DicomModalities: {},
      DicomScpTimeout: 60,
      SaveJobs: false,
      ...options.configuration,
    }),
  );
  const child = spawn('/usr/sbin/Orthanc', [configuration], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...(options.noDelay === true ? { TCP_NODELAY: '1' } : {}) },
  });
  const url = `http://127.0.0.1:${httpPort}`;
  try {
    await ready(url, name, child);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  const stop = () => stopChild(child);
  const get = async <T>(path: string) => (await (await expectOk(fetch(`${url}${path}`))).json()) as T;
  return {
    aeTitle,
    dicomPort,
    url,
    pid: child.pid ?? 0,
    setModality: async (title, host, port) => {
      await expectOk(fetch(`${url}/modalities/${title}`, { method: 'PUT', body: JSON.stringify({ AET: title, Host: host, Port: port }) }));
    },
    upload: async (paths) => {
      for (const path of paths) await expectOk(fetch(`${url}/instances`, { method: 'POST', body: await readFile(path) }));
    },
    statistics: async () => {
      const answer = await expectOk(fetch(`${url}/statistics`));
      const body = (await answer.json()) as { CountPatients: number; CountStudies: number; CountInstances: number };
      return { patients: body.CountPatients, studies: body.CountStudies, instances: body.CountInstances };
    },
    get,
    file: async (id) => new Uint8Array(await (await expectOk(fetch(`${url}/instances/${id}/file`))).arrayBuffer()),
    clear: async () => {
      for (const id of await get<string[]>('/patients')) await expectOk(fetch(`${url}/patients/${id}`, { method: 'DELETE' }));
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The port was free a moment ago: another process may have taken it, so the server's own name decides whether this is ours. */
async function ready(url: string, name: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`Orthanc ended with code ${child.exitCode} before it was ready`);
    try {
      const answer = await fetch(`${url}/system`);
      const system = (await answer.json()) as { Name?: string };
      if (system.Name !== name) throw new WrongServer(`another server answers at ${url}`);
      return;
    } catch (error) {
      if (error instanceof WrongServer) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('Orthanc was not ready in time');
}

class WrongServer extends Error {}

async function expectOk(request: Promise<Response>): Promise<Response> {
  const answer = await request;
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** SIGTERM, then SIGKILL after 5 s; resolves when the process is gone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(hard);
}
