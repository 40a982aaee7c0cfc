import { isDeepStrictEqual } from 'node:util';
import {
  type ListenerState,
  type PacsNode,
  PhosphorError,
  type PhosphorErrorData,
  type Settings,
  toErrorData,
} from '../../shared/contract/index.ts';
import { diagnose, type Log, type MoveReceiver, mainThreadTasks } from '../actions/index.ts';
import type { Archive } from '../archive/types.ts';
import type { ListenerTLS } from '../associations/index.ts';
import type {
  AccessRules,
  Expectation,
  Listener,
  ListenerEvents,
  RefusedInstance,
  StartListener,
  StoredInstance,
} from '../associations/types.ts';
import type { IdentityRules } from '../dicom/services/index.ts';
import type { TLSFiles } from './tls-files.ts';

export interface ReceiverParts {
  readonly startListener: StartListener;
  readonly archive: Pick<Archive, 'location' | 'arrivalPort'>;
  settings(): Settings;
  nodes(): readonly PacsNode[];
  /** What callers must show of themselves; undefined: it is not looked at. */
  callers(): Promise<IdentityRules | undefined>;
  readonly tls: Pick<TLSFiles, 'listener' | 'check' | 'notOpened'>;
  /** Whether the port stays open while there are nodes (otherwise only while something needs it or has asked for it). */
  readonly standing: boolean;
  /** At most four times a second while associations come and go. */
  changed(state: ListenerState): void;
  readonly log: Log;
}

/** What cannot be changed while the port is open; the rest are access rules. */
interface Binding {
  readonly host: string;
  readonly port: number;
  readonly durable: boolean;
  readonly clocks: Settings['clocks'];
  /** Port, certificate and key as they were read; undefined = no TLS. */
  readonly tls: ListenerTLS | undefined;
}

type Handlers = Parameters<MoveReceiver['expect']>[1];

const LOOPBACK = '127.0.0.1';
/** Both families where the system has them. */
const EVERYWHERE = '::';
const EVERYWHERE_IPV4 = '0.0.0.0';
const COUNT_INTERVAL_MS = 250;

/**
 * Our storage SCP by the rule "Who may store" (docs/architecture.md): off until a node is added (or somebody asks for it), on 127.0.0.1
 * while only the demo PACS exists. A port that cannot be opened is tried again when a retrieve needs it, when nodes or settings change,
 * and on demand; never in a loop. Changes that need another port wait until no retrieve is running.
 */
