import { FIGURES, type FigureName, UNITS } from '../../../shared/contract/report-codes.ts';
import type { AnnotationKind } from '../../../shared/marks/index.ts';
import { formatFigure } from '../../../shared/marks/index.ts';
import type { Item } from '../dataset/item.ts';
import type { Point } from '../geometry.ts';
import { type Code, type ContentItem, readReport } from '../objects/sr/content.ts';

/** A figure as a report tells it. */
export interface ToldFigure {
  /** Of the known ones; else undefined, and `meaning` tells. */
  readonly what: FigureName | undefined;
  readonly meaning: string;
  readonly value: number;
  readonly unit: string;
  /** As people read it. */
  readonly words: string;
}

/** A mark that a report tells of; `drawn` where it can be drawn and taken over. */
export interface ToldMark {
  readonly trackingUID: string;
  readonly name: string;
  readonly comment: string;
  readonly figures: readonly ToldFigure[];
  readonly image: { readonly sopInstanceUID: string; readonly frame: number } | undefined;
  readonly drawn: { readonly kind: AnnotationKind; readonly points: readonly Point[] } | undefined;
}

/** More than a panel lists. */
const MAX_MARKS = 2_000;
const MAX_POINTS = 100_000;

/** The measurement groups of a structured report (PS3.16 TID 1500: TID 1410, 1411 and 1501), ours and others'. */
export function readMeasurements(dataset: Item): ToldMark[] {
  const marks: ToldMark[] = [];
  const visit = (item: ContentItem): void => {
    if (isConcept(item, 'DCM', '125007')) {
      if (marks.length < MAX_MARKS) marks.push(markOf(item));
      return;
    }
    for (const child of item.children) visit(child);
  };
  visit(readReport(dataset).root);
  return marks;
}

interface Graphic {
  readonly type: string;
  readonly points: readonly Point[];
  readonly image: ToldMark['image'];
}

function markOf(group: ContentItem): ToldMark {
  const textOf = (code: string): string => {
    const { value } = group.children.find((item) => isConcept(item, 'DCM', code)) ?? group;
    return value.kind === 'text' ? value.text.slice(0, 1024) : '';
  };
  const numbers = group.children.filter(({ value }) => value.kind === 'number');
  const comments = group.children.filter((item) => isConcept(item, 'DCM', '121106'));
  const figures = numbers.flatMap(figureOf);
  const ofFigures = numbers.map((item) => ({ what: figureOf(item)[0]?.what, graphics: graphicsOf(item) }));
  const regions = graphicsOf(group);
  const noted = comments.flatMap(graphicsOf);
  const all = [...regions, ...ofFigures.flatMap(({ graphics }) => graphics), ...noted];
  const source = group.children.find(({ value }) => value.kind === 'reference');
  return {
    trackingUID: textOf('112040'),
    name: textOf('112039'),
    comment: textOf('121106'),
    figures,
    image: all.find(({ image }) => image !== undefined)?.image ?? (source === undefined ? undefined : imageOf(source)),
    drawn: drawnOf(regions, ofFigures, noted),
  };
}

/** What kind of mark of ours it is, if any. */
function drawnOf(
  regions: readonly Graphic[],
  figures: readonly { readonly what: FigureName | undefined; readonly graphics: readonly Graphic[] }[],
  noted: readonly Graphic[],
): ToldMark['drawn'] {
  const [region] = regions;
  if (region !== undefined) return areaOf(region);
  const linesOf = (what: FigureName): Point[] =>
    figures.filter((one) => one.what === what).flatMap(({ graphics }) => graphics.flatMap(({ points }) => points));
  const [long, short, cobb] = [linesOf('longAxis'), linesOf('shortAxis'), linesOf('cobbAngle')];
  if (long.length === 2 && short.length === 2) return { kind: 'bidirectional', points: [...long, ...short] };
  if (cobb.length === 4) return angleOf(cobb);
  const graphic = figures.flatMap(({ graphics }) => graphics)[0];
  if (graphic !== undefined) {
    const { points } = graphic;
    if (points.length === 1) return { kind: 'probe', points };
    if (linesOf('angle').length >= 3 && points.length === 3) return { kind: 'angle', points };
    if (points.length === 2 && graphic.type === 'POLYLINE') return { kind: 'length', points };
    return areaOf(
      graphic,
      figures.some(({ what }) => what === 'area'),
    );
  }
  const [at] = noted;
  if (at?.points.length === 1) return { kind: 'text', points: at.points };
  if (at?.points.length === 2) return { kind: 'arrow', points: at.points };
  return undefined;
}

