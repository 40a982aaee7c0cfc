import type { LocalStudy } from '../../../shared/contract/index.ts';
import { recall, remember } from '../../app/memory.ts';
import type { Align } from '../geometry.ts';
import type { OpenSeries, OpenStudy } from '../open-study.ts';
import { planeOf } from '../orientation.ts';
import { middleFrame, type StackFrame } from '../stack.ts';
import { gridLayout, type Layout, MAX_SIDE } from './layout.ts';

/** What goes into a pane, in words that fit other studies too: never what is in a patient's images. */
export interface Slot {
  /** 0 = the study that was opened, 1 = the newest one before it, and so on. */
  readonly prior: number;
  readonly modality: string;
  /** '' = any. */
  readonly laterality: string;
  readonly view: string;
  readonly plane: string;
  /** Of those that fit, counted from 0. */
  readonly nth: number;
  readonly align: Align;
}

export interface HangingRule {
  readonly modality: string;
  /** '' = any. */
  readonly bodyPart: string;
  /** Its panes are called 0, 1, 2 … */
  readonly layout: Layout;
  readonly slots: readonly Slot[];
}

/** Something that can hang in a pane: a series, of radiographs and mammograms each image. */
export interface Candidate {
  readonly study: OpenStudy;
  readonly series: OpenSeries;
  /** Frame of the series to show first. */
  readonly at: number;
  readonly modality: string;
  readonly laterality: string;
  readonly view: string;
  readonly plane: string;
}

const PROJECTIONS: ReadonlySet<string> = new Set(['CR', 'DX', 'MG', 'RG', 'XR']);

export function candidatesOf(study: OpenStudy): Candidate[] {
  return study.series.flatMap((series): Candidate[] => {
    const { modality } = series.series;
    const describe = (frame: StackFrame, at: number): Candidate => ({
      study,
      series,
      at,
      modality,
      laterality: frame.image?.reading?.laterality ?? '',
      view: frame.image?.reading?.viewPosition ?? '',
      plane: planeOf(frame.image?.imageOrientationPatient),
    });
    if (PROJECTIONS.has(modality)) return series.frames.flatMap((frame, at) => (frame.image === undefined ? [] : [describe(frame, at)]));
    const middle = middleFrame(series.frames);
    return middle === undefined ? [] : [describe(middle, 0)];
  });
}

/** What each pane of the rule shows; undefined where nothing fits. */
export function hang(rule: HangingRule, studies: readonly OpenStudy[]): (Candidate | undefined)[] {
  const used = new Set<Candidate>();
  const all = studies.map(candidatesOf);
  return rule.slots.map((slot) => {
    const fitting = (all[slot.prior] ?? []).filter(
      (candidate) =>
        (slot.modality === '' || candidate.modality === slot.modality) &&
        (slot.laterality === '' || candidate.laterality === slot.laterality) &&
        (slot.view === '' || candidate.view === slot.view) &&
        (slot.plane === '' || candidate.plane === slot.plane),
    );
    const chosen = fitting[slot.nth] ?? fitting.find((candidate) => !used.has(candidate));
    if (chosen !== undefined) used.add(chosen);
    return chosen;
  });
}

const any = { modality: '', laterality: '', view: '', plane: '', nth: 0, prior: 0, align: 'centre' } as const;
const breast = (laterality: string, view: string): Slot => ({
  ...any,
  modality: 'MG',
  laterality,
  view,
  // The right breast hangs on the left, its chest wall towards the middle.
  align: laterality === 'R' ? 'right' : 'left',
});

const FOUR_VIEWS: HangingRule = {
  modality: 'MG',
  bodyPart: '',
  layout: gridLayout(2, 2, ['0', '1', '2', '3']),
  slots: [breast('R', 'CC'), breast('L', 'CC'), breast('R', 'MLO'), breast('L', 'MLO')],
};

