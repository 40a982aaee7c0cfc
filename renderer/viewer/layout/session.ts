import { createStore, type StoreApi } from 'zustand/vanilla';
import type { LocalStudy } from '../../../shared/contract/index.ts';
import { type Annotation, isArea, roiStatistics } from '../../../shared/marks/index.ts';
import type { Client } from '../../api/index.ts';
import { recall, remember } from '../../app/memory.ts';
import { AnnotationKeeper } from '../annotations/keeper.ts';
import { AnnotationStore } from '../annotations/store.ts';
import { loadObject, type StoredObject } from '../dataset/stored-object.ts';
import type { StudyDocuments } from '../dataset/study-documents.ts';
import { FrameStore } from '../frame-store.ts';
import type { Point } from '../geometry.ts';
import { History } from '../history.ts';
import type { OpenSeries, OpenStudy } from '../open-study.ts';
import { type Moved, Pane } from '../pane.ts';
import type { PresentationState } from '../presentation/state.ts';
import { presentationStates } from '../presentation/states.ts';
import { Saving } from '../reports/saving.ts';
import { type ToldReport, toldReports } from '../reports/told-reports.ts';
import { PRIORITY } from '../scheduler.ts';
import type { StackFrame } from '../stack.ts';
import { decodedBytes } from '../stack.ts';
import { StudyFeed } from '../study.ts';
import { Follower, FREE, type Links } from '../sync/follow.ts';
import { areParallel, nearestPlane, toPatient, type Vector } from '../sync/planes.ts';
import type { Tool } from '../tools/names.ts';
import type { Question } from '../tools/tool.ts';
import { Hanger } from './hanger.ts';
import { gridLayout, type Layout, nextPane, type PaneId, panesOf, removePane, splitPane } from './layout.ts';

/** What a pane is to show. */
export interface Content {
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
}

export interface SessionState {
  readonly layout: Layout;
  readonly contents: Readonly<Partial<Record<PaneId, Content>>>;
  readonly active: PaneId;
  /** The pane that covers the others for a while. */
  readonly full: PaneId | undefined;
  readonly tool: Tool;
  readonly links: Links;
  readonly chrome: boolean;
  readonly strip: boolean;
  readonly measurements: boolean;
  readonly picker: boolean;
  readonly studies: readonly OpenStudy[];
  /** Other studies of the archive under the same patient ID, newest first. */
  readonly priors: readonly LocalStudy[];
  readonly crosshair: { readonly frameOfReferenceUID: string; readonly point: Vector } | undefined;
  readonly lens: { readonly pane: PaneId; readonly screen: Point } | undefined;
  readonly question: (Question & { readonly pane: PaneId }) | undefined;
}

const FIRST_PANE = 'pane-1';
const PRIORS = 50;

