import type { ContractEvent } from '../../shared/contract/index.ts';

export interface Feed {
  push(event: ContractEvent): void;
  /** The other side has taken in this many. */
  acknowledge(count: number): void;
}

export interface FeedOptions {
  readonly send: (event: ContractEvent) => void;
  /** Called once the other side has caught up after events were left out; it then asks for them with `session.since`. */
  readonly onSkipped: () => void;
  /** Events that may be on their way. */
  readonly limit?: number;
}

/**
 * Bounds what waits for a slow reader behind a channel without flow control of its own (MessagePort, Electron's IPC): past `limit`
 * unacknowledged events nothing more is sent until all of them are acknowledged, and the reader is told that it missed some.
 */
export function createFeed({ send, onSkipped, limit = 2048 }: FeedOptions): Feed {
  let open = 0;
  let skipping = false;
  return {
    push(event) {
      if (skipping || open >= limit) {
        skipping = true;
        return;
      }
      open += 1;
      send(event);
    },
    acknowledge(count) {
      open = Math.max(0, open - count);
      if (!skipping || open > 0) return;
      skipping = false;
      onSkipped();
    },
  };
}
