import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.ts';

/** A DCMTK server on 127.0.0.1 and a free port, stopped by pid. */
export interface DcmtkServer {
  readonly aeTitle: string;
  readonly port: number;
  readonly pid: number;
  /** What it has printed so far. */
  output(): string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

// Without it DCMTK's tools wait 45 ms per message (Nagle against delayed ACK) while nothing computes.
const ENVIRONMENT = { ...process.env, TCP_NODELAY: '1' };
const { TCP_NODELAY: _, ...AS_IT_COMES } = process.env;
const READY_TIMEOUT_MS = 15_000;

/** Runs a DCMTK tool to its end. */
export async function dcmtk(tool: string, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(tool, args, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  const [code] = await once(child, 'close');
  return { code, output: output() };
}

/** storescp: takes in what it is sent, one file per instance in `folder`. `noDelay` false: as it comes, with Nagle's algorithm. */
export async function startStorescp(
  folder: string,
  options: { aeTitle?: string; args?: readonly string[]; noDelay?: boolean } = {},
): Promise<DcmtkServer> {
  const aeTitle = options.aeTitle ?? 'STORESCP';
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const args = ['-aet', aeTitle, '-od', folder, ...(options.args ?? []), String(port)];
  return await start('storescp', aeTitle, port, args, options.noDelay === false ? AS_IT_COMES : ENVIRONMENT);
}

/** dcmqrscp: a small PACS. `destinations` are the AE titles that it may C-MOVE to. */
export async function startDcmqrscp(
  folder: string,
  options: { aeTitle?: string; destinations?: Readonly<Record<string, number>>; args?: readonly string[] } = {},
): Promise<DcmtkServer> {
  const aeTitle = options.aeTitle ?? 'DCMQR';
  const storage = join(folder, 'storage');
  await mkdir(storage, { recursive: true });
  const port = await freePort();
  const hosts = Object.entries(options.destinations ?? {}).map(([title, at], index) => `host${index} = (${title}, 127.0.0.1, ${at})`);
  const configuration = join(folder, 'dcmqrscp.cfg');
  await writeFile(
    configuration,
    [
      `NetworkTCPPort = ${port}`,
      'MaxPDUSize = 131072',
      'MaxAssociations = 16',
      'HostTable BEGIN',
      ...hosts,
      'HostTable END',
      'VendorTable BEGIN',
      'VendorTable END',
      'AETable BEGIN',
      `${aeTitle} ${storage} RW (200, 4096mb) ANY`,
      'AETable END',
      '',
    ].join('\n'),
  );
  return await start('dcmqrscp', aeTitle, port, ['-c', configuration, ...(options.args ?? [])]);
}

/** wlmscpfs: serves the worklist files (`*.wl`, beside a `lockfile`) in `folder`/`aeTitle`. */
export async function startWlmscpfs(folder: string, aeTitle: string): Promise<DcmtkServer> {
  const port = await freePort();
  return await start('wlmscpfs', aeTitle, port, ['-s', '-dfp', folder, String(port)]);
}

async function start(
  tool: string,
  aeTitle: string,
  port: number,
  args: readonly string[],
  env: NodeJS.ProcessEnv = ENVIRONMENT,
): Promise<DcmtkServer> {
  const child = spawn(tool, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  const gone = once(child, 'close');
  try {
    await listening(port, child, output);
  } catch (thrown) {
    child.kill('SIGKILL');
    throw thrown;
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 3000);
    await gone;
    clearTimeout(killer);
  };
  return { aeTitle, port, pid: child.pid ?? -1, output, stop, [Symbol.asyncDispose]: stop };
}

/** Resolves when the port takes a connection; DCMTK's servers announce nothing. */
async function listening(port: number, child: ChildProcess, output: () => string): Promise<void> {
  const until = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`ended before it listened: ${output()}`);
    const socket = connect({ host: '127.0.0.1', port });
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    await pause(20);
  }
  throw new Error('did not listen in time');
}

function collect(child: ChildProcess): () => string {
  let text = '';
  const add = (chunk: Buffer) => {
    text = (text + chunk.toString('latin1')).slice(-200_000);
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return () => text;
}
