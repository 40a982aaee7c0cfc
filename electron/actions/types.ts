import type {
  ActionComplete,
  ActionItems,
  ActionRequest,
  ActionUpdate,
  ComposeContent,
  ContractEvent,
  NodeState,
  PacsNode,
  PseudonymMapping,
  Settings,
  Tag,
} from '../../shared/contract/index.ts';
import type { TouchedStudy } from '../archive/touched-studies.ts';
import type { Archive } from '../archive/types.ts';
import type { AssociationPool, Expectation, Peer, RefusedInstance, StoredInstance } from '../associations/types.ts';

type WithoutSeq<E extends ContractEvent> = E extends unknown ? Omit<E, 'seq'> : never;
export type ActionEventDraft = WithoutSeq<ActionItems | ActionUpdate | ActionComplete>;
export type CompleteDraft = Omit<ActionComplete, 'seq'>;

/** What a runner hands back; the engine makes the one ActionComplete of it. Whatever is absent is taken from the run. */
export type RunResult = Pick<ActionComplete, 'outcome' | 'verifiedBy'> &
  Partial<Pick<ActionComplete, 'status' | 'counts' | 'failedSOPInstanceUIDs' | 'errorComment' | 'diagnosis' | 'details' | 'files'>> & {
    readonly offendingElements?: readonly string[];
  };

/** Our own storage SCP as a retrieve uses it. */
export interface MoveReceiver {
  /** Our title and port as a peer must know them, for the request and for diagnoses. */
  address(): { readonly aeTitle: string; readonly port: number };
  /** Opens the port if need be. Resolves when arrivals for it are accepted; rejects with PhosphorError (`port-in-use` …). */
  expect(
    expectation: Expectation,
    handlers: { onStored(instances: readonly StoredInstance[]): void; onRefused(instances: readonly RefusedInstance[]): void },
  ): Promise<void>;
  /** Ends it after what is in flight: everything credited has been handed to `onStored` when this resolves. */
  unexpect(actionId: string): Promise<{ credited: number }>;
}

/** One line of the queue as it stands in actions.db. */
export interface ActionRecord {
  readonly actionId: string;
  readonly action: ActionRequest;
  readonly tag: Tag;
  readonly requestedAt: number;
  /** So many starts have begun it again. */
  readonly resumed?: number | undefined;
}

/** actions.db. Everything resolves after it is on disk, and rejects with PhosphorError. */
export interface ActionStore {
  insert(record: ActionRecord): Promise<void>;
  complete(complete: CompleteDraft): Promise<void>;
  /** It is begun again, for the so-manieth time. */
  resume(actionId: string, resumed: number): Promise<void>;
  dismiss(actionId: string): Promise<void>;
  close(): Promise<void>;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What was done to patients' data (PS3.15 A.5.2, A.5.3). */
export interface AuditEvent {
  /** '' = no action: the watched folder, or a command that ends at once. */
  readonly actionId: string;
  /** Event Action Code: create, read, update, delete. */
  readonly action: 'C' | 'R' | 'U' | 'D';
  readonly success: boolean;
  readonly what:
    | 'deidentify'
    | 'correct'
    | 'undo-correction'
    | 'wrap'
    | 'compose'
    | 'import'
    | 'export'
    | 'delete'
    | 'purge'
    | 'clean'
    | 'restore'
    | 'resolve-conflict';
  readonly studies: readonly TouchedStudy[];
  readonly instances: number;
  /** Folders, files, media that they came from or went to. */
  readonly media?: { readonly role: 'source' | 'destination'; readonly names: readonly string[] };
  readonly details: readonly { readonly type: string; readonly value: string }[];
}

/** Handed over for an action `compose`; the picture of a capture is a PNG. */
export interface HeldContent {
  readonly content: ComposeContent;
  readonly picture?: Uint8Array;
}

/** Append-only. On disk when `record` resolves; rejects with PhosphorError. */
export interface AuditTrail {
  record(event: AuditEvent): Promise<void>;
}

/** Projects of de-identification: their secrets, and who stands behind their pseudonyms. */
export interface DeIdentificationProjects {
  /** As hex; made at the first use. Rejects with PhosphorError. */
  secret(project: string): Promise<string>;
  record(project: string, mapping: PseudonymMapping): Promise<void>;
}

/** What the engine works with; the workstation wires it, tests script it. */
export interface EngineParts {
  readonly pool: Pick<AssociationPool, 'echo' | 'find' | 'move' | 'moveProgress'>;
  readonly archive: Pick<Archive, 'present' | 'job' | 'openStudies' | 'import' | 'verify' | 'rebuild' | 'settled' | 'markMissing'>;
  readonly receiver: MoveReceiver;
  readonly messageIds: { take(): number; release(messageId: number): void };
  readonly store: ActionStore;
  settings(): Settings;
  node(nodeId: string): PacsNode | undefined;
  /** How a node is called: address, titles, and what it wants to see of us. Rejects with PhosphorError, where that cannot be had. */
  peerOf(node: PacsNode): Promise<Peer>;
  /** The node as it is entered now, ready to be called: the demo PACS is started first. Rejects with PhosphorError. */
  nodeReady(node: PacsNode): Promise<PacsNode>;
  /** A password that was handed over for an action, once; undefined when it is no longer there. */
  takePassword(passwordId: string): string | undefined;
  /** What an action `compose` is to make, once; undefined when it is no longer there. */
  takeContent(contentId: string): HeldContent | undefined;
  readonly audit: AuditTrail;
  readonly projects: DeIdentificationProjects;
  /** Delivers an event to every client; the answer is its `seq`, or undefined when it breaks the contract. Never throws. */
  publish(draft: ActionEventDraft): number | undefined;
  /** False while no window and no command line listens: nobody then gives credits. */
  hasAudience(): boolean;
  /** Result of a C-ECHO, for the node list. */
  echoed(state: NodeState): void;
  /** A completion could not be written to disk. */
  notRecorded(): void;
  readonly log: Log;
}
