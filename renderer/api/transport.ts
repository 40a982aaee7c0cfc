import type { CommandName, PhosphorErrorData } from '../../shared/contract/index.ts';

/**
 * What carries requests and events between this window and the main side. Nothing is validated here: the session does that, once, for
 * every transport.
 */
export interface Transport {
  /** Begins to connect (and to reconnect, where that makes sense). Called once. */
  start(handlers: TransportHandlers): void;
  /** Answers with what the other side said; rejects with PhosphorError `connection-lost` when no answer can come any more. */
  request(command: CommandName, args: unknown): Promise<Answer>;
  /** `count` events have been taken in: lets the other side send more. */
  acknowledge(count: number): void;
  close(): void;
}

export interface TransportHandlers {
  /** A connection stands (the first one or a later one). Events may have been missed before it. */
  onUp(): void;
  onDown(): void;
  /** No connection will follow. */
  onClosed(error: PhosphorErrorData): void;
  onEvent(event: unknown): void;
  /** The other side left events out because this one was too slow: ask for them. */
  onSkipped(): void;
}

export type Answer = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: unknown };
