import type { DicomJsonName } from '../../../../shared/contract/dicom-json.ts';
import type { Item } from '../../dataset/item.ts';

/** A coded concept (PS3.3 §8.8). */
export interface Code {
  readonly value: string;
  readonly scheme: string;
  readonly version: string;
  readonly meaning: string;
}

/** An object that a content item points to (PS3.3 C.18.3, C.18.4, C.18.5). */
export interface Reference {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  /** Referenced Frame Number, counted from 1. */
  readonly frames: readonly number[];
  /** Presentation state to be applied. */
  readonly presentation: { readonly sopClassUID: string; readonly sopInstanceUID: string } | undefined;
  /** Pairs of multiplex group and channel of a waveform. */
  readonly channels: readonly number[];
}

/** What a content item says, by its value type (PS3.3 C.17.3.2.1). */
export type ContentValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name'; readonly name: DicomJsonName }
  | { readonly kind: 'code'; readonly code: Code }
  | { readonly kind: 'number'; readonly values: readonly string[]; readonly unit: Code | undefined; readonly qualifier: Code | undefined }
  | { readonly kind: 'reference'; readonly reference: Reference }
  /** In image coordinates (columns, rows) or, with three numbers each, in mm of the patient. */
  | { readonly kind: 'coordinates'; readonly graphic: string; readonly points: readonly number[]; readonly dimensions: 2 | 3 }
  | { readonly kind: 'times'; readonly range: string; readonly values: readonly string[] }
  | { readonly kind: 'container'; readonly continuous: boolean }
  /** The item stands elsewhere in the tree: its position, `1.3.2`. */
  | { readonly kind: 'elsewhere'; readonly position: string };

export interface ContentItem {
  /** `1.2.3`: where it stands, as Referenced Content Item Identifier counts. */
  readonly position: string;
  /** CONTAINS, HAS OBS CONTEXT …; '' at the root. */
  readonly relationship: string;
  readonly valueType: string;
  readonly concept: Code | undefined;
  readonly value: ContentValue;
  /** Observation DateTime, as stored. */
  readonly observed: string;
  readonly children: readonly ContentItem[];
}

/** A document and what its head says. */
export interface StructuredReport {
  readonly root: ContentItem;
  /** Completion Flag and Verification Flag, as stored. */
  readonly completion: string;
  readonly verification: string;
  readonly observers: readonly { readonly name: string; readonly organization: string; readonly at: string }[];
  /** Items were left out: there were too many. */
  readonly cut: boolean;
}

const MAX_ITEMS = 50_000;

/** The content tree of a structured report (PS3.3 C.17.3). */
export function readReport(dataset: Item): StructuredReport {
  const count = { left: MAX_ITEMS };
  const root = readItem(dataset, '1', count);
  return {
    root,
    completion: dataset.string('0040A491'),
    verification: dataset.string('0040A493'),
    observers: dataset.sequence('0040A073').map((one) => ({
      name: one.string('0040A075'),
      organization: one.string('0040A027'),
      at: one.string('0040A030'),
    })),
    cut: count.left <= 0,
  };
}

function readItem(item: Item, position: string, count: { left: number }): ContentItem {
  count.left -= 1;
  const valueType = item.string('0040A040');
  const children: ContentItem[] = [];
  for (const [index, child] of item.sequence('0040A730').entries()) {
    if (count.left <= 0) break;
    children.push(readItem(child, `${position}.${index + 1}`, count));
  }
  return {
    position,
    relationship: item.string('0040A010'),
    valueType,
    concept: codeOf(item.first('0040A043')),
    value: contentValue(item, valueType),
    observed: item.string('0040A032'),
    children,
  };
}

