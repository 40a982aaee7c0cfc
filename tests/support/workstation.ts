import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { MainThreadMeasurement } from './measure-main.ts';
import { stopChild } from './orthanc.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The workstation as a person starts it (`npm start`'s own script, loopback host, no display), with a meter preloaded. */
export interface RunningWorkstation {
  readonly pid: number;
  /** A fresh single-use launch page, as `file:` URL. */
  launchPage(): Promise<string>;
  measure(): Promise<{ stop(): Promise<MainThreadMeasurement> }>;
  /** Everything it printed so far, both streams. */
  readonly printed: () => string;
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startWorkstation(options: {
  profile: string;
  port: number;
  env?: Record<string, string>;
}): Promise<RunningWorkstation> {
  const meter = fileURLToPath(new URL('./measure-main.ts', import.meta.url));
  const environment: NodeJS.ProcessEnv = { ...process.env, ...options.env };
  delete environment.DISPLAY;
  delete environment.WAYLAND_DISPLAY;
  const child = spawn(
    process.execPath,
    ['--import', meter, 'build/scripts/start.ts', '--host=loopback', '--profile', options.profile, '--port', String(options.port)],
    { cwd: ROOT, env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  let printed = '';
  let firstPage: string | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        printed += `${line}\n`;
        const page = /(\/\S+\.html)/.exec(line)?.[1];
        if (page !== undefined && firstPage === undefined) {
          firstPage = page;
          resolve();
        }
      });
    }
    child.once('exit', (code) => reject(new Error(`the workstation ended with code ${code} before it served:\n${printed}`)));
  });
  await ready;
  const report = async () => {
    const [message] = (await once(child, 'message')) as [MainThreadMeasurement];
    return message;
  };
  const stop = () => stopChild(child);
  return {
    pid: child.pid ?? 0,
    launchPage: () => launchPage(options.profile, environment),
    measure: async () => {
      const measuring = report();
      child.send('measure');
      await measuring;
      return {
        stop: () => {
          const result = report();
          child.send('report');
          return result;
        },
      };
    },
    printed: () => printed,
    stop,
    kill: async (signal) => {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function launchPage(profile: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await phosphor(['window', '--profile', profile], env);
  const page = /(\/\S+\.html)/.exec(stdout)?.[1];
  if (page === undefined) throw new Error(`phosphor window named no page: ${stdout}`);
  return `file://${page}`;
}

export interface PhosphorRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of `--json`. */
  readonly lines: Record<string, unknown>[];
}

/** Runs the command line as a person does: `phosphor ARGS…`. */
export async function phosphor(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<PhosphorRun> {
  const child = spawn(process.execPath, ['build/bin/phosphor.mjs', ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const lines = args.includes('--json')
    ? stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : [];
  return { code, stdout, stderr, lines };
}
