import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A `phosphor` that runs until it is ended: `listen`, or a retrieve that a test interrupts. */
export interface LongRunning {
  readonly pid: number;
  /** Both streams so far. */
  printed(): string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The objects that `--json` printed so far. */
  lines(): Record<string, unknown>[];
  /** Resolves with the first line of `--json` for which this holds; rejects when the process ends without it. */
  line(wanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** A program before node's own: `setpriv …`. */
  readonly wrapper?: readonly string[];
}

/** Starts `phosphor ARGS… --json` as a process of its own, so that it can be killed as a power switch or a user would. */
export function startPhosphor(args: readonly string[], options: StartOptions = {}): LongRunning {
  const [program = process.execPath, ...rest] = [...(options.wrapper ?? []), process.execPath, 'build/bin/phosphor.mjs', ...args, '--json'];
  const child: ChildProcess = spawn(program, rest, { cwd: ROOT, env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const look = () => {
    for (const one of [...waiting]) one();
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    look();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let over = false;
  const ended = once(child, 'close').then(([code]) => {
    over = true;
    look();
    return code as number | null;
  });
  const lines = () =>
    stdout
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const kill = async (signal: NodeJS.Signals) => {
    if (!over) child.kill(signal);
    return await ended;
  };
  return {
    pid: child.pid ?? -1,
    printed: () => stdout + stderr,
    stdout: () => stdout,
    stderr: () => stderr,
    lines,
    line: (wanted) =>
      new Promise((resolve, reject) => {
        const one = () => {
          const found = lines().find(wanted);
          if (found === undefined && !over) return;
          waiting.delete(one);
          if (found !== undefined) resolve(found);
          else reject(new Error(`ended without the line that was waited for:\n${stdout}${stderr}`));
        };
        waiting.add(one);
        one();
      }),
    ended,
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill('SIGKILL');
    },
  };
}

/** `phosphor listen` on a profile, once it takes connections. */
export async function startListening(profile: string, port: number, options: StartOptions = {}): Promise<LongRunning> {
  const running = startPhosphor(['listen', '--profile', profile, '--port', String(port)], options);
  await running.line((line) => line.type === 'listening');
  return running;
}
