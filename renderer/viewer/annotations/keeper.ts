import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Annotation } from '../../../shared/marks/index.ts';
import type { Client } from '../../api/types.ts';
import { type Kept, mergeKept, NOTHING_KEPT, parseKept, serialiseKept } from './document.ts';
import type { AnnotationStore } from './store.ts';

/** How the marks of the open studies are kept. `failed`: not saved, tried again; `too-long`: more than is kept; `unreadable`: what is kept is none of ours. */
export type KeepingState = 'kept' | 'failed' | 'too-long' | 'unreadable';

/** What a document may have of characters (`user.annotations.put`). */
const MAX_CHARACTERS = 2_000_000;
const SAVE_MS = 400;
const AGAIN_MS = 5_000;
/** Of two windows that save in turns each wins one of so many rounds. */
const MERGES = 8;

interface Study {
  /** As last read or written. */
  kept: Kept;
  revision: number | undefined;
  changed: boolean;
  state: KeepingState;
  timer: ReturnType<typeof setTimeout> | undefined;
  running: Promise<void> | undefined;
  /** It changed elsewhere. */
  stale: boolean;
  /** A write is on its way, with which the revision goes up by one. */
  writing: boolean;
}

/**
 * Keeps the marks of open studies beyond the viewer: read when a study is opened, written shortly after each change and when the viewer closes. Two
 * windows on one study take over each other's marks: of each mark the newest state wins.
 */
export class AnnotationKeeper {
  /** `unsaved`: something has changed that is not on the disk yet. */
  readonly state: StoreApi<{ readonly keeping: KeepingState; readonly unsaved: boolean }> = createStore(() => ({
    keeping: 'kept' as KeepingState,
    unsaved: false,
  }));
  readonly #client: Pick<Client, 'invoke' | 'subscribe'>;
  readonly #store: AnnotationStore;
  readonly #studies = new Map<string, Study>();
  readonly #now: () => number;
  readonly #ends: (() => void)[] = [];
  #known: readonly Annotation[];
  #taking = false;
  #closed = false;

  constructor(client: Pick<Client, 'invoke' | 'subscribe'>, store: AnnotationStore, now: () => number = Date.now) {
    this.#client = client;
    this.#store = store;
    this.#now = now;
    this.#known = store.snapshot();
    this.#ends.push(
      store.subscribe(() => this.#note()),
      client.subscribe((event) => {
        if (event.type !== 'UserDataChanged' || event.topic !== 'annotations') return;
        for (const [uid, study] of this.#studies) {
          if (!event.everything && !event.studyInstanceUIDs.includes(uid)) continue;
          study.stale = true;
          this.#soon(uid, study, 0);
        }
      }),
    );
  }

