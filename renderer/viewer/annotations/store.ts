import type { Annotation } from '../../../shared/marks/index.ts';
import type { History } from '../history.ts';

/** More marks than anybody sets by hand; a study that brings more keeps the first. */
const MAX_ANNOTATIONS = 10_000;

/**
 * All marks of an open viewer. A list that never changes in place: each change makes a new one, told to whoever listens (the screen, and
 * whatever keeps marks beyond the viewer), and becomes a step of the history.
 */
export class AnnotationStore {
  readonly #history: History;
  readonly #listeners = new Set<() => void>();
  #list: readonly Annotation[] = [];
  #byFrame = new Map<string, readonly Annotation[]>();
  #draft: Annotation | undefined;
  #selected: string | undefined;
  #version = 0;

  constructor(history: History) {
    this.#history = history;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): readonly Annotation[] => this.#list;

  get selected(): string | undefined {
    return this.#selected;
  }

  /** The mark that is being drawn or changed; shown instead of the kept one, and not part of the history. */
  get draft(): Annotation | undefined {
    return this.#draft;
  }

  of(sopInstanceUID: string, frame: number): readonly Annotation[] {
    const kept = this.#byFrame.get(`${sopInstanceUID}#${frame}`) ?? NONE;
    const draft = this.#draft;
    if (draft?.sopInstanceUID !== sopInstanceUID || draft.frame !== frame) return kept;
    return [...kept.filter(({ id }) => id !== draft.id), draft];
  }

  /** The reader's own calibration of an image, the newest one. */
  calibrationOf(sopInstanceUID: string): Annotation | undefined {
    return this.#list.findLast((annotation) => annotation.kind === 'calibration' && annotation.sopInstanceUID === sopInstanceUID);
  }

  /** Goes up with every change, drafts and selection included. */
  get version(): number {
    return this.#version;
  }

  get(id: string): Annotation | undefined {
    return this.#list.find((annotation) => annotation.id === id);
  }

  select(id: string | undefined): void {
    this.#selected = id;
    this.#tell();
  }

  sketch(draft: Annotation | undefined): void {
    this.#draft = draft;
    this.#tell();
  }

  /** Adds a mark or replaces the one with its id. */
  put(annotation: Annotation): void {
    const known = this.get(annotation.id) !== undefined;
    if (!known && this.#list.length >= MAX_ANNOTATIONS) return;
    this.#draft = undefined;
    this.#commit(known ? this.#list.map((other) => (other.id === annotation.id ? annotation : other)) : [...this.#list, annotation]);
  }

  remove(ids: readonly string[]): void {
    const left = this.#list.filter(({ id }) => !ids.includes(id));
    if (left.length !== this.#list.length) this.#commit(left);
  }

  /** Takes over what came from elsewhere (kept before, another window): no step of the history. Marks that are gone there go here. */
  merge(annotations: readonly Annotation[], gone: readonly string[]): void {
    this.#apply([...annotations.map((annotation) => [annotation.id, annotation] as const), ...gone.map((id) => [id, undefined] as const)]);
  }

  /** A step of the history holds the marks that it changed and no others: what came from elsewhere meanwhile stays. */
  #commit(list: readonly Annotation[]): void {
    const before = new Map(this.#list.map((annotation) => [annotation.id, annotation]));
    const after = new Map(list.map((annotation) => [annotation.id, annotation]));
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter((id) => before.get(id) !== after.get(id));
    const to = (state: ReadonlyMap<string, Annotation>) => () => this.#apply(changed.map((id) => [id, state.get(id)] as const));
    this.#set(list);
    this.#history.push({ undo: to(before), redo: to(after) });
  }

  #apply(changes: readonly (readonly [id: string, annotation: Annotation | undefined])[]): void {
    const wanted = new Map(changes);
    const known = new Set(this.#list.map(({ id }) => id));
    const kept = this.#list.flatMap((annotation) => {
      const next = wanted.has(annotation.id) ? wanted.get(annotation.id) : annotation;
      return next === undefined ? [] : [next];
    });
    const added = [...wanted].flatMap(([id, annotation]) => (annotation === undefined || known.has(id) ? [] : [annotation]));
    this.#set([...kept, ...added].slice(0, MAX_ANNOTATIONS));
  }

  #set(list: readonly Annotation[]): void {
    this.#list = list;
    this.#byFrame = new Map();
    for (const annotation of list) {
      const key = `${annotation.sopInstanceUID}#${annotation.frame}`;
      this.#byFrame.set(key, [...(this.#byFrame.get(key) ?? []), annotation]);
    }
    if (this.#selected !== undefined && this.get(this.#selected) === undefined) this.#selected = undefined;
    this.#tell();
  }

  #tell(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

const NONE: readonly Annotation[] = [];