/** An angle whose two sides meet is one of three points. */
function angleOf(points: readonly Point[]): ToldMark['drawn'] {
  const [a, b, c, d] = points;
  if (a !== undefined && b !== undefined && c !== undefined && d !== undefined && same(b.x, c.x) && same(b.y, c.y)) {
    return { kind: 'angle', points: [a, b, d] };
  }
  return { kind: 'cobb', points };
}

/** `enclosing`: it has an area, so that a line without an end of its own is closed. */
function areaOf({ type, points }: Graphic, enclosing = false): ToldMark['drawn'] {
  const [a, b, c, d] = points;
  if (type === 'CIRCLE' && a !== undefined && b !== undefined) {
    const radius = Math.hypot(b.x - a.x, b.y - a.y);
    return { kind: 'ellipse', points: box(a.x - radius, a.y - radius, a.x + radius, a.y + radius) };
  }
  if (type === 'ELLIPSE' && a !== undefined && b !== undefined && c !== undefined && d !== undefined) return ellipseOf(a, b, c, d);
  const first = points[0];
  const last = points.at(-1);
  if (type !== 'POLYLINE' || first === undefined || last === undefined || points.length < 3) return undefined;
  const closed = same(first.x, last.x) && same(first.y, last.y);
  const outline = closed ? points.slice(0, -1) : points;
  if (outline.length < 3) return undefined;
  const [p, q, r, s] = outline;
  const square =
    outline.length === 4 &&
    p !== undefined &&
    q !== undefined &&
    r !== undefined &&
    s !== undefined &&
    ((same(p.y, q.y) && same(q.x, r.x) && same(r.y, s.y) && same(s.x, p.x)) ||
      (same(p.x, q.x) && same(q.y, r.y) && same(r.x, s.x) && same(s.y, p.y)));
  if (square) return { kind: 'rectangle', points: [p, r] };
  return closed || enclosing ? { kind: 'polygon', points: outline } : undefined;
}

const OUTLINE = 72;

/** One whose axes are not those of the image is drawn as its outline. */
function ellipseOf(a: Point, b: Point, c: Point, d: Point): ToldMark['drawn'] {
  const upright = (same(a.y, b.y) && same(c.x, d.x)) || (same(a.x, b.x) && same(c.y, d.y));
  const xs = [a.x, b.x, c.x, d.x];
  const ys = [a.y, b.y, c.y, d.y];
  if (upright) return { kind: 'ellipse', points: box(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)) };
  const centre = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const points = Array.from({ length: OUTLINE }, (_, index) => {
    const [cos, sin] = [Math.cos((index * 2 * Math.PI) / OUTLINE), Math.sin((index * 2 * Math.PI) / OUTLINE)];
    return {
      x: centre.x + ((b.x - a.x) / 2) * cos + ((d.x - c.x) / 2) * sin,
      y: centre.y + ((b.y - a.y) / 2) * cos + ((d.y - c.y) / 2) * sin,
    };
  });
  return { kind: 'polygon', points };
}

function box(left: number, top: number, right: number, bottom: number): Point[] {
  return [
    { x: left, y: top },
    { x: right, y: bottom },
  ];
}

