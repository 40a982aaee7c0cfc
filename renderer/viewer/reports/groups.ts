import type { ImageReference, MeasurementGroup, ReportFigure, ReportGraphic } from '../../../shared/contract/index.ts';
import type { Figure, Measurement } from '../../../shared/marks/index.ts';
import { type Annotation, type AnnotationKind, boxOf, isArea } from '../../../shared/marks/index.ts';
import type { Point } from '../geometry.ts';

/** A mark as a group of a measurement report; undefined for key images, which have a document of their own. `word`: what its kind is called. */
export function groupOf(
  annotation: Annotation,
  measurement: Measurement,
  image: ImageReference,
  word: string,
): MeasurementGroup | undefined {
  const { kind, points, name } = annotation;
  const [first] = points;
  if (kind === 'key-image' || first === undefined) return undefined;
  const base = { trackingUID: trackingUIDOf(annotation.id), name: storable(name) || word, image };
  if (kind === 'text' || kind === 'spine' || kind === 'arrow') {
    const graphic = kind === 'arrow' ? polyline(points) : point(first);
    return { ...base, name: word, figures: [], comment: { text: storable(name) || word, graphic } };
  }
  if (isArea(kind)) {
    return { ...base, region: outlineOf(kind, points), figures: [...measurement.figures.flatMap(plain), ...statisticsOf(measurement)] };
  }
  if (kind === 'probe') {
    const graphic = [point(first)];
    const figures = measurement.figures.map(({ value, unit }) => ({ what: 'value' as const, value, unit, graphic }));
    const { colour } = measurement;
    if (colour === undefined) return { ...base, figures };
    return { ...base, figures, comment: { text: `R ${colour[0]} G ${colour[1]} B ${colour[2]}`, graphic: point(first) } };
  }
  return { ...base, figures: lineFigures(kind, points, measurement) };
}

function lineFigures(kind: AnnotationKind, points: readonly Point[], { figures }: Measurement): ReportFigure[] {
  const axes = kind === 'bidirectional' || kind === 'cobb';
  const lines = axes ? [polyline(points.slice(0, 2)), ...(points.length > 2 ? [polyline(points.slice(2, 4))] : [])] : [polyline(points)];
  return figures.flatMap((figure): ReportFigure[] => {
    const { what, value, unit } = figure;
    if (kind === 'bidirectional' && (what === 'length' || what === 'short')) {
      const graphic = lines[what === 'length' ? 0 : 1];
      const name = what === 'length' ? ('longAxis' as const) : ('shortAxis' as const);
      return [{ what: name, value, unit, ...(graphic === undefined ? {} : { graphic: [graphic] }) }];
    }
    return plain(figure).map((one) => ({ ...one, ...(kind === 'cobb' ? { what: 'cobbAngle' as const } : {}), graphic: lines }));
  });
}

/** What a figure measures; an axis of time or velocity has no name of its own. */
function plain({ what, value, unit }: Figure): ReportFigure[] {
  const name = what === 'length' || what === 'angle' || what === 'area' ? what : 'value';
  return Number.isFinite(value) ? [{ what: name, value, unit }] : [];
}

function statisticsOf({ statistics, valueUnit: unit }: Measurement): ReportFigure[] {
  if (statistics === undefined) return [];
  const { mean, deviation, minimum, maximum } = statistics;
  return [
    { what: 'mean', value: mean, unit },
    { what: 'deviation', value: deviation, unit },
    { what: 'minimum', value: minimum, unit },
    { what: 'maximum', value: maximum, unit },
  ];
}

/** Closed, as a region must be (PS3.16 TID 1410). */
function outlineOf(kind: AnnotationKind, points: readonly Point[]): ReportGraphic {
  const { left, top, width, height } = boxOf(points);
  const [right, bottom, x, y] = [left + width, top + height, left + width / 2, top + height / 2];
  if (kind === 'ellipse') {
    const across = [left, y, right, y];
    const down = [x, top, x, bottom];
    // Ends of the major axis, then of the minor one (PS3.3 C.18.6.1.2).
    return { type: 'ELLIPSE', data: width >= height ? [...across, ...down] : [...down, ...across] };
  }
  const outline =
    kind === 'rectangle'
      ? [
          { x: left, y: top },
          { x: right, y: top },
          { x: right, y: bottom },
          { x: left, y: bottom },
        ]
      : points;
  return polyline([...outline, ...outline.slice(0, 1)]);
}

function polyline(points: readonly Point[]): ReportGraphic {
  return { type: 'POLYLINE', data: points.flatMap(({ x, y }) => [x, y]) };
}

function point({ x, y }: Point): ReportGraphic {
  return { type: 'POINT', data: [x, y] };
}

/** The UID of a mark, the same in every report: that of its UUID (PS3.5 B.2). */
export function trackingUIDOf(id: string): string {
  return /^[0-9a-f-]{36}$/i.test(id) ? `2.25.${BigInt(`0x${id.replaceAll('-', '')}`)}` : '2.25.0';
}

/** The mark that a UID of ours names; undefined where it is none of a UUID. */
export function idOfTracking(uid: string): string | undefined {
  const [, decimal] = /^2\.25\.(\d{1,39})$/.exec(uid) ?? [];
  if (decimal === undefined || decimal === '0') return undefined;
  const hex = BigInt(decimal).toString(16).padStart(32, '0');
  if (hex.length > 32) return undefined;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function storable(text: string): string {
  return text
    .replace(/[\\\p{Cc}]/gu, ' ')
    .trim()
    .slice(0, 1000);
}
