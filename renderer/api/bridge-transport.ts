import type { Answer, Transport } from './transport.ts';

/** What the desktop's preload exposes as `window.phosphor`: the contract and nothing else. */
export interface PhosphorBridge {
  invoke(command: string, args: unknown): Promise<Answer>;
  /** One listener; it also asks the main side to start sending. */
  listen(onEvent: (event: unknown) => void, onSkipped: () => void): void;
  acknowledge(count: number): void;
  /** '' when the file has no path (made by a script, not dropped). */
  pathOfFile(file: unknown): string;
}

export type BridgeWindow = { readonly phosphor?: PhosphorBridge };

/** Electron's IPC neither breaks nor reconnects: it is up for as long as the page lives. */
export function createBridgeTransport(bridge: PhosphorBridge): Transport {
  return {
    start(handlers) {
      bridge.listen(handlers.onEvent, handlers.onSkipped);
      handlers.onUp();
    },
    request: (command, args) => bridge.invoke(command, args),
    acknowledge: (count) => bridge.acknowledge(count),
    close() {},
  };
}
