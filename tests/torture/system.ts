import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SystemEvent, SystemMethods, SystemOptions, SystemRequest } from './system-protocol.ts';

type Pending = { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void };

/** The torturer's hold on the system under test: calls over IPC, memory and descriptors as /proc tells them. */
export class System {
  readonly pid: number;
  readonly port: number;
  readonly archive: string;
  readonly temporary: string;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #seq = 0;
  #complaints = '';
  /** How the process ended, once it has. */
  ended: string | undefined;

  static async start(options: SystemOptions): Promise<System> {
    const temporary = join(options.folder, 'tmp');
    await mkdir(temporary, { recursive: true });
    const child = fork(fileURLToPath(new URL('./system-process.ts', import.meta.url)), [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, TMPDIR: temporary },
      // Memory is judged after a collection in every thread, with young generations that reach their full size at once.
      execArgv: ['--expose-gc', '--max-semi-space-size=2', '--import', new URL('../bench/settle-on-request.ts', import.meta.url).href],
    });
    const errors: string[] = [];
    child.stderr?.on('data', (text) => errors.push(String(text)));
    const ready = (await Promise.race([
      once(child, 'message').then(([event]) => event),
      once(child, 'exit').then(() => ({ error: errors.join('') })),
    ])) as SystemEvent;
    if (ready.ready === undefined) throw new Error(`the system under test did not start: ${ready.error}`);
    return new System(child, ready.ready.port, options.folder, temporary);
  }

  private constructor(child: ChildProcess, port: number, folder: string, temporary: string) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.port = port;
    this.archive = join(folder, 'archive');
    this.temporary = temporary;
    child.stderr?.on('data', (text) => {
      this.#complaints = (this.#complaints + String(text)).slice(0, 4000);
    });
    child.on('message', (event: SystemEvent) => {
      const pending = this.#pending.get(event.seq ?? 0);
      this.#pending.delete(event.seq ?? 0);
      if (event.error === undefined) pending?.resolve(event.result);
      else pending?.reject(new Error(event.error));
    });
    child.once('exit', (code, signal) => {
      this.ended = `exit ${code ?? signal}`;
      for (const { reject } of this.#pending.values()) reject(new Error(`the system under test is gone: ${this.ended}`));
      this.#pending.clear();
    });
  }

  /** What it wrote to standard error. */
  get complaints(): string {
    return this.#complaints;
  }

  call<Method extends keyof SystemMethods>(
    method: Method,
    args: Parameters<SystemMethods[Method]>[0],
  ): Promise<Awaited<ReturnType<SystemMethods[Method]>>> {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<SystemMethods[Method]>>>();
    if (this.ended !== undefined) reject(new Error(`the system under test is gone: ${this.ended}`));
    else {
      this.#seq += 1;
      this.#pending.set(this.#seq, { resolve: resolve as (result: unknown) => void, reject });
      const request: SystemRequest = { seq: this.#seq, method, args };
      this.#child.send(request);
    }
    return promise;
  }

  /** Resident memory, MB. */
  residentMB(): number {
    try {
      const pages = Number(readFileSync(`/proc/${this.pid}/statm`, 'latin1').split(' ')[1]);
      return (pages * 4096) / 1e6;
    } catch {
      return 0;
    }
  }

  /** What each open descriptor leads to: `socket`, `anon_inode` … or a file. */
  descriptors(): string[] {
    const folder = `/proc/${this.pid}/fd`;
    try {
      return readdirSync(folder).flatMap((fd) => {
        try {
          return [readlinkSync(join(folder, fd)).replace(/:\[\d+\]$/, '')];
        } catch {
          return [];
        }
      });
    } catch {
      return [];
    }
  }

  async close(): Promise<void> {
    if (this.ended !== undefined) return;
    const exited = once(this.#child, 'exit');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    this.call('close', {}).catch(() => undefined);
    await exited;
    clearTimeout(killer);
  }
}
