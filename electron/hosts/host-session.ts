import { type Contract, toErrorData } from '../../shared/contract/index.ts';
import type { OpenWorkstation, Workstation } from '../workstation/types.ts';
import { createLocalClient, type LocalClient } from './local-client.ts';
import { connectLocalSocket, type LocalSocket, serveLocalSocket, type WindowAnswer } from './local-socket.ts';
import { type LoopbackHost, startLoopbackHost } from './loopback/loopback-host.ts';
import { prepareRunDirectory, rendererDirectory } from './profile.ts';

export interface HostOptions {
  readonly profile: string;
  readonly open: () => ReturnType<OpenWorkstation>;
  /** What `phosphor window` from another process gets here; without it the loopback host is started on demand. */
  readonly onWindow?: () => Promise<WindowAnswer>;
  readonly rendererDirectory?: string;
}

/** This process holds the profile. */
export interface Held {
  readonly kind: 'held';
  readonly workstation: Workstation;
  /** Starts the loopback host on first use; every call gives a fresh launch page. */
  launchPage(): Promise<string>;
  /** Resolves when no other process is being served. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Another process holds it; we speak to that one. */
export interface Attached {
  readonly kind: 'attached';
  readonly client: LocalClient;
}

const ATTEMPTS = 20;
const PAUSE_MS = 150;

/**
 * Gets at the workstation of a profile: through the process that already holds it, else by holding it here, with the local socket open for
 * others. Throws PhosphorError `busy` when a process holds the profile and does not answer.
 */
export async function holdOrAttach(options: HostOptions): Promise<Held | Attached> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = await connectLocalSocket(options.profile);
    if (socket !== undefined) return { kind: 'attached', client: createLocalClient(socket) };
    try {
      return await hold(options);
    } catch (thrown) {
      // Another process is between taking the lock and opening its socket, or on its way out.
      if (toErrorData(thrown).kind !== 'busy' || attempt >= ATTEMPTS) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** Opens the profile in this process. Throws PhosphorError `busy` when another one holds it. */
export async function hold({ profile, open, onWindow, rendererDirectory: renderer = rendererDirectory() }: HostOptions): Promise<Held> {
  const workstation = await open();
  let loopback: Promise<LoopbackHost> | undefined;
  let socket: LocalSocket | undefined;

  const launchPage = async (): Promise<string> => {
    loopback ??= prepareRunDirectory(profile).then((runDirectory) =>
      startLoopbackHost({ workstation, rendererDirectory: renderer, runDirectory }),
    );
    try {
      return await (await loopback).launchPage();
    } catch (thrown) {
      loopback = undefined;
      throw thrown;
    }
  };

  try {
    await prepareRunDirectory(profile);
    socket = await serveLocalSocket({
      workstation,
      profile,
      onWindow: onWindow ?? (async () => ({ launchPage: await launchPage() })),
    });
  } catch (thrown) {
    await workstation.close();
    throw thrown;
  }
  const served = socket;

  return {
    kind: 'held',
    workstation,
    launchPage,
    idle: () => served.idle(),
    async close() {
      await served.close();
      await loopback?.then((host) => host.close()).catch(() => undefined);
      await workstation.close();
    },
  };
}

/** The contract, wherever it is. */
export function contractOf(host: Held | Attached): Contract {
  return host.kind === 'held' ? host.workstation : host.client;
}
