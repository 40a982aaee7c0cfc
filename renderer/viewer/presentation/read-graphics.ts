import type { Item } from '../dataset/item.ts';
import type { Point } from '../geometry.ts';
import { cssFromLab, rgbFromLab } from './lab.ts';
import { referencesOf } from './references.ts';
import type { Graphic, GraphicAnnotation, GraphicLayer, GraphicText, LineStyle, Shape, Units } from './state.ts';
import { StateTag as T } from './tags.ts';

/** Points and objects that a state may bring; what goes beyond is left out, and `cut` says so. */
const MAX_POINTS = 200_000;
const MAX_OBJECTS = 20_000;

/** Graphic Layer and Graphic Annotation modules (PS3.3 C.10.7, C.10.5), from the back to the front. */
export function layersOf(dataset: Item): { layers: GraphicLayer[]; cut: boolean } {
  const room = { points: MAX_POINTS, objects: MAX_OBJECTS };
  const byLayer = new Map<string, GraphicAnnotation[]>();
  for (const item of dataset.sequence(T.GraphicAnnotationSequence)) {
    const name = item.string(T.GraphicLayer);
    const list = byLayer.get(name) ?? [];
    list.push(annotationOf(item, room));
    byLayer.set(name, list);
  }
  const announced = dataset
    .sequence(T.GraphicLayerSequence)
    .map((item) => ({ item, name: item.string(T.GraphicLayer), order: item.number(T.GraphicLayerOrder) ?? 0 }))
    .sort((a, b) => a.order - b.order);
  const layers = announced.map(({ item, name }) => ({
    name,
    description: item.string(T.GraphicLayerDescription),
    colour: layerColour(item),
    annotations: byLayer.get(name) ?? [],
  }));
  const known = new Set(announced.map(({ name }) => name));
  for (const [name, annotations] of byLayer) {
    if (!known.has(name)) layers.push({ name, description: '', colour: undefined, annotations });
  }
  return { layers, cut: room.points < 0 || room.objects < 0 };
}

interface Room {
  points: number;
  objects: number;
}

function annotationOf(item: Item, room: Room): GraphicAnnotation {
  const take = (elements: Item[]): Item[] => {
    room.objects -= elements.length;
    return room.objects < 0 ? [] : elements;
  };
  const simple = take(item.sequence(T.GraphicObjectSequence));
  const texts = take(item.sequence(T.TextObjectSequence));
  // The same graphic stands there in simple forms as well, for who does not know the compound one (PS3.3 C.10.5.1.3).
  const spelledOut = new Set([...simple, ...texts].map((object) => object.number(T.CompoundGraphicInstanceID)));
  const compound = take(item.sequence(T.CompoundGraphicSequence)).filter(
    (object) => !spelledOut.has(object.number(T.CompoundGraphicInstanceID) ?? -1),
  );
  return {
    images: referencesOf(item),
    graphics: [
      ...simple.flatMap((object) => graphicOf(object, SIMPLE[object.string(T.GraphicType)], T.GraphicAnnotationUnits, room) ?? []),
      ...compound.flatMap(
        (object) => graphicOf(object, COMPOUND[object.string(T.CompoundGraphicType)], T.CompoundGraphicUnits, room) ?? [],
      ),
    ],
    texts: texts.map(textOf),
  };
}

const SIMPLE: Readonly<Partial<Record<string, Shape>>> = {
  POINT: 'point',
  POLYLINE: 'polyline',
  INTERPOLATED: 'interpolated',
  CIRCLE: 'circle',
  ELLIPSE: 'ellipse',
};
const COMPOUND: Readonly<Partial<Record<string, Shape>>> = {
  MULTILINE: 'multiline',
  INFINITELINE: 'infinite-line',
  CUTLINE: 'cut-line',
  RANGELINE: 'range-line',
  RULER: 'ruler',
  AXIS: 'ruler',
  CROSSHAIR: 'crosshair',
  ARROW: 'arrow',
  RECTANGLE: 'rectangle',
  ELLIPSE: 'box-ellipse',
};
const LEAST: Readonly<Record<Shape, number>> = {
  point: 1,
  crosshair: 1,
  polyline: 2,
  interpolated: 2,
  circle: 2,
  ellipse: 4,
  multiline: 2,
  'infinite-line': 2,
  'cut-line': 2,
  'range-line': 2,
  ruler: 2,
  arrow: 2,
  rectangle: 2,
  'box-ellipse': 2,
};

