import type { CommandName, ContractEvent, PhosphorErrorData } from '../../../shared/contract/index.ts';
import type { ArchiveLocation } from '../../archive/types.ts';
import type { Answer } from '../requests.ts';

/** What the server thread is started with. */
export interface HttpThreadData {
  readonly rendererDirectory: string;
  readonly archive: ArchiveLocation;
  /** 0 = any free port; the former one when the thread takes over from a dead one. */
  readonly port: number;
  /** Digests of session keys that stay valid. */
  readonly keys: readonly string[];
}

export type ToHttpThread =
  | { readonly kind: 'answer'; readonly ticket: number; readonly answer: Answer }
  | { readonly kind: 'event'; readonly event: ContractEvent }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'admit'; readonly tokenDigest: string; readonly expiresAt: number }
  | { readonly kind: 'close' };

export type FromHttpThread =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly error: PhosphorErrorData }
  | { readonly kind: 'request'; readonly ticket: number; readonly command: CommandName; readonly args: unknown }
  | { readonly kind: 'acknowledge'; readonly count: number }
  | { readonly kind: 'admitted'; readonly tokenDigest: string }
  | { readonly kind: 'exchanged'; readonly tokenDigest: string; readonly keys: readonly string[] };