/** Coordinates are stored with seven digits. */
function same(a: number, b: number): boolean {
  return Math.abs(a - b) < 0.01;
}

function graphicsOf(item: ContentItem): Graphic[] {
  return item.children.flatMap(({ value, children }) => {
    if (value.kind !== 'coordinates' || value.dimensions !== 2 || value.points.length > MAX_POINTS) return [];
    const points: Point[] = [];
    for (let at = 0; at + 1 < value.points.length; at += 2) points.push({ x: value.points[at] ?? 0, y: value.points[at + 1] ?? 0 });
    const on = children.find((child) => child.value.kind === 'reference');
    return [{ type: value.graphic, points, image: on === undefined ? undefined : imageOf(on) }];
  });
}

function imageOf({ value }: ContentItem): ToldMark['image'] {
  if (value.kind !== 'reference') return undefined;
  const { sopInstanceUID, frames } = value.reference;
  return { sopInstanceUID, frame: Math.max(0, (frames[0] ?? 1) - 1) };
}

function figureOf(item: ContentItem): ToldFigure[] {
  const { value, concept, children } = item;
  if (value.kind !== 'number') return [];
  const number = Number(value.values[0] ?? Number.NaN);
  if (!Number.isFinite(number)) return [];
  const derivation = children.map((child) =>
    isConcept(child, 'DCM', '121401') && child.value.kind === 'code' ? child.value.code : undefined,
  );
  const statistic = derivation.find((code) => code !== undefined);
  const what = nameOf(statistic) ?? nameOf(concept) ?? (concept?.value === '112031' || concept?.value === '126401' ? 'value' : undefined);
  const unit = unitOf(value.unit);
  const meaning = [concept?.meaning, statistic?.meaning].filter(Boolean).join(', ').slice(0, 128);
  return [{ what, meaning, value: number, unit, words: formatFigure({ value: number, unit }) }];
}

/** Older designators and codes of the same concepts (PS3.16 annex on SNOMED). */
const OLDER: Readonly<Record<string, FigureName>> = {
  'G-D7FE': 'length',
  'G-A185': 'longAxis',
  'G-A186': 'shortAxis',
  'G-A166': 'area',
  'R-00317': 'mean',
  'R-10047': 'deviation',
  'R-404FB': 'minimum',
  'G-A437': 'maximum',
};

function nameOf(code: Code | undefined): FigureName | undefined {
  if (code === undefined) return undefined;
  const known = Object.entries(FIGURES).find(([, figure]) => figure.value === code.value && figure.scheme === code.scheme);
  return (known?.[0] as FigureName | undefined) ?? OLDER[code.value];
}

function unitOf(code: Code | undefined): string {
  if (code === undefined) return '';
  const known = Object.entries(UNITS).find(([, unit]) => unit?.value === code.value);
  if (known !== undefined) return known[0];
  return (/^\{(.*)\}$/.exec(code.value)?.[1] ?? code.value).slice(0, 16);
}

function isConcept({ concept }: ContentItem, scheme: string, value: string): boolean {
  return concept?.scheme === scheme && concept.value === value;
}

/** The images of a Key Object Selection (PS3.16 TID 2010), its title and what is said about them. */
export function readKeyObjects(dataset: Item): { title: string; description: string; images: { sopInstanceUID: string; frame: number }[] } {
  const { root } = readReport(dataset);
  const description = root.children.find((item) => isConcept(item, 'DCM', '113012'))?.value;
  const images = root.children.flatMap(({ value }) => {
    if (value.kind !== 'reference') return [];
    const { sopInstanceUID, frames } = value.reference;
    return (frames.length === 0 ? [1] : frames).map((frame) => ({ sopInstanceUID, frame: Math.max(0, frame - 1) }));
  });
  return {
    title: (root.concept?.meaning ?? '').slice(0, 128),
    description: description?.kind === 'text' ? description.text.slice(0, 1024) : '',
    images: images.slice(0, MAX_MARKS),
  };
}