export class Receiver implements MoveReceiver {
  readonly #parts: ReceiverParts;
  readonly #expected = new Map<string, Handlers>();
  #listener: Listener | undefined;
  #binding: Binding | undefined;
  /** Of the open listener: what was wanted cannot always be opened. */
  #tlsPort: number | undefined;
  #serial: Promise<void> = Promise.resolve();
  #askedFor = false;
  #postponed = false;
  #closed = false;
  #associations = 0;
  #countTimer: NodeJS.Timeout | undefined;
  #failure: PhosphorErrorData | undefined;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
  }

  /** For the contract. */
  get state(): ListenerState {
    const { aeTitle } = this.#parts.settings();
    const { host, port } = this.#binding ?? this.#wantedBinding();
    const common = { aeTitle, host, port, associations: this.#associations };
    if (this.#listener !== undefined) {
      return { ...common, ...(this.#tlsPort === undefined ? {} : { tlsPort: this.#tlsPort }), state: 'listening' };
    }
    if (this.#failure !== undefined) return { ...common, state: 'failed', sentence: this.#sentence(this.#failure) };
    return { ...common, state: 'off', sentence: 'Off until a PACS is added.' };
  }

  address(): { aeTitle: string; port: number } {
    return { aeTitle: this.#parts.settings().aeTitle, port: this.#binding?.port ?? this.#parts.settings().port };
  }

  /** Keeps the port open although no node calls for it. @throws PhosphorError `port-in-use` … */
  async start(): Promise<ListenerState> {
    this.#askedFor = true;
    await this.#open();
    return this.state;
  }

  /** Nodes or settings have changed. Never rejects: what went wrong is in `state`. */
  reconsider(): Promise<void> {
    return this.#exclusively(() => this.#apply()).catch(() => undefined);
  }

  async expect(expectation: Expectation, handlers: Handlers): Promise<void> {
    this.#expected.set(expectation.actionId, handlers);
    try {
      await this.#open();
      await this.#listener?.expect(expectation);
    } catch (thrown) {
      this.#expected.delete(expectation.actionId);
      throw thrown;
    }
  }

  async unexpect(actionId: string): Promise<{ credited: number }> {
    const handlers = this.#expected.get(actionId);
    try {
      return (await this.#listener?.unexpect(actionId)) ?? { credited: 0 };
    } finally {
      // The next attempt of the same action may have begun meanwhile.
      if (this.#expected.get(actionId) === handlers) this.#expected.delete(actionId);
      if (this.#postponed && this.#expected.size === 0) void this.reconsider();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#exclusively(() => this.#shut()).catch(() => undefined);
    clearTimeout(this.#countTimer);
  }

  /** @throws PhosphorError when the port is not open afterwards */
  async #open(): Promise<void> {
    if (this.#listener !== undefined) return;
    await this.#exclusively(() => this.#apply('needed'));
    if (this.#listener === undefined)
      throw PhosphorError.from(this.#failure ?? { kind: 'interrupted', message: 'closing', retryable: false });
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#serial.then(work);
    this.#serial = done.catch(() => undefined);
    return done;
  }

  async #apply(need?: 'needed'): Promise<void> {
    if (this.#closed) return;
    const wanted =
      need === 'needed' || this.#askedFor || this.#expected.size > 0 || (this.#parts.standing && this.#parts.nodes().length > 0);
    const binding = { ...this.#wantedBinding(), tls: wanted ? await this.#parts.tls.listener() : undefined };
    if (this.#listener !== undefined && this.#binding !== undefined) {
      const same =
        wanted && isDeepStrictEqual({ ...this.#binding, host: '' }, { ...binding, host: '' }) && covers(this.#binding.host, binding.host);
      if (same) {
        this.#listener.setAccess(await this.#access());
        this.#announce();
        return;
      }
      this.#postponed = this.#expected.size > 0;
      if (this.#postponed) {
        this.#listener.setAccess(await this.#access());
        return;
      }
      await this.#shut();
    }
    this.#failure = undefined;
    if (wanted) await this.#listen(binding);
    this.#announce();
  }

  async #listen(binding: Binding): Promise<void> {
    try {
      await this.#bind(binding);
    } catch (thrown) {
      const error = toErrorData(thrown);
      if (binding.host !== EVERYWHERE || error.kind !== 'unreachable') return this.#failed(error);
      // No IPv6 on this system.
      await this.#bind({ ...binding, host: EVERYWHERE_IPV4 }).catch((again) => this.#failed(toErrorData(again)));
    }
  }

  async #bind(binding: Binding): Promise<void> {
    const { archive, startListener } = this.#parts;
    const { host, port, durable, clocks, tls } = binding;
    const start = async (secured?: ListenerTLS) =>
      await startListener({
        host,
        port,
        clocks,
        access: await this.#access(),
        ...(secured === undefined ? {} : { tls: secured }),
        storage: { location: { ...archive.location, durable }, arrivals: () => archive.arrivalPort() },
        events: this.#events(),
      });
    const secured = (await this.#parts.tls.check()) ? tls : undefined;
    let tlsPort = secured?.port;
    this.#listener = await start(secured).catch(async (thrown: unknown) => {
      if (secured === undefined) throw thrown;
      // What comes in without TLS must not wait for what is wrong with it.
      const listener = await start();
      tlsPort = undefined;
      this.#parts.tls.notOpened(toErrorData(thrown));
      return listener;
    });
    // A port that was in use is wanted still, and tried with the next change.
    this.#binding = secured !== undefined && tlsPort === undefined ? { ...binding, tls: undefined } : binding;
    this.#tlsPort = tlsPort;
    this.#parts.log.info({ host, port, tlsPort }, 'receiver open');
  }

  #failed(error: PhosphorErrorData): void {
    this.#failure = error;
    this.#listener = undefined;
    this.#parts.log.warn({ error, port: this.#parts.settings().port }, 'receiver cannot be opened');
  }

  async #shut(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#binding = undefined;
    this.#associations = 0;
    await listener?.close();
  }

  #events(): ListenerEvents {
    return {
      onStored: mainThreadTasks.wrap('stored', (instances) => {
        for (const [actionId, some] of groups(instances)) {
          const handlers = actionId === undefined ? undefined : this.#expected.get(actionId);
          if (handlers !== undefined) handlers.onStored(some);
          else this.#parts.log.info({ instances: some.length, callingAETitle: some[0]?.callingAETitle }, 'stored without a retrieve');
        }
      }),
      onRefused: mainThreadTasks.wrap('refused', (instances) => {
        for (const [actionId, some] of groups(instances)) {
          if (actionId !== undefined) this.#expected.get(actionId)?.onRefused(some);
          const [first] = some;
          this.#parts.log.warn(
            { instances: some.length, status: first?.status, callingAETitle: first?.callingAETitle, error: first?.error },
            'C-STORE refused',
          );
        }
      }),
      onAssociations: mainThreadTasks.wrap('receiver associations', ({ open, refused }) => {
        this.#associations = open;
        if (refused !== undefined) this.#parts.log.warn(refused, 'association refused');
        this.#countTimer ??= setTimeout(() => {
          this.#countTimer = undefined;
          if (!this.#closed) this.#announce();
        }, COUNT_INTERVAL_MS);
      }),
      onLog: mainThreadTasks.wrap('association log', (lines) => {
        for (const line of lines) this.#parts.log.info({}, line);
      }),
      onState: mainThreadTasks.wrap('receiver state', ({ state, error }) => {
        if (state === 'restarted') this.#parts.log.warn({ error }, 'receiver restarted');
        if (state !== 'failed' || error === undefined) return;
        const gone = this.#listener;
        this.#failed(error);
        this.#binding = undefined;
        void gone?.close().catch(() => undefined);
        this.#announce();
      }),
    };
  }

  #wantedBinding(): Omit<Binding, 'tls'> {
    const { port, durable, clocks, acceptAnyone } = this.#parts.settings();
    const nodes = this.#parts.nodes();
    const outside = this.#askedFor || acceptAnyone || nodes.some(({ kind }) => kind === 'pacs');
    return { host: outside ? EVERYWHERE : LOOPBACK, port, durable, clocks };
  }

  async #access(): Promise<AccessRules> {
    const userIdentity = await this.#parts.callers();
    const { aeTitle, acceptAnyone, acceptPrivateSOPClasses, maxPDULength, maxAssociations } = this.#parts.settings();
    const nodes = this.#parts.nodes();
    return {
      aeTitle,
      acceptAnyone,
      acceptPrivateSOPClasses,
      maxPDULength,
      maxAssociations,
      ...(userIdentity === undefined ? {} : { userIdentity }),
      knownAETitles: [...new Set(nodes.map((node) => node.aeTitle))],
      knownHosts: [...new Set(nodes.map((node) => node.host))],
    };
  }

  #announce(): void {
    this.#parts.changed(this.state);
  }

  #sentence(error: PhosphorErrorData): string {
    const { aeTitle, port, clocks } = this.#parts.settings();
    const end = error.kind === 'port-in-use' ? { error } : ({ text: 'listener' } as const);
    const { sentence, nextStep = '' } = diagnose({ own: { aeTitle, port }, clocks, end });
    return `${sentence} ${nextStep}`.trim();
  }
}

/** 0.0.0.0 stands in for :: where there is no IPv6. */
const covers = (bound: string, wanted: string) => bound === wanted || (bound === EVERYWHERE_IPV4 && wanted === EVERYWHERE);

function groups<T extends StoredInstance | RefusedInstance>(instances: readonly T[]): Map<string | undefined, T[]> {
  return Map.groupBy(instances, ({ actionId }) => actionId);
}