function graphicOf(object: Item, shape: Shape | undefined, unitsTag: string, room: Room): Graphic | undefined {
  const points = pointsOf(object.numbers(T.GraphicData));
  room.points -= points.length;
  if (shape === undefined || points.length < LEAST[shape] || room.points < 0) return undefined;
  const degrees = object.number(T.RotationAngle) ?? 0;
  return {
    shape,
    units: unitsOf(object.string(unitsTag)),
    points,
    filled: object.string(T.GraphicFilled) === 'Y',
    style: styleOf(object),
    gap: object.number(T.GapLength),
    turned: degrees === 0 ? undefined : { degrees, about: pointsOf(object.numbers(T.RotationPoint))[0] },
    ticks: object
      .sequence(T.MajorTicksSequence)
      .slice(0, 1000)
      .map((tick) => ({ at: tick.number(T.TickPosition) ?? 0, label: tick.string(T.TickLabel) })),
    group: object.number(T.GraphicGroupID),
  };
}

function textOf(object: Item): GraphicText {
  const [topLeft] = pointsOf(object.numbers(T.BoundingBoxTopLeftHandCorner));
  const [bottomRight] = pointsOf(object.numbers(T.BoundingBoxBottomRightHandCorner));
  const [point] = pointsOf(object.numbers(T.AnchorPoint));
  const align = object.string(T.BoundingBoxTextHorizontalJustification).toLowerCase();
  const [colour] = object.sequence(T.TextStyleSequence).map((style) => labOf(style, T.TextColorCIELabValue));
  return {
    text: object.string(T.UnformattedTextValue).slice(0, 1024),
    box:
      topLeft === undefined || bottomRight === undefined
        ? undefined
        : {
            units: unitsOf(object.string(T.BoundingBoxAnnotationUnits)),
            topLeft,
            bottomRight,
            align: align === 'right' || align === 'center' ? align : 'left',
          },
    anchor:
      point === undefined
        ? undefined
        : {
            units: unitsOf(object.string(T.AnchorPointAnnotationUnits)),
            point,
            line: object.string(T.AnchorPointVisibility) === 'Y',
          },
    colour,
    group: object.number(T.GraphicGroupID),
  };
}

function styleOf(object: Item): LineStyle {
  const line = object.first(T.LineStyleSequence);
  const fill = object.first(T.FillStyleSequence);
  return {
    colour: line === undefined ? undefined : labOf(line, T.PatternOnColorCIELabValue),
    thickness: line?.number(T.LineThickness),
    dashed: line?.string(T.LineDashingStyle) === 'DASHED',
    fill: fill === undefined ? undefined : labOf(fill, T.PatternOnColorCIELabValue),
  };
}

function layerColour(layer: Item): string | undefined {
  const levels = layerLevels(layer);
  return levels === undefined ? undefined : `rgb(${levels.join(' ')})`;
}

/** Red, green and blue (0 to 255) that a layer recommends; undefined where it recommends none. */
export function layerLevels(layer: Item): readonly number[] | undefined {
  const lab = layer.numbers(T.GraphicLayerRecommendedDisplayCIELabValue);
  if (lab.length === 3) return rgbFromLab(lab);
  const rgb = layer.numbers(T.GraphicLayerRecommendedDisplayRGBValue);
  const grey = layer.number(T.GraphicLayerRecommendedDisplayGrayscaleValue);
  const levels = rgb.length === 3 ? rgb : grey === undefined ? undefined : [grey, grey, grey];
  return levels?.map((level) => Math.max(0, Math.min(255, Math.round(level / 257))));
}

function labOf(item: Item, tag: string): string | undefined {
  const values = item.numbers(tag);
  return values.length === 3 ? cssFromLab(values) : undefined;
}

function unitsOf(name: string): Units {
  return name === 'DISPLAY' ? 'display' : 'image';
}

function pointsOf(numbers: readonly number[]): Point[] {
  const points: Point[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) points.push({ x: numbers[i] ?? 0, y: numbers[i + 1] ?? 0 });
  return points;
}
