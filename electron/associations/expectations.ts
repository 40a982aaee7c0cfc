import type { Expectation } from './types.ts';

/** What a C-STORE says about whose answer it is: its Move Originator (PS3.7 §9.1.1), and its own UIDs once they are known. */
export interface Claim {
  readonly moveOriginatorAETitle?: string | undefined;
  readonly moveMessageId?: number | undefined;
  readonly studyInstanceUID?: string | undefined;
  readonly seriesInstanceUID?: string | undefined;
}

interface Entry {
  readonly expectation: Expectation;
  inFlight: number;
  ended: (() => void) | undefined;
}

/** The retrieves that are running, and how many instances of each are on their way in. */
export class Expectations {
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  add(expectation: Expectation): void {
    const inFlight = this.#entries.get(expectation.actionId)?.inFlight ?? 0;
    this.#entries.set(expectation.actionId, { expectation, inFlight, ended: undefined });
  }

  /** Takes no new instances for this retrieve; `ended` is called when those in flight are through. */
  remove(actionId: string, ended: () => void): void {
    const entry = this.#entries.get(actionId);
    if (!entry) {
      ended();
      return;
    }
    entry.ended = ended;
    this.#settle(entry);
  }

  /** The retrieve whose Move Originator this is: AE title and message ID, both. */
  byOriginator({ moveOriginatorAETitle, moveMessageId }: Claim): Expectation | undefined {
    if (moveOriginatorAETitle === undefined || moveMessageId === undefined) return undefined;
    const title = moveOriginatorAETitle.trim();
    return this.#find((it) => it.messageId === moveMessageId && it.moveOriginatorAETitle.trim() === title);
  }

  /** The retrieve that asked for this series, else for this study. The oldest where several did. */
  byUID({ studyInstanceUID, seriesInstanceUID }: Claim): Expectation | undefined {
    return (
      this.#find((it) => it.seriesInstanceUID !== undefined && it.seriesInstanceUID === seriesInstanceUID) ??
      this.#find((it) => it.seriesInstanceUID === undefined && it.studyInstanceUID === studyInstanceUID)
    );
  }

  /** An instance of this retrieve begins to arrive. Call the result once, when it stands or is refused. */
  begin(actionId: string): () => void {
    const entry = this.#entries.get(actionId);
    if (!entry) return () => {};
    entry.inFlight += 1;
    return () => {
      const now = this.#entries.get(actionId) ?? entry;
      now.inFlight -= 1;
      this.#settle(now);
    };
  }

  #find(matches: (expectation: Expectation) => boolean): Expectation | undefined {
    for (const { expectation, ended } of this.#entries.values()) if (!ended && matches(expectation)) return expectation;
    return undefined;
  }

  #settle(entry: Entry): void {
    if (!entry.ended || entry.inFlight > 0) return;
    if (this.#entries.get(entry.expectation.actionId) === entry) this.#entries.delete(entry.expectation.actionId);
    entry.ended();
  }
}
