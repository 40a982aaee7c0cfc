import type { Contract } from '../../shared/contract/index.ts';
import type { ArchiveLocation } from '../archive/types.ts';

/** What `demo.start` needs. The room demo/ implements it; a host hands it over (the workstation does not import demo/). */
export interface DemoPacs {
  readonly host: string;
  readonly port: number;
  readonly aeTitle: string;
  /** Tells it where we listen, so that it can move to us. */
  setDestination(aeTitle: string, host: string, port: number): Promise<void>;
  close(): Promise<void>;
}

/** Generates the demo studies below `directory` on first use (in a thread), then serves them on 127.0.0.1. */
export type DemoFactory = (options: {
  directory: string;
  destination: { aeTitle: string; host: string; port: number };
}) => Promise<DemoPacs>;

/** How a host keeps secrets from other programs of the same user (the desktop's key ring). Texts in, texts out; both may throw. */
export interface Sealing {
  seal(secret: string): string;
  unseal(sealed: string): string;
}

export interface WorkstationOptions {
  /** Folder of settings.jsonc, nodes.json, index.db, actions.db, logs/, run/, archive/. Created 0700. */
  readonly profile: string;
  /** Override the settings for this run only (`--ae-title`, `--port`). */
  readonly aeTitle?: string;
  readonly port?: number;
  readonly demo?: DemoFactory;
  /**
   * `standing` (the default): the receiver is open while there are nodes, the demo PACS runs while its node exists. `on-demand`: each starts
   * when something needs it, so that a short command neither takes the port nor waits for it.
   */
  readonly services?: 'standing' | 'on-demand';
  /** Absent: secrets stand in a file that only this user can read. */
  readonly sealing?: Sealing;
  readonly version: string;
}

/** The composition root's product: the contract, and what a host needs besides. */
export interface Workstation extends Contract {
  readonly archive: ArchiveLocation;
  /** Ordered shutdown: no new actions, running attempts end, associations released, databases closed, lock given up. */
  close(): Promise<void>;
}

/** Throws PhosphorError `busy` when another process holds the profile. */
export type OpenWorkstation = (options: WorkstationOptions) => Promise<Workstation>;