/** An open viewer: its studies, its panes, and what is on which. Everything that a command or gesture changes is changed here. */
export class ViewerSession {
  readonly store: FrameStore;
  readonly history = new History();
  readonly annotations = new AnnotationStore(this.history);
  readonly states: StudyDocuments<PresentationState>;
  readonly told: StudyDocuments<ToldReport>;
  readonly saving: Saving;
  readonly keeper: AnnotationKeeper;
  readonly state: StoreApi<SessionState>;
  readonly #client: Client;
  readonly #feeds = new Map<string, StudyFeed>();
  readonly #panes = new Map<PaneId, Pane>();
  readonly #follower = new Follower();
  readonly #cancels = new Map<PaneId, () => boolean>();
  #nextPane = 2;
  #priorsKnown = false;
  /** A pane that was sent to the end of a series of which only the beginning was known, and the slice it shows for that. */
  #sentToEnd: { readonly pane: Pane; readonly slice: string | undefined } | undefined;
  readonly hanger: Hanger;
  /** Told what a reader moved in which pane; not what followed. */
  readonly moved = new Set<(pane: Pane, moved: Moved) => void>();
  #others: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Client, studyInstanceUID: string) {
    this.#client = client;
    this.store = new FrameStore(client);
    this.states = presentationStates(client);
    this.told = toldReports(client);
    this.saving = new Saving(client);
    this.keeper = new AnnotationKeeper(client, this.annotations);
    this.state = createStore<SessionState>(() => ({
      layout: gridLayout(1, 1, [FIRST_PANE]),
      contents: {},
      active: FIRST_PANE,
      full: undefined,
      tool: 'window',
      links: FREE,
      chrome: true,
      strip: true,
      measurements: recall('viewer.measurements', false),
      picker: false,
      studies: [],
      priors: [],
      crosshair: undefined,
      lens: undefined,
      question: undefined,
    }));
    this.hanger = new Hanger({
      state: this.state.getState,
      pane: (id) => this.pane(id),
      newId: () => this.#newId(),
      setLayout: (layout) => this.setLayout(layout),
      put: (id, study, series) => this.#put(id, contentOf(study, series)),
      openPrior: (prior) => this.openPrior(prior),
    });
    this.#openStudy(studyInstanceUID);
  }

  close(): void {
    clearTimeout(this.#others);
    void this.keeper.close();
    for (const feed of this.#feeds.values()) feed.close();
    for (const pane of this.#panes.values()) pane.close();
    this.store.close();
    this.states.close();
    this.told.close();
  }

  // --- panes

  pane(id: PaneId): Pane {
    let pane = this.#panes.get(id);
    if (pane === undefined) {
      const made: Pane = new Pane(this.store, id, (moved) => {
        const { links } = this.state.getState();
        if (links !== FREE) this.#follower.follow(made, moved, [...this.#panes.values()], links);
        for (const listener of this.moved) listener(made, moved);
      });
      pane = made;
      this.#panes.set(id, pane);
      this.#shareCache();
    }
    return pane;
  }

  /** How a pane ends what is being drawn in it; returns what forgets it. */
  onCancel(id: PaneId, cancel: () => boolean): () => void {
    this.#cancels.set(id, cancel);
    return () => this.#cancels.delete(id);
  }

  /** An instance's elements. Rejects with PhosphorError. */
  object(sopInstanceUID: string): Promise<StoredObject> {
    return loadObject(this.#client, sopInstanceUID);
  }

  /** Ends what is being drawn or asked; false where nothing is. */
  cancel(): boolean {
    const { question, crosshair } = this.state.getState();
    if (question !== undefined) {
      this.state.setState({ question: undefined });
      question.dismiss();
      return true;
    }
    if ([...this.#cancels.values()].some((cancel) => cancel())) return true;
    if (this.annotations.selected !== undefined) {
      this.annotations.select(undefined);
      return true;
    }
    if (crosshair === undefined) return false;
    this.state.setState({ crosshair: undefined });
    return true;
  }

  get active(): Pane {
    return this.pane(this.state.getState().active);
  }

  panes(): Pane[] {
    return panesOf(this.state.getState().layout).map((id) => this.pane(id));
  }

  activate(id: PaneId): void {
    if (this.state.getState().active !== id) this.state.setState({ active: id });
  }

  activateNext(by: 1 | -1): void {
    const { layout, active, full } = this.state.getState();
    const next = nextPane(layout, active, by);
    this.state.setState({ active: next, ...(full === undefined ? {} : { full: next }) });
  }

  toggleFull(id: PaneId): void {
    const { full, layout } = this.state.getState();
    this.state.setState({ full: full !== undefined || panesOf(layout).length === 1 ? undefined : id, active: id });
  }

  // --- layout

  /** An even grid. Panes that are there keep what they show; new ones get the series that are not shown yet. */
  setGrid(rows: number, columns: number): void {
    const { layout, active } = this.state.getState();
    const kept = panesOf(layout);
    const count = rows * columns;
    // The pane that the reader looks at does not go, whatever its place.
    const ordered = kept.indexOf(active) >= count ? [active, ...kept.filter((id) => id !== active)] : kept;
    const panes = Array.from({ length: count }, (_, index) => ordered[index] ?? this.#newId());
    this.setLayout(gridLayout(rows, columns, panes));
  }

  setLayout(layout: Layout): void {
    const panes = panesOf(layout);
    const { active, contents } = this.state.getState();
    for (const [id, pane] of this.#panes) {
      if (panes.includes(id)) continue;
      pane.close();
      this.#panes.delete(id);
    }
    const left = Object.fromEntries(Object.entries(contents).filter(([id]) => panes.includes(id)));
    this.state.setState({
      layout,
      contents: left,
      active: panes.includes(active) ? active : (panes[0] ?? FIRST_PANE),
      full: undefined,
      picker: false,
    });
    this.#shareCache();
    this.#fill();
  }

  split(direction: 'row' | 'column'): void {
    const { layout, active } = this.state.getState();
    if (panesOf(layout).length < MAX_PANES) this.setLayout(splitPane(layout, active, direction, this.#newId()));
  }

  closePane(): void {
    const { layout, active } = this.state.getState();
    this.setLayout(removePane(layout, active));
  }

  /** Divider moved: sizes only. */
  resize(layout: Layout): void {
    this.state.setState({ layout });
  }

  #newId(): PaneId {
    return `pane-${this.#nextPane++}`;
  }

  #shareCache(): void {
    const { layout } = this.state.getState();
    const count = Math.max(1, panesOf(layout).length);
    for (const pane of this.#panes.values()) pane.cacheShare = 1 / count;
  }

  // --- what is shown

  show(id: PaneId, content: Content, at?: number): void {
    this.hanger.stop();
    this.#put(id, content);
    if (at !== undefined) this.pane(id).followTo(at);
    this.#wantOthers();
  }

  #put(id: PaneId, content: Content): void {
    const { contents } = this.state.getState();
    this.state.setState({ contents: { ...contents, [id]: content } });
    const open = this.find(content);
    if (open !== undefined) this.pane(id).setSeries(content.seriesInstanceUID, open.frames);
  }

  find({ studyInstanceUID, seriesInstanceUID }: Content): OpenSeries | undefined {
    return this.study(studyInstanceUID)?.series.find(({ series }) => series.seriesInstanceUID === seriesInstanceUID);
  }

  study(studyInstanceUID: string | undefined): OpenStudy | undefined {
    return this.state.getState().studies.find((study) => study.studyInstanceUID === studyInstanceUID);
  }

  /** The series before or after the one in the active pane, in the order of its study. */
  nextSeries(by: 1 | -1): void {
    const { active, contents, studies } = this.state.getState();
    const content = contents[active];
    const study = this.study(content?.studyInstanceUID) ?? studies[0];
    if (study === undefined) return;
    const at = study.series.findIndex(({ series }) => series.seriesInstanceUID === content?.seriesInstanceUID);
    const next = study.series[Math.max(0, Math.min(study.series.length - 1, at + by))];
    if (next !== undefined) this.show(active, contentOf(study, next));
  }

  /** The last slice in the active pane; where only the beginning of its series is known yet, the last of all as soon as they are. */
  toLast(): void {
    const { active: pane } = this;
    const { active, contents } = this.state.getState();
    pane.scrollTo(pane.frames.length - 1);
    const isBeginning = this.study(contents[active]?.studyInstanceUID)?.beginning === true;
    this.#sentToEnd = isBeginning ? { pane, slice: pane.wanted?.key } : undefined;
  }

  // --- studies

  openPrior(studyInstanceUID: string): void {
    if (!this.#feeds.has(studyInstanceUID)) this.#openStudy(studyInstanceUID);
  }

  retry(studyInstanceUID: string): void {
    void this.#feeds.get(studyInstanceUID)?.load();
  }

  #openStudy(studyInstanceUID: string): void {
    const feed = new StudyFeed(this.#client, studyInstanceUID, () => this.#studiesChanged(), this.store.firstImage);
    this.#feeds.set(studyInstanceUID, feed);
    this.keeper.open(studyInstanceUID);
    this.#studiesChanged();
  }

  #studiesChanged(): void {
    const before = this.state.getState();
    const studies = [...this.#feeds.values()].map((feed) => feed.state);
    this.state.setState({ studies });
    this.states.take(studies);
    this.told.take(studies);
    const [first] = studies;
    const { study } = first ?? {};
    if (study !== undefined && before.studies[0]?.study === undefined) void this.store.firstImage.then(() => this.#findPriors(study));
    for (const [id, content] of Object.entries(before.contents)) {
      const open = content === undefined ? undefined : this.find(content);
      const pane = this.#panes.get(id);
      if (open !== undefined && pane !== undefined && pane.frames !== open.frames) {
        pane.setSeries(open.series.seriesInstanceUID, open.frames);
        const { pane: sent, slice } = this.#sentToEnd ?? {};
        if (sent !== pane) continue;
        this.#sentToEnd = undefined;
        if (pane.wanted?.key === slice) pane.scrollTo(open.frames.length - 1);
      }
    }
    this.hanger.arrived(this.#priorsKnown);
    this.#fill();
    this.#wantOthers();
  }

  async #findPriors({ patientID, studyInstanceUID }: LocalStudy): Promise<void> {
    this.#priorsKnown = patientID === '';
    if (this.#priorsKnown) return;
    const args = { query: { patientID }, sort: { by: 'studyDate', descending: true }, offset: 0, limit: PRIORS } as const;
    const found = await this.#client.invoke('archive.search', args).catch(() => undefined);
    // The archive takes * and ? for wildcards; an ID may hold them.
    const priors = found?.studies.filter((study) => study.patientID === patientID && study.studyInstanceUID !== studyInstanceUID);
    this.#priorsKnown = true;
    if (priors !== undefined) this.state.setState({ priors });
    this.#studiesChanged();
  }

  /** Empty panes get the series of the first study that no pane shows; the first one prefers a series with images. */
  #fill(): void {
    const { layout, contents, studies } = this.state.getState();
    const [study] = studies;
    if (study === undefined) return;
    const shown = new Set(Object.values(contents).map((content) => content?.seriesInstanceUID));
    const drawable = study.series.filter(({ frames }) => frames.some((frame) => frame.image !== undefined));
    const candidates = drawable.length > 0 || study.loading ? drawable : study.series.filter(({ frames }) => frames.length > 0);
    for (const id of panesOf(layout)) {
      // Panes of a rule wait for what it says of them.
      if (this.hanger.waits(id)) continue;
      if (this.state.getState().contents[id] !== undefined) continue;
      const next = candidates.find(({ series }) => !shown.has(series.seriesInstanceUID));
      if (next === undefined) return;
      shown.add(next.series.seriesInstanceUID);
      this.#put(id, contentOf(study, next));
    }
  }

  /** Series that no pane shows come last, as far as the cache has room for them. */
  #wantOthers(): void {
    clearTimeout(this.#others);
    this.#others = setTimeout(() => {
      const { contents, studies } = this.state.getState();
      const shown = new Set(Object.values(contents).map((content) => content?.seriesInstanceUID));
      let room = FrameStore.PREFETCH_BYTES;
      const take = (frame: StackFrame): boolean => {
        room -= frame.image === undefined ? 0 : decodedBytes(frame.image);
        return room > 0;
      };
      const all = studies.flatMap(({ series }) => series);
      for (const { series, frames } of all) if (shown.has(series.seriesInstanceUID)) for (const frame of frames) take(frame);
      const wanted: StackFrame[] = [];
      for (const { series, frames } of all) {
        if (shown.has(series.seriesInstanceUID)) continue;
        for (const frame of frames) if (frame.image !== undefined && take(frame)) wanted.push(frame);
        if (room <= 0) break;
      }
      this.store.want('others', PRIORITY.others, wanted);
    }, OTHERS_MS);
  }

  // --- together

  setLinks(links: Links): void {
    this.state.setState({ links });
    this.#follower.anchor(this.panes());
  }

  /** All panes show the point of the patient that lies under a point of one. */
  point(pane: Pane, image: Point): void {
    const plane = pane.view.shown?.plane;
    if (plane === undefined || plane.frameOfReferenceUID === '') return;
    const point = toPatient(plane, image);
    const { frameOfReferenceUID } = plane;
    this.state.setState({ crosshair: { frameOfReferenceUID, point } });
    for (const other of this.panes()) {
      if (other === pane) continue;
      const own = other.wanted?.plane;
      // Of a series with several orientations the one on the screen stays.
      const planes = other.frames.map((frame) =>
        own === undefined || (frame.plane && areParallel(frame.plane, own)) ? frame.plane : undefined,
      );
      const index = nearestPlane(planes, frameOfReferenceUID, point);
      if (index !== undefined) other.followTo(index);
    }
  }

  /** Shows the image of a mark in the active pane, or in one that has its series already. */
  jumpTo(annotation: Annotation): void {
    const { contents, active } = this.state.getState();
    const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = annotation;
    const shows = (id: PaneId) => contents[id]?.seriesInstanceUID === seriesInstanceUID;
    const id = shows(active) ? active : (panesOf(this.state.getState().layout).find(shows) ?? active);
    if (!shows(id)) this.show(id, { studyInstanceUID, seriesInstanceUID });
    const pane = this.pane(id);
    const at = pane.frames.findIndex(({ instance, frame }) => instance.sopInstanceUID === sopInstanceUID && frame === annotation.frame);
    this.activate(id);
    if (at >= 0) pane.scrollTo(at);
    this.annotations.select(annotation.id);
  }

  /** The window that spans the values inside the selected area. */
  windowFromSelection(): void {
    const pane = this.active;
    const { shown, drawn } = pane.view;
    const selected = this.annotations.get(this.annotations.selected ?? '');
    if (shown === undefined || drawn?.kind !== 'grey' || selected === undefined || !isArea(selected.kind)) return;
    if (selected.sopInstanceUID !== shown.instance.sopInstanceUID || selected.frame !== shown.frame) return;
    const statistics = roiStatistics(drawn, selected.kind, selected.points);
    if (statistics === undefined) return;
    const { minimum, maximum } = statistics;
    const end = this.editing(pane);
    pane.setWindow({ center: (minimum + maximum) / 2, width: Math.max(maximum - minimum, 1), function: 'LINEAR_EXACT' });
    end();
  }

  /** Notes how the active pane is shown; the result, called when the change is over, makes it one step of the history. */
  editing(pane: Pane): () => void {
    const before = pane.presentation;
    const { seriesUID } = pane.view;
    return () => {
      const after = pane.presentation;
      const set = (wanted: typeof before) => () => {
        if (pane.view.seriesUID !== seriesUID) return;
        const { index: _index, ...presentation } = wanted;
        pane.change(presentation, 'window');
        pane.change({}, 'view');
      };
      const same = Object.entries(before).every(([name, value]) => name === 'index' || after[name as keyof typeof after] === value);
      if (!same) this.history.push({ undo: set(before), redo: set(after) });
    };
  }

  set(
    change: Partial<Pick<SessionState, 'tool' | 'chrome' | 'strip' | 'measurements' | 'picker' | 'crosshair' | 'lens' | 'question'>>,
  ): void {
    this.state.setState(change);
    if (change.measurements !== undefined) remember('viewer.measurements', change.measurements);
  }
}

const MAX_PANES = 36;
const OTHERS_MS = 200;

function contentOf(study: OpenStudy, { series }: OpenSeries): Content {
  return { studyInstanceUID: study.studyInstanceUID, seriesInstanceUID: series.seriesInstanceUID };
}