function contentValue(item: Item, valueType: string): ContentValue {
  const elsewhere = item.numbers('0040DB73');
  if (elsewhere.length > 0) return { kind: 'elsewhere', position: elsewhere.join('.') };
  const tag = TEXTS[valueType];
  if (tag !== undefined) return { kind: 'text', text: item.string(tag) };
  switch (valueType) {
    case 'PNAME':
      return { kind: 'name', name: item.nameGroups('0040A123') ?? {} };
    case 'CODE':
      return { kind: 'code', code: codeOf(item.first('0040A168')) ?? NO_CODE };
    case 'NUM': {
      const measured = item.first('0040A300');
      return {
        kind: 'number',
        values: measured?.strings('0040A30A') ?? [],
        unit: codeOf(measured?.first('004008EA')),
        qualifier: codeOf(item.first('0040A301')),
      };
    }
    case 'SCOORD':
    case 'SCOORD3D':
      return {
        kind: 'coordinates',
        graphic: item.string('00700023'),
        points: item.numbers('00700022'),
        dimensions: valueType === 'SCOORD' ? 2 : 3,
      };
    case 'TCOORD':
      return {
        kind: 'times',
        range: item.string('0040A130'),
        values: [...item.strings('0040A132'), ...item.strings('0040A138'), ...item.strings('0040A13A')],
      };
    case 'IMAGE':
    case 'COMPOSITE':
    case 'WAVEFORM':
      return { kind: 'reference', reference: referenceOf(item.first('00081199')) };
    case 'CONTAINER':
      return { kind: 'container', continuous: item.string('0040A050') === 'CONTINUOUS' };
    default:
      return { kind: 'text', text: '' };
  }
}

/** Value types that hold one text, and where. */
const TEXTS: Readonly<Partial<Record<string, string>>> = {
  TEXT: '0040A160',
  UIDREF: '0040A124',
  DATE: '0040A121',
  TIME: '0040A122',
  DATETIME: '0040A120',
};

const NO_CODE: Code = { value: '', scheme: '', version: '', meaning: '' };

/** A code as its sequence's item says it; the long and the URN form of Code Value too (PS3.3 §8.8). */
export function codeOf(item: Item | undefined): Code | undefined {
  if (item === undefined) return undefined;
  return {
    value: item.string('00080100') || item.string('00080119') || item.string('00080120'),
    scheme: item.string('00080102'),
    version: item.string('00080103'),
    meaning: item.string('00080104'),
  };
}

function referenceOf(item: Item | undefined): Reference {
  const presentation = item?.first('00081199');
  return {
    sopClassUID: item?.string('00081150') ?? '',
    sopInstanceUID: item?.string('00081155') ?? '',
    frames: item?.numbers('00081160') ?? [],
    presentation:
      presentation === undefined
        ? undefined
        : { sopClassUID: presentation.string('00081150'), sopInstanceUID: presentation.string('00081155') },
    channels: item?.numbers('0040A0B0') ?? [],
  };
}

/** Marks of a report on an image: shapes in image coordinates, and the item that says what they mean. */
export interface ReportMark {
  readonly position: string;
  readonly sopInstanceUID: string;
  /** Counted from 1; [] = all. */
  readonly frames: readonly number[];
  readonly graphic: string;
  /** Column and row in turn. */
  readonly points: readonly number[];
  readonly label: string;
}

/** Two-dimensional coordinates with the images that they were selected from (PS3.3 C.18.6). */
export function marksOf(root: ContentItem): ReportMark[] {
  const marks: ReportMark[] = [];
  const walk = (item: ContentItem, parent: ContentItem | undefined): void => {
    const { value } = item;
    if (value.kind === 'coordinates' && value.dimensions === 2) {
      for (const child of item.children) {
        if (child.value.kind !== 'reference') continue;
        const { sopInstanceUID, frames } = child.value.reference;
        // A region that also stands below its area is one mark.
        const isSame = (one: ReportMark) =>
          one.sopInstanceUID === sopInstanceUID &&
          one.graphic === value.graphic &&
          sameNumbers(one.points, value.points) &&
          sameNumbers(one.frames, frames);
        if (marks.some(isSame)) continue;
        const label = item.concept?.meaning || parent?.concept?.meaning || '';
        marks.push({ position: item.position, sopInstanceUID, frames, graphic: value.graphic, points: value.points, label });
      }
    }
    for (const child of item.children) walk(child, item);
  };
  walk(root, undefined);
  return marks;
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
