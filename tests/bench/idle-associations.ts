import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type ScriptedConnection, scriptedCaller, UIDs } from '../support/scripted-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

export interface IdleCost {
  readonly associations: number;
  /** Resident memory of the listening process (MB) without an association, and with all of them idle. */
  readonly beforeMB: number;
  readonly afterMB: number;
  readonly growthMB: number;
}

/** What associations that do nothing cost the listening process. They come from this process; what they cost here does not count. */
export async function idleAssociations(associations = 500): Promise<IdleCost> {
  await using folder = await temporaryFolder('idle-associations');
  // Half of them may come from one address.
  const listener = fork(fileURLToPath(new URL('./idle-listener.ts', import.meta.url)), [folder.path, String(2 * associations)], {
    execArgv: ['--expose-gc', '--import', new URL('./settle-on-request.ts', import.meta.url).href],
  });
  const ended = once(listener, 'exit');
  try {
    const { port } = await answer<{ port: number }>(listener);
    // Code and pools that the first associations bring into being belong to the listener, not to the idle ones.
    await close(await open(port, 50));
    const beforeMB = await settledMB(listener);
    const connections = await open(port, associations);
    const afterMB = await settledMB(listener);
    await close(connections);
    return { associations, beforeMB, afterMB, growthMB: afterMB - beforeMB };
  } finally {
    listener.kill();
    await ended;
  }
}

async function open(port: number, count: number): Promise<ScriptedConnection[]> {
  const connections: ScriptedConnection[] = [];
  for (let index = 0; index < count; index++) {
    const connection = await scriptedCaller(port);
    const { type } = await connection.associate({
      calledAETitle: 'PHOSPHOR',
      callingAETitle: `IDLE${index}`,
      abstractSyntaxes: [UIDs.verification, UIDs.ctImageStorage],
    });
    if (type !== 2) throw new Error(`association ${index + 1} was not accepted`);
    connections.push(connection);
  }
  return connections;
}

async function close(connections: readonly ScriptedConnection[]): Promise<void> {
  for (const connection of connections) await connection.release();
}

/** Resident memory after a garbage collection, once it has stopped to change. */
async function settledMB(child: ChildProcess): Promise<number> {
  let before = Number.NaN;
  for (let tries = 0; tries < 20; tries++) {
    const heard = answer(child);
    child.send('settle');
    await heard;
    const now = await residentMB(child.pid);
    if (Math.abs(now - before) < 0.1) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return before;
}

async function residentMB(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

async function answer<Message>(child: ChildProcess): Promise<Message> {
  const [message] = await once(child, 'message');
  return message as Message;
}
