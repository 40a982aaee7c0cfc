import { ActionEngine } from '../../../electron/actions/engine.ts';
import type { ActionEventDraft, ActionStore, CompleteDraft, EngineParts, MoveReceiver } from '../../../electron/actions/types.ts';
import type {
  EchoResult,
  Expectation,
  FindRequest,
  FindResult,
  MoveRequest,
  MoveResult,
  Operation,
  StoredInstance,
} from '../../../electron/associations/types.ts';
import { DEFAULT_SETTINGS } from '../../../electron/workstation/settings-text.ts';
import type {
  ActionComplete,
  ActionRequest,
  ActionUpdate,
  MatchRow,
  NodeState,
  PacsNode,
  PhosphorErrorData,
  Settings,
  Tag,
} from '../../../shared/contract/index.ts';

export const STUDY = '1.2.3';
export const SERIES = '1.2.3.1';
export const NODE: PacsNode = {
  nodeId: '11111111-1111-4111-8111-111111111111',
  kind: 'pacs',
  name: 'MAIN',
  host: '127.0.0.1',
  port: 104,
  aeTitle: 'MAINPACS',
  method: 'move',
};
export const RETRIEVE: ActionRequest = { command: 'retrieve', nodeId: NODE.nodeId, studyInstanceUID: STUDY };

type Failure = { readonly ok: false; readonly error: PhosphorErrorData };

/** One operation that the test ends as it likes. */
export class ScriptedOperation<Request, Result> implements Operation<Result> {
  readonly operationId: number;
  readonly request: Request;
  readonly done: Promise<Result | Failure>;
  readonly end: (result: Result | Failure) => void;
  cancelled = false;
  progress = 0;

  constructor(operationId: number, request: Request) {
    this.operationId = operationId;
    this.request = request;
    const { promise, resolve } = Promise.withResolvers<Result | Failure>();
    this.done = promise;
    this.end = resolve;
  }

  cancel(): void {
    this.cancelled = true;
    this.end(failure('cancelled'));
  }
}

export const failure = (kind: PhosphorErrorData['kind'], details: Partial<PhosphorErrorData> = {}): Failure => ({
  ok: false,
  error: { kind, message: kind, retryable: ['connection-lost', 'worker-died', 'timed-out', 'unreachable'].includes(kind), ...details },
});

export const moved = (status: number, changes: Partial<MoveResult> = {}): MoveResult => ({
  ok: true,
  status,
  offendingElements: [],
  subOperations: {},
  failedSOPInstanceUIDs: [],
  sawPending: false,
  ...changes,
});

/** An engine whose peer, receiver and archive the test plays. */
export class Scene {
  readonly events: (ActionEventDraft & { seq: number })[] = [];
  readonly moves: ScriptedOperation<MoveRequest, MoveResult>[] = [];
  readonly finds: ScriptedOperation<FindRequest, FindResult>[] = [];
  readonly echoes: ScriptedOperation<unknown, EchoResult>[] = [];
  readonly expectations: Expectation[] = [];
  readonly onDisk = new Set<string>();
  readonly nodeStates: NodeState[] = [];
  readonly stored: CompleteDraft[] = [];
  /** What the peer lists at image level; undefined = it has no listing for us. */
  listing: readonly string[] | undefined;
  /** Series of an instance in the listing. */
  seriesOf: (uid: string) => string = () => SERIES;
  settings: Settings = { ...DEFAULT_SETTINGS, retry: { attempts: 3, delaysSeconds: [0.01], missingRounds: 2 } };
  audience = true;
  listingsAsked = 0;
  readonly engine: ActionEngine;
  readonly #handlers = new Map<string, Parameters<MoveReceiver['expect']>[1]>();
  readonly #waiters: { readonly ready: () => boolean; readonly resolve: () => void }[] = [];
  #nextOperation = 1;
  #nextMessageId = 1;
  #seq = 0;