/** The rule for a study: the reader's own, else mammograms in pairs, two radiographs side by side; undefined = one pane. */
export function ruleFor(study: OpenStudy, rules: readonly HangingRule[] = savedRules()): HangingRule | undefined {
  const first = study.series.find(({ frames }) => frames.some(({ image }) => image !== undefined));
  if (first === undefined) return undefined;
  const { modality, bodyPartExamined } = first.series;
  const own = rules.filter((rule) => rule.modality === modality && (rule.bodyPart === '' || rule.bodyPart === bodyPartExamined));
  const exact = own.find(({ bodyPart }) => bodyPart !== '') ?? own[0];
  if (exact !== undefined) return exact;
  const candidates = candidatesOf(study);
  const sides = new Set(
    candidates.filter((candidate) => candidate.modality === 'MG').map(({ laterality, view }) => `${laterality}${view}`),
  );
  if (FOUR_VIEWS.slots.filter(({ laterality, view }) => sides.has(`${laterality}${view}`)).length >= 2) return pairs(sides);
  if (PROJECTIONS.has(modality) && candidates.length === 2) {
    return {
      modality,
      bodyPart: '',
      layout: gridLayout(1, 2, ['0', '1']),
      slots: [any, { ...any, nth: 1 }],
    };
  }
  return undefined;
}

/** Mammograms: both views of both sides, or the one view there is. */
function pairs(sides: ReadonlySet<string>): HangingRule {
  const rows = ['CC', 'MLO'].filter((view) => sides.has(`R${view}`) || sides.has(`L${view}`));
  const slots = rows.flatMap((view) => [breast('R', view), breast('L', view)]);
  const names = slots.map((_, index) => String(index));
  return { ...FOUR_VIEWS, layout: gridLayout(rows.length, 2, names), slots };
}

const RULES = 'viewer.hanging';
const MAX_RULES = 64;

export function savedRules(): readonly HangingRule[] {
  const { rules } = recall<{ rules: unknown }>(RULES, { rules: [] });
  return Array.isArray(rules) ? rules.filter(isRule).slice(0, MAX_RULES) : [];
}

/** Keeps a rule in place of the one for the same modality and body part. */
export function saveRule(rule: HangingRule): void {
  const others = savedRules().filter(({ modality, bodyPart }) => modality !== rule.modality || bodyPart !== rule.bodyPart);
  remember(RULES, { rules: [rule, ...others].slice(0, MAX_RULES) });
}

export function forgetRule(rule: Pick<HangingRule, 'modality' | 'bodyPart'>): void {
  remember(RULES, { rules: savedRules().filter(({ modality, bodyPart }) => modality !== rule.modality || bodyPart !== rule.bodyPart) });
}

/** What was remembered may be of another version, or changed by hand. */
function isRule(value: unknown): value is HangingRule {
  if (typeof value !== 'object' || value === null) return false;
  const { modality, bodyPart, layout, slots } = value as Partial<HangingRule>;
  if (typeof modality !== 'string' || typeof bodyPart !== 'string' || !Array.isArray(slots)) return false;
  return slots.length <= MAX_SIDE * MAX_SIDE && slots.every(isSlot) && isLayout(layout, slots.length, 0);
}

function isSlot(value: unknown): value is Slot {
  if (typeof value !== 'object' || value === null) return false;
  const { prior, nth, modality, laterality, view, plane, align } = value as Partial<Slot>;
  const words = [modality, laterality, view, plane].every((word) => typeof word === 'string');
  return words && Number.isInteger(prior) && Number.isInteger(nth) && (align === 'centre' || align === 'left' || align === 'right');
}

function isLayout(value: unknown, panes: number, depth: number): value is Layout {
  if (typeof value !== 'object' || value === null || depth > 12) return false;
  const layout = value as Partial<Layout>;
  if (layout.kind === 'pane') return typeof layout.pane === 'string' && Number(layout.pane) >= 0 && Number(layout.pane) < panes;
  if (layout.kind !== 'split' || !Array.isArray(layout.parts) || !Array.isArray(layout.sizes)) return false;
  const sizes =
    layout.sizes.length === layout.parts.length && layout.sizes.every((size) => typeof size === 'number' && size > 0 && size <= 1);
  return sizes && layout.parts.every((part) => isLayout(part, panes, depth + 1));
}

/** Names of a layout's panes put in place of others. */
export function renamed(layout: Layout, name: (pane: string) => string): Layout {
  return layout.kind === 'pane'
    ? { kind: 'pane', pane: name(layout.pane) }
    : { ...layout, parts: layout.parts.map((part) => renamed(part, name)) };
}

/** Newest first, older than the study that is read. */
export function priorOrder(studies: readonly LocalStudy[], study: LocalStudy): LocalStudy[] {
  return studies.filter(({ studyDate }) => studyDate <= study.studyDate).sort((a, b) => (a.studyDate < b.studyDate ? 1 : -1));
}
