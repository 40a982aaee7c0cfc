/** How the stage is divided: a tree of splits whose leaves are panes. */
export type Layout = PaneLeaf | Split;
export type PaneId = string;

interface PaneLeaf {
  readonly kind: 'pane';
  readonly pane: PaneId;
}

export interface Split {
  readonly kind: 'split';
  /** `row`: parts stand side by side; `column`: below each other. */
  readonly direction: 'row' | 'column';
  /** Shares of the parts; they add up to 1. */
  readonly sizes: readonly number[];
  readonly parts: readonly Layout[];
}

/** A part of the stage, as shares of its width and height. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PaneBox extends Box {
  readonly pane: PaneId;
}

/** The line between two parts of a split: where it is, and which it is. */
export interface Divider extends Box {
  readonly path: readonly number[];
  /** Between parts `index` and `index + 1`. */
  readonly index: number;
  readonly direction: Split['direction'];
  /** Share of the stage that the split takes in its direction. */
  readonly extent: number;
}

export const MAX_SIDE = 6;
const WHOLE: Box = { x: 0, y: 0, width: 1, height: 1 };
/** No part gets smaller than this share of its split. */
const MIN_SHARE = 0.08;

export function gridLayout(rows: number, columns: number, panes: readonly PaneId[]): Layout {
  const row = (at: number) => splitOf('row', panes.slice(at * columns, (at + 1) * columns).map(leaf));
  return splitOf(
    'column',
    Array.from({ length: rows }, (_, at) => row(at)),
  );
}

function leaf(pane: PaneId): PaneLeaf {
  return { kind: 'pane', pane };
}

function splitOf(direction: Split['direction'], parts: readonly Layout[]): Layout {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return { kind: 'split', direction, sizes: parts.map(() => 1 / parts.length), parts };
}

/** Panes in reading order of the tree. */
export function panesOf(layout: Layout): PaneId[] {
  return layout.kind === 'pane' ? [layout.pane] : layout.parts.flatMap(panesOf);
}

export function boxesOf(layout: Layout, box: Box = WHOLE): PaneBox[] {
  if (layout.kind === 'pane') return [{ ...box, pane: layout.pane }];
  return layout.parts.flatMap((part, index) => boxesOf(part, partBox(layout, index, box)));
}

export function dividersOf(layout: Layout, box: Box = WHOLE, path: readonly number[] = []): Divider[] {
  if (layout.kind === 'pane') return [];
  const { direction } = layout;
  return layout.parts.flatMap((part, index) => {
    const inner = partBox(layout, index, box);
    const deeper = dividersOf(part, inner, [...path, index]);
    if (index === layout.parts.length - 1) return deeper;
    const line =
      direction === 'row' ? { ...inner, x: inner.x + inner.width, width: 0 } : { ...inner, y: inner.y + inner.height, height: 0 };
    return [...deeper, { ...line, path, index, direction, extent: direction === 'row' ? box.width : box.height }];
  });
}

function partBox({ direction, sizes }: Split, index: number, box: Box): Box {
  const before = sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
  const size = sizes[index] ?? 0;
  return direction === 'row'
    ? { ...box, x: box.x + before * box.width, width: size * box.width }
    : { ...box, y: box.y + before * box.height, height: size * box.height };
}

/** The divider moved so that part `index` of the split at `path` takes `by` more of the split (a share; negative = less). */
export function moveDivider(layout: Layout, path: readonly number[], index: number, by: number): Layout {
  if (layout.kind === 'pane') return layout;
  const [next, ...rest] = path;
  if (next !== undefined) {
    return { ...layout, parts: layout.parts.map((part, at) => (at === next ? moveDivider(part, rest, index, by) : part)) };
  }
  const [one = 0, other = 0] = [layout.sizes[index], layout.sizes[index + 1]];
  const moved = Math.max(MIN_SHARE - one, Math.min(other - MIN_SHARE, by));
  return { ...layout, sizes: layout.sizes.map((size, at) => (at === index ? size + moved : at === index + 1 ? size - moved : size)) };
}

/** A pane cut in two; the new one stands to the right of it or below. */
export function splitPane(layout: Layout, pane: PaneId, direction: Split['direction'], added: PaneId): Layout {
  if (layout.kind === 'pane') return layout.pane === pane ? splitOf(direction, [layout, leaf(added)]) : layout;
  const at = layout.parts.findIndex((part) => part.kind === 'pane' && part.pane === pane);
  if (at >= 0 && layout.direction === direction) {
    const half = (layout.sizes[at] ?? 0) / 2;
    return {
      ...layout,
      sizes: layout.sizes.flatMap((size, index) => (index === at ? [half, half] : [size])),
      parts: layout.parts.flatMap((part, index) => (index === at ? [part, leaf(added)] : [part])),
    };
  }
  return { ...layout, parts: layout.parts.map((part) => splitPane(part, pane, direction, added)) };
}

/** Without the pane, whose room its neighbours take; the last pane stays. */
export function removePane(layout: Layout, pane: PaneId): Layout {
  return without(layout, pane) ?? layout;
}

function without(layout: Layout, pane: PaneId): Layout | undefined {
  if (layout.kind === 'pane') return layout.pane === pane ? undefined : layout;
  const kept = layout.parts.flatMap((part, index) => {
    const left = without(part, pane);
    return left === undefined ? [] : [{ left, size: layout.sizes[index] ?? 0 }];
  });
  if (kept.length <= 1) return kept[0]?.left;
  const total = kept.reduce((sum, { size }) => sum + size, 0);
  return { ...layout, sizes: kept.map(({ size }) => size / total), parts: kept.map(({ left }) => left) };
}

/** The next pane in reading order of the screen, round at the ends. */
export function nextPane(layout: Layout, pane: PaneId, by: 1 | -1): PaneId {
  const panes = boxesOf(layout)
    .sort((a, b) => a.y - b.y || a.x - b.x)
    .map((box) => box.pane);
  const at = panes.indexOf(pane);
  return panes[(at + by + panes.length) % panes.length] ?? pane;
}

/** Rows and columns where the layout is an even grid. */
export function gridOf(layout: Layout): { rows: number; columns: number } | undefined {
  const boxes = boxesOf(layout);
  const rows = new Set(boxes.map(({ y }) => y.toFixed(3))).size;
  const columns = new Set(boxes.map(({ x }) => x.toFixed(3))).size;
  const even = boxes.every(({ width, height }) => Math.abs(width * columns - 1) < 0.01 && Math.abs(height * rows - 1) < 0.01);
  return even && rows * columns === boxes.length ? { rows, columns } : undefined;
}