  constructor(changes: Partial<EngineParts> = {}) {
    this.engine = new ActionEngine({ ...this.#parts(), ...changes });
  }

  request(action: ActionRequest = RETRIEVE, tag: Tag = null): Promise<string> {
    return this.engine.request(action, tag);
  }

  /** Resolves as soon as `ready` holds; looked at after every event and operation. */
  async until(ready: () => boolean): Promise<void> {
    if (ready()) return;
    await new Promise<void>((resolve) => this.#waiters.push({ ready, resolve }));
  }

  async move(nth: number) {
    await this.until(() => this.moves.length >= nth);
    return at(this.moves, nth - 1);
  }

  async find(nth: number) {
    await this.until(() => this.finds.length >= nth);
    return at(this.finds, nth - 1);
  }

  async completed(actionId: string): Promise<Omit<ActionComplete, 'seq'>> {
    const completions = () => this.events.filter((it) => it.type === 'ActionComplete').filter((it) => it.actionId === actionId);
    await this.until(() => completions().length > 0);
    return at(completions(), 0);
  }

  updates(actionId: string): Omit<ActionUpdate, 'seq'>[] {
    return this.events.filter((it) => it.type === 'ActionUpdate').filter((it) => it.actionId === actionId);
  }

  /** Instances arrive for an action and are on disk. */
  arrive(actionId: string, uids: readonly string[], series = SERIES): void {
    const instances: StoredInstance[] = uids.map((sopInstanceUID) => ({
      actionId,
      callingAETitle: NODE.aeTitle,
      studyInstanceUID: STUDY,
      seriesInstanceUID: series,
      sopInstanceUID,
      dataSetBytes: 100,
      result: 'stored',
    }));
    for (const uid of uids) this.onDisk.add(uid);
    this.#handlers.get(actionId)?.onStored(instances);
    this.#look();
  }

  refuse(actionId: string, error: PhosphorErrorData): void {
    this.#handlers.get(actionId)?.onRefused([{ actionId, callingAETitle: NODE.aeTitle, sopInstanceUID: '1', status: 0xa700, error }]);
  }

  #parts(): EngineParts {
    const store: ActionStore = {
      insert: async () => {},
      complete: async (complete) => {
        this.stored.push(complete);
      },
      dismiss: async () => {},
      resume: async () => {},
      close: async () => {},
    };
    return {
      pool: {
        echo: (request) => this.#operation(this.echoes, request),
        find: (request) => {
          const operation = this.#operation<FindRequest, FindResult>(this.finds, request);
          if (request.query.level === 'series' || request.query.level === 'image') this.#answerListing(operation);
          return operation;
        },
        move: (request) => this.#operation(this.moves, request),
        moveProgress: (operationId) => {
          const move = this.moves.find((it) => it.operationId === operationId);
          if (move) move.progress += 1;
        },
      },
      archive: {
        present: async (uids) => uids.filter((uid) => this.onDisk.has(uid)),
        import: unscripted,
        verify: unscripted,
        rebuild: unscripted,
        job: unscripted,
        openStudies: () => [],
        settled: async () => {},
        markMissing: async () => {},
      },
      receiver: {
        address: () => ({ aeTitle: 'PHOSPHOR', port: 11112 }),
        expect: async (expectation, handlers) => {
          this.expectations.push(expectation);
          this.#handlers.set(expectation.actionId, handlers);
        },
        unexpect: async (actionId) => {
          this.#handlers.delete(actionId);
          return { credited: 0 };
        },
      },
      messageIds: {
        take: () => {
          this.#nextMessageId += 1;
          return this.#nextMessageId;
        },
        release: () => {},
      },
      store,
      settings: () => this.settings,
      node: (nodeId) => (nodeId === NODE.nodeId ? NODE : undefined),
      nodeReady: async (node) => node,
      peerOf: async ({ host, port, aeTitle }) => ({ host, port, calledAETitle: aeTitle, callingAETitle: 'PHOSPHOR' }),
      takePassword: () => undefined,
      takeContent: () => undefined,
      audit: { record: async () => {} },
      projects: { secret: async () => '', record: async () => {} },
      publish: (draft) => {
        this.#seq += 1;
        this.events.push({ ...draft, seq: this.#seq });
        this.#look();
        return this.#seq;
      },
      hasAudience: () => this.audience,
      echoed: (state) => this.nodeStates.push(state),
      notRecorded: () => {},
      log: { info: () => {}, warn: () => {}, error: () => {} },
    };
  }

  #operation<Request, Result>(list: ScriptedOperation<Request, Result>[], request: Request): ScriptedOperation<Request, Result> {
    const operation = new ScriptedOperation<Request, Result>(this.#nextOperation, request);
    this.#nextOperation += 1;
    list.push(operation);
    this.#look();
    return operation;
  }

  /** The listing's searches are answered by themselves; tests that want to play them use `find` at study level. */
  #answerListing(operation: ScriptedOperation<FindRequest, FindResult>): void {
    const { query, onMatches } = operation.request;
    const { listing } = this;
    if (query.level === 'series') this.listingsAsked += 1;
    queueMicrotask(() => {
      if (listing === undefined) return operation.end({ ok: true, status: 0xa900, offendingElements: [], matches: 0 });
      const rows: MatchRow[] =
        query.level === 'series'
          ? [...new Set(listing.map(this.seriesOf))].map(seriesRow)
          : listing.filter((uid) => this.seriesOf(uid) === query.seriesInstanceUID).map((uid) => imageRow(uid, this.seriesOf(uid)));
      onMatches(rows, () => {});
      operation.end({ ok: true, status: 0, offendingElements: [], matches: rows.length });
    });
  }

  #look(): void {
    for (const waiter of [...this.#waiters]) {
      if (!waiter.ready()) continue;
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  }
}

export const seriesRow = (seriesInstanceUID: string): MatchRow => ({
  level: 'series',
  studyInstanceUID: STUDY,
  seriesInstanceUID,
  modality: 'CT',
  seriesDescription: '',
  bodyPartExamined: '',
  seriesDate: '',
});
export const imageRow = (sopInstanceUID: string, seriesInstanceUID = SERIES): MatchRow => ({
  level: 'image',
  studyInstanceUID: STUDY,
  seriesInstanceUID,
  sopInstanceUID,
});

const unscripted = (): never => {
  throw new Error('not scripted');
};

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`nothing at ${index}`);
  return found;
}
