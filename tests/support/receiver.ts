import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { createLayout } from '../../electron/archive/layout.ts';
import type { ArchiveLocation } from '../../electron/archive/types.ts';
import {
  type AccessRules,
  type Listener,
  type ListenerOptions,
  type RefusedInstance,
  type StoredInstance,
  startListener,
} from '../../electron/associations/index.ts';
import { clocks } from './clocks.ts';

/** A listener with an archive's folders and no index, and everything that it has told. */
export interface Receiver {
  readonly listener: Listener;
  readonly location: ArchiveLocation;
  readonly stored: StoredInstance[];
  readonly refused: RefusedInstance[];
  readonly turnedAway: { callingAETitle: string; address: string; error: { kind: string } }[];
  readonly open: number[];
  readonly states: string[];
  /** Ends the thread that has the port as a crash would. */
  killThread(): Promise<void>;
  /** The threads beside it that were started, the newest last. */
  readonly threadsBeside: readonly Worker[];
  /** Resolves when this holds; looked at again after every event. */
  until(holds: () => boolean): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startReceiver(
  folder: string,
  options: { access?: Partial<AccessRules>; plainPort?: boolean } & Partial<Omit<ListenerOptions, 'access' | 'storage' | 'events'>> = {},
): Promise<Receiver> {
  const location = { directory: join(folder, 'archive'), databases: join(folder, 'databases'), durable: false };
  createLayout(location);
  const emitter = new EventEmitter();
  const ports: MessagePort[] = [];
  const arrivals = () => {
    const channel = new MessageChannel();
    channel.port1.unref();
    ports.push(channel.port1);
    return channel.port2;
  };
  const stored: StoredInstance[] = [];
  const refused: RefusedInstance[] = [];
  const turnedAway: Receiver['turnedAway'] = [];
  const open: number[] = [];
  const states: string[] = [];
  const { access, plainPort, ...rest } = options;
  let thread: Worker | undefined;
  const threadsBeside: Worker[] = [];
  const listener = await startListener(
    {
      host: '127.0.0.1',
      port: 0,
      clocks: clocks(),
      ...rest,
      access: { aeTitle: 'PHOSPHOR', knownAETitles: [], knownHosts: [], acceptAnyone: false, ...access },
      storage: { location, arrivals: plainPort ? arrivals() : arrivals },
      events: {
        onStored: (instances) => {
          stored.push(...instances);
          emitter.emit('event');
        },
        onRefused: (instances) => {
          refused.push(...instances);
          emitter.emit('event');
        },
        onAssociations: (change) => {
          open.push(change.open);
          if (change.refused) turnedAway.push(change.refused);
          emitter.emit('event');
        },
        onState: ({ state }) => {
          states.push(state);
          emitter.emit('event');
        },
      },
    },
    (worker, isBeside) => {
      if (isBeside) threadsBeside.push(worker);
      else thread = worker;
    },
  );
  return {
    listener,
    location,
    stored,
    refused,
    turnedAway,
    open,
    states,
    threadsBeside,
    killThread: async () => {
      await thread?.terminate();
    },
    until: async (holds) => {
      while (!holds()) await once(emitter, 'event');
    },
    [Symbol.asyncDispose]: async () => {
      for (const port of ports) port.close();
      await listener.close();
    },
  };
}
