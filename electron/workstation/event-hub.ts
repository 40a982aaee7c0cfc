import { randomUUID } from 'node:crypto';
import { type ContractEvent, contractEvent } from '../../shared/contract/index.ts';

type WithoutSeq<E extends ContractEvent> = E extends unknown ? Omit<E, 'seq'> : never;
export type EventDraft = WithoutSeq<ContractEvent>;

export interface HubOptions {
  /** Newest events kept for clients that come back; default 20,000. */
  readonly maxEvents?: number;
  /** And so many characters of their JSON at most; default 32 M. */
  readonly maxCharacters?: number;
  /** An event that breaks the contract, or a listener that throws. Gets no content. */
  onFault(fault: { readonly event: string; readonly where: string }): void;
}

interface Kept {
  readonly event: ContractEvent;
  readonly characters: number;
}

/**
 * Numbers every event (`seq`, without gaps over the life of the process), delivers it to whoever listens and keeps the newest ones for
 * clients that reconnect.
 *
 * ActionItems are kept only until they are credited: rows that a window has taken in and lost by a reload do not come again, and the
 * window asks anew. ActionUpdate and ActionComplete leave by age only; a client that was away longer is told so (`gap`) and takes a
 * snapshot, which holds them.
 */
export class EventHub {
  readonly epoch = randomUUID();
  readonly #options: HubOptions;
  readonly #listeners = new Set<(event: ContractEvent) => void>();
  /** In order of `seq`. */
  readonly #kept = new Map<number, Kept>();
  readonly #openItems = new Map<string, number[]>();
  #characters = 0;
  #seq = 0;
  /** Highest `seq` that was dropped for lack of room. */
  #dropped = 0;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** Of the newest event. */
  get seq(): number {
    return this.#seq;
  }

  get hasAudience(): boolean {
    return this.#listeners.size > 0;
  }

  /**
   * The event's `seq`, or undefined when it is none of the contract: it was reported as a fault and not delivered. Never throws, because
   * those who publish are in the middle of a handler that must go on.
   */
  publish(draft: EventDraft): number | undefined {
    const checked = contractEvent.safeParse({ ...draft, seq: this.#seq + 1 });
    if (!checked.success) {
      const where = checked.error.issues[0]?.path.join('.') ?? '';
      this.#options.onFault({ event: draft.type, where });
      return undefined;
    }
    const event = checked.data;
    this.#seq = event.seq;
    this.#keep(event);
    for (const listener of [...this.#listeners]) this.#deliver(listener, event);
    return event.seq;
  }

  subscribe(listener: (event: ContractEvent) => void): () => void {
    // A function may subscribe twice; each subscription is one of its own.
    const own = (event: ContractEvent) => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** Events after `seq`, or a gap: another process life, a number from the future, or one that is no longer kept. */
  since(epoch: string, seq: number): { gap: boolean; events: ContractEvent[] } {
    if (epoch !== this.epoch || seq > this.#seq || seq < this.#dropped) return { gap: true, events: [] };
    const events: ContractEvent[] = [];
    for (const [at, { event }] of this.#kept) if (at > seq) events.push(event);
    return { gap: false, events };
  }

  /** A client has taken in the oldest so many batches of this action. */
  credited(actionId: string, batches: number): void {
    const open = this.#openItems.get(actionId);
    for (const seq of open?.splice(0, batches) ?? []) this.#remove(seq);
    if (open?.length === 0) this.#openItems.delete(actionId);
  }

  #keep(event: ContractEvent): void {
    const characters = JSON.stringify(event).length;
    this.#kept.set(event.seq, { event, characters });
    this.#characters += characters;
    if (event.type === 'ActionItems') {
      const open = this.#openItems.get(event.actionId);
      if (open === undefined) this.#openItems.set(event.actionId, [event.seq]);
      else open.push(event.seq);
    }
    const { maxEvents = 20_000, maxCharacters = 32 * 1024 * 1024 } = this.#options;
    for (const [seq, { event: oldest }] of this.#kept) {
      if (this.#kept.size <= maxEvents && this.#characters <= maxCharacters) break;
      this.#dropped = seq;
      this.#remove(seq);
      if (oldest.type === 'ActionItems') this.#forgetItem(oldest.actionId, seq);
    }
  }

  #remove(seq: number): void {
    this.#characters -= this.#kept.get(seq)?.characters ?? 0;
    this.#kept.delete(seq);
  }

  #forgetItem(actionId: string, seq: number): void {
    const left = this.#openItems.get(actionId)?.filter((it) => it !== seq) ?? [];
    if (left.length === 0) this.#openItems.delete(actionId);
    else this.#openItems.set(actionId, left);
  }

  #deliver(listener: (event: ContractEvent) => void, event: ContractEvent): void {
    try {
      listener(event);
    } catch {
      this.#options.onFault({ event: event.type, where: 'listener' });
    }
  }
}
