import type { Socket } from 'node:net';
import { z } from 'zod';
import {
  type CommandArgs,
  type CommandName,
  type CommandResult,
  type Contract,
  type ContractEvent,
  commands,
  contractEvent,
  MAX_MESSAGE,
  PhosphorError,
  phosphorError,
} from '../../shared/contract/index.ts';
import { createLineReader } from './line-reader.ts';
import type { WindowAnswer } from './local-socket.ts';

export interface LocalClient extends Contract {
  /** Asks the host for a window. */
  window(): Promise<WindowAnswer>;
  /** Called once when the workstation ends or hangs up. */
  onLost(listener: () => void): void;
  close(): void;
}

const windowAnswer = z.union([z.strictObject({ focused: z.literal(true) }), z.strictObject({ launchPage: z.string().max(4096) })]);

interface Pending {
  resolve(result: unknown): void;
  reject(error: PhosphorError): void;
}

/** The contract over a local socket, validated in both directions. Whatever is open when the socket breaks rejects with `connection-lost`. */
export function createLocalClient(socket: Socket): LocalClient {
  const pending = new Map<number, Pending>();
  const listeners = new Set<(event: ContractEvent) => void>();
  const lost = new Set<() => void>();
  let nextId = 1;
  let ended = false;

  const onMessage = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('kind' in message)) return;
    if (message.kind === 'event') {
      const event = contractEvent.safeParse('event' in message ? message.event : undefined);
      if (event.success) for (const listener of [...listeners]) listener(event.data);
      return;
    }
    if (message.kind !== 'response' || !('id' in message) || typeof message.id !== 'number') return;
    const entry = pending.get(message.id);
    pending.delete(message.id);
    if ('ok' in message && message.ok === true) entry?.resolve('result' in message ? message.result : undefined);
    else {
      const error = phosphorError.safeParse('error' in message ? message.error : undefined);
      entry?.reject(
        error.success ? PhosphorError.from(error.data) : new PhosphorError('protocol', 'the workstation answered outside the contract'),
      );
    }
  };

  const onEnd = (): void => {
    if (ended) return;
    ended = true;
    for (const entry of pending.values()) entry.reject(LOST());
    pending.clear();
    for (const listener of [...lost]) listener();
  };

  socket.on(
    'data',
    createLineReader(MAX_MESSAGE, onMessage, () => socket.destroy()),
  );
  socket.on('error', onEnd);
  socket.on('close', onEnd);

  const ask = (message: (id: number) => object): Promise<unknown> => {
    if (ended) return Promise.reject(LOST());
    const id = nextId++;
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      socket.write(`${JSON.stringify(message(id))}\n`);
    });
  };

  return {
    async invoke<C extends CommandName>(command: C, args: CommandArgs<C>): Promise<CommandResult<C>> {
      const checked = commands[command].args.safeParse(args);
      if (!checked.success) throw new PhosphorError('invalid-arguments', checked.error.issues[0]?.message ?? 'wrong arguments');
      const result = commands[command].result.safeParse(await ask((id) => ({ kind: 'request', id, command, args: checked.data })));
      if (!result.success) throw new PhosphorError('protocol', 'the workstation answered outside the contract');
      return result.data as CommandResult<C>;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    async window() {
      return windowAnswer.parse(await ask((id) => ({ kind: 'window', id })));
    },
    onLost(listener) {
      lost.add(listener);
    },
    close() {
      ended = true;
      socket.destroy();
    },
  };
}

const LOST = (): PhosphorError => new PhosphorError('connection-lost', 'the workstation ended');
