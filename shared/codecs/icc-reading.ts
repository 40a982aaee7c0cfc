import { PhosphorError } from '../contract/phosphor-error.ts';

/** A tag of an ICC profile: where its element lies. */
export interface TagPlace {
  readonly offset: number;
  readonly length: number;
}

/** A curve of a profile, 0 to 1 on both axes. */
export type Curve = (x: number) => number;

const HEADER = 128;
const MAX_TAGS = 200;

/** The tag table of a profile. Throws PhosphorError `damaged`. */
export function tagsOf(view: DataView): Map<string, TagPlace> {
  const count = view.getUint32(HEADER);
  if (count > MAX_TAGS) throw damaged();
  const tags = new Map<string, TagPlace>();
  for (let i = 0; i < count; i++) {
    const at = HEADER + 4 + 12 * i;
    const [offset, length] = [view.getUint32(at + 4), view.getUint32(at + 8)];
    if (offset + length > view.byteLength) throw damaged();
    tags.set(signature(view, at), { offset, length });
  }
  return tags;
}

/** curveType or parametricCurveType (ICC.1 §10.6, §10.18), and the bytes it takes. Throws PhosphorError `damaged` for anything else. */
export function curveAt(view: DataView, { offset, length }: TagPlace): { readonly curve: Curve; readonly bytes: number } {
  if (length < 12) throw damaged();
  const kind = signature(view, offset);
  if (kind === 'para') return parametric(view, offset, length);
  if (kind !== 'curv') throw damaged();
  const count = view.getUint32(offset + 8);
  const bytes = 12 + 2 * count;
  if (count > 65_536 || bytes > length) throw damaged();
  if (count === 0) return { curve: (x) => x, bytes };
  if (count === 1) {
    const gamma = view.getUint16(offset + 12) / 256;
    return { curve: (x) => x ** gamma, bytes };
  }
  const entries = Float64Array.from({ length: count }, (_, i) => view.getUint16(offset + 12 + 2 * i) / 65_535);
  return { curve: (x) => between(entries, x), bytes };
}

/** The value of evenly spread entries at a place from 0 to 1. */
export function between(entries: Float64Array, x: number, first = 0, count = entries.length): number {
  const at = Math.min(Math.max(x, 0), 1) * (count - 1);
  const below = Math.min(count - 2, Math.floor(at));
  const low = entries[first + below] as number;
  return low + ((entries[first + below + 1] as number) - low) * (at - below);
}

const PARAMETERS = [1, 3, 4, 5, 7] as const;

function parametric(view: DataView, offset: number, length: number): { curve: Curve; bytes: number } {
  const type = view.getUint16(offset + 8);
  const count = PARAMETERS[type];
  const bytes = 12 + 4 * (count ?? 0);
  if (count === undefined || bytes > length) throw damaged();
  const [g = 1, a = 1, b = 0, third = 0, d = 0, e = 0, f = 0] = Array.from({ length: count }, (_, i) => fixed(view, offset + 12 + 4 * i));
  const value = (x: number): number => {
    if (type === 0) return x ** g;
    if (type === 1) return x >= -b / a ? (a * x + b) ** g : 0;
    if (type === 2) return x >= -b / a ? (a * x + b) ** g + third : third;
    if (type === 3) return x >= d ? (a * x + b) ** g : third * x;
    return x >= d ? (a * x + b) ** g + e : third * x + f;
  };
  return {
    curve: (x) => {
      const y = value(x);
      return Number.isNaN(y) ? 0 : Math.max(0, Math.min(1, y));
    },
    bytes,
  };
}

/** s15Fixed16Number. */
export function fixed(view: DataView, at: number): number {
  return view.getInt32(at) / 65_536;
}

export function signature(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

export const damaged = (): PhosphorError => new PhosphorError('damaged', 'the ICC profile is damaged');
