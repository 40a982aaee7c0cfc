import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import type { ActionRecord, CompleteDraft } from './types.ts';

/** Finished actions that a snapshot shows, newest first. */
export const FINISHED_SHOWN = 200;
/** Finished actions that stay in actions.db. */
export const FINISHED_KEPT = 5000;

export interface StoreWorkerData {
  readonly file: string;
}

export type StoreCommand =
  | { readonly type: 'load' }
  | { readonly type: 'insert'; readonly record: ActionRecord }
  | { readonly type: 'complete'; readonly complete: CompleteDraft }
  | { readonly type: 'resume'; readonly actionId: string; readonly resumed: number }
  | { readonly type: 'dismiss'; readonly actionId: string }
  | { readonly type: 'close' };

export interface ToStoreThread {
  readonly id: number;
  readonly command: StoreCommand;
}

export interface LoadedActions {
  readonly unfinished: readonly ActionRecord[];
  /** Newest first. */
  readonly finished: readonly CompleteDraft[];
  /** Name of the file that a damaged actions.db was moved to. */
  readonly keptAside?: string;
}

/** The same as it stands in the file: whoever receives it checks it. */
export interface StoredActions {
  readonly unfinished: readonly unknown[];
  readonly finished: readonly unknown[];
  readonly keptAside?: string;
}

export type FromStoreThread =
  | { readonly id: number; readonly ok: true; readonly loaded?: StoredActions }
  | { readonly id: number; readonly ok: false; readonly error: PhosphorErrorData };
