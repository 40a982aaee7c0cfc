import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { OurMethods } from './our-messages.ts';

/** The running workstation's pool, archive and receiver, in a process of their own. */
export interface OurSide extends AsyncDisposable {
  readonly pid: number;
  call<Name extends keyof OurMethods>(name: Name, args: Parameters<OurMethods[Name]>[0]): ReturnType<OurMethods[Name]>;
}

/** Started once per bench: a workstation runs for days, the tools beside it are programs for one run by their nature. */
export async function startOurSide(): Promise<OurSide> {
  const child = fork(fileURLToPath(new URL('./our-process.ts', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('our side ended')));
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    call: async (name, args) => {
      const answered = once(child, 'message') as Promise<[{ result?: unknown; error?: string }]>;
      child.send({ name, args });
      const [{ result, error }] = await Promise.race([answered, ended]);
      if (error !== undefined) throw new Error(error);
      return result as Awaited<ReturnType<OurMethods[typeof name]>>;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  } as OurSide;
}