  /** Reads the marks of a study into the store. */
  open(studyInstanceUID: string): void {
    if (this.#closed || this.#studies.has(studyInstanceUID)) return;
    const study: Study = {
      kept: NOTHING_KEPT,
      revision: undefined,
      changed: false,
      state: 'kept',
      timer: undefined,
      running: undefined,
      stale: true,
      writing: false,
    };
    this.#studies.set(studyInstanceUID, study);
    this.#soon(studyInstanceUID, study, 0);
  }

  /** Writes what has changed in this moment, for a page that may be gone in the next: whatever it waits for is not waited for. */
  flush(): void {
    for (const [uid, study] of this.#studies) {
      if (!study.changed || study.revision === undefined || study.state === 'unreadable') continue;
      const document = serialiseKept(study.kept);
      if ((document?.length ?? 0) > MAX_CHARACTERS) continue;
      const revision = study.revision + (study.writing ? 1 : 0);
      this.#client.invoke('user.annotations.put', { studyInstanceUID: uid, document, revision }).catch(() => undefined);
      // Should the page stay, what came of it is read.
      study.stale = true;
    }
  }

  /** Writes what has changed, and no more after that. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#ends) end();
    await Promise.all(
      [...this.#studies].map(async ([uid, study]) => {
        clearTimeout(study.timer);
        await study.running;
        if (study.changed) await this.#settle(uid, study);
        clearTimeout(study.timer);
      }),
    );
  }

  /** Which marks the reader changed, and when. */
  #note(): void {
    const list = this.#store.snapshot();
    if (list === this.#known || this.#taking) return;
    const before = new Map(this.#known.map((annotation) => [annotation.id, annotation]));
    this.#known = list;
    const at = this.#now();
    const touched = new Set<string>();
    const change = (
      uid: string,
      edit: (marks: Map<string, { annotation: Annotation; at: number }>, removed: Map<string, number>) => void,
    ) => {
      const study = this.#studies.get(uid);
      if (study === undefined) return;
      const [marks, removed] = [new Map(study.kept.marks), new Map(study.kept.removed)];
      edit(marks, removed);
      study.kept = { ...study.kept, marks, removed };
      touched.add(uid);
    };
    for (const annotation of list) {
      const known = before.get(annotation.id);
      before.delete(annotation.id);
      if (known === annotation) continue;
      change(annotation.studyInstanceUID, (marks, removed) => {
        marks.set(annotation.id, { annotation, at: Math.max(at, (removed.get(annotation.id) ?? 0) + 1) });
        removed.delete(annotation.id);
      });
    }
    for (const { id, studyInstanceUID } of before.values()) {
      change(studyInstanceUID, (marks, removed) => {
        removed.set(id, Math.max(at, marks.get(id)?.at ?? 0));
        marks.delete(id);
      });
    }
    for (const uid of touched) {
      const study = this.#studies.get(uid);
      if (study === undefined) continue;
      study.changed = true;
      this.state.setState({ unsaved: true });
      this.#soon(uid, study, SAVE_MS);
    }
  }

  #soon(uid: string, study: Study, after: number): void {
    if (study.running !== undefined) return;
    clearTimeout(study.timer);
    const begin = () => {
      study.running = this.#settle(uid, study).finally(() => {
        study.running = undefined;
        if (this.#closed || study.state === 'unreadable' || study.state === 'too-long') return;
        if (study.state === 'failed') this.#soon(uid, study, AGAIN_MS);
        else if (study.changed || study.stale) this.#soon(uid, study, SAVE_MS);
      });
    };
    if (after === 0) begin();
    else study.timer = setTimeout(begin, after);
  }

  /** Reads where it must, merges, and writes. Never rejects. */
  async #settle(uid: string, study: Study): Promise<void> {
    try {
      for (let round = 0; round < MERGES; round += 1) {
        if (study.stale || study.revision === undefined) await this.#read(uid, study);
        if (study.state === 'unreadable' || !study.changed) return;
        const document = serialiseKept(study.kept);
        if ((document?.length ?? 0) > MAX_CHARACTERS) return this.#tell(study, 'too-long');
        study.changed = false;
        study.writing = true;
        const answer = await this.#client
          .invoke('user.annotations.put', { studyInstanceUID: uid, document, revision: study.revision ?? 0 })
          .catch((thrown: unknown) => {
            study.changed = true;
            throw thrown;
          })
          .finally(() => {
            study.writing = false;
          });
        if (answer.saved) {
          study.revision = answer.revision;
          return this.#tell(study, 'kept');
        }
        study.changed = true;
        study.stale = true;
      }
    } catch {
      // Whether it was written is not known: read before it is tried again.
      study.stale = true;
      this.#tell(study, 'failed');
    }
  }

  async #read(uid: string, study: Study): Promise<void> {
    study.stale = false;
    const { document, revision } = await this.#client.invoke('user.annotations.get', { studyInstanceUID: uid });
    const isNew = study.revision !== revision;
    study.revision = revision;
    if (!isNew) return this.#tell(study, 'kept');
    const read = parseKept(document, uid);
    if (read === undefined) return this.#tell(study, 'unreadable');
    this.#tell(study, 'kept');
    const before = study.kept;
    study.kept = mergeKept(before, read);
    const { marks } = study.kept;
    const news = [...marks.values()].filter(({ annotation }) => before.marks.get(annotation.id)?.annotation !== annotation);
    const gone = [...before.marks.keys()].filter((id) => !marks.has(id));
    if (this.#closed || (news.length === 0 && gone.length === 0)) return;
    this.#taking = true;
    this.#store.merge(
      news.map(({ annotation }) => annotation),
      gone,
    );
    this.#taking = false;
    this.#known = this.#store.snapshot();
  }

  #tell(study: Study, state: KeepingState): void {
    study.state = state;
    const all = [...this.#studies.values()];
    this.state.setState({
      keeping: all.find((one) => one.state !== 'kept')?.state ?? 'kept',
      unsaved: all.some((one) => one.changed),
    });
  }
}
