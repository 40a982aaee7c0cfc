import type { OpenSeries, OpenStudy } from '../open-study.ts';
import type { Pane } from '../pane.ts';
import { candidatesOf, type HangingRule, hang, priorOrder, renamed, ruleFor, type Slot, saveRule } from './hanging.ts';
import { type Layout, type PaneId, panesOf } from './layout.ts';
import type { SessionState } from './session.ts';

/** What hanging needs of the viewer. */
export interface HangingHost {
  state(): SessionState;
  pane(id: PaneId): Pane;
  newId(): PaneId;
  setLayout(layout: Layout): void;
  put(id: PaneId, study: OpenStudy, series: OpenSeries): void;
  openPrior(studyInstanceUID: string): void;
}

/** Hangs a study by a rule while it arrives, and makes a rule of what is on the screen. */
export class Hanger {
  readonly #host: HangingHost;
  #over = false;
  #rule: HangingRule | undefined;
  #panes: readonly PaneId[] = [];
  readonly #hung = new Set<PaneId>();

  constructor(host: HangingHost) {
    this.#host = host;
  }

  /** The reader chose something: nothing hangs by itself any more. */
  stop(): void {
    this.#over = true;
    this.#rule = undefined;
  }

  /** Whether the pane waits for what a rule says of it. */
  waits(id: PaneId): boolean {
    return this.#rule !== undefined && this.#panes.includes(id);
  }

  /** Something arrived. A rule is looked for once, when the study is complete; what it speaks of is hung as it comes. */
  arrived(priorsKnown: boolean): void {
    this.#begin(priorsKnown);
    this.#fill();
  }

  #begin(priorsKnown: boolean): void {
    const { studies, priors, active } = this.#host.state();
    const [first] = studies;
    if (this.#over || first === undefined || first.loading || first.study === undefined) return;
    const rule = ruleFor(first);
    const depth = Math.max(0, ...(rule?.slots.map(({ prior }) => prior) ?? []));
    if (depth > 0 && !priorsKnown) return;
    this.#over = true;
    if (rule === undefined) return;
    this.#rule = rule;
    this.#panes = rule.slots.map((_, index) => (index === 0 ? active : this.#host.newId()));
    for (const study of priorOrder(priors, first.study).slice(0, depth)) this.#host.openPrior(study.studyInstanceUID);
    this.#host.setLayout(renamed(rule.layout, (pane) => this.#panes[Number(pane)] ?? pane));
  }

  #fill(): void {
    const rule = this.#rule;
    if (rule === undefined) return;
    for (const [index, found] of hang(rule, this.#host.state().studies).entries()) {
      const id = this.#panes[index];
      if (found === undefined || id === undefined || this.#hung.has(id)) continue;
      this.#hung.add(id);
      this.#host.put(id, found.study, found.series);
      const pane = this.#host.pane(id);
      pane.followTo(found.at);
      pane.change({ align: rule.slots[index]?.align ?? 'centre' });
    }
    if (this.#hung.size === rule.slots.length) this.#rule = undefined;
  }

  /** What kind of study a rule saved now would be for. */
  kind(): { modality: string; bodyPart: string } | undefined {
    const first = this.#host.state().studies[0]?.series.find(({ frames }) => frames.some(({ image }) => image !== undefined));
    return first === undefined ? undefined : { modality: first.series.modality, bodyPart: first.series.bodyPartExamined };
  }

  /** Keeps what is on the screen as the rule for studies of this modality and body part. */
  save(): void {
    const kind = this.kind();
    if (kind === undefined) return;
    const { layout, contents, studies } = this.#host.state();
    const panes = panesOf(layout);
    const order = [...studies].sort((a, b) => Number(a !== studies[0]) - Number(b !== studies[0]) || newerFirst(a, b));
    const slots = panes.map((id): Slot => {
      const content = contents[id];
      const { align, index } = this.#host.pane(id).presentation;
      const prior = Math.max(
        0,
        order.findIndex(({ studyInstanceUID }) => studyInstanceUID === content?.studyInstanceUID),
      );
      const candidates = order[prior] === undefined ? [] : candidatesOf(order[prior]);
      const mine = candidates.filter(({ series }) => series.series.seriesInstanceUID === content?.seriesInstanceUID);
      const shown = mine.find((candidate) => candidate.at === index) ?? mine[0];
      const { modality = '', laterality = '', view = '', plane = '' } = shown ?? {};
      const alike = candidates.filter(
        (other) => other.modality === modality && other.laterality === laterality && other.view === view && other.plane === plane,
      );
      return { prior, modality, laterality, view, plane, nth: shown === undefined ? 0 : Math.max(0, alike.indexOf(shown)), align };
    });
    saveRule({ ...kind, layout: renamed(layout, (pane) => String(panes.indexOf(pane))), slots });
  }
}

function newerFirst(a: OpenStudy, b: OpenStudy): number {
  return (a.study?.studyDate ?? '') < (b.study?.studyDate ?? '') ? 1 : -1;
}
