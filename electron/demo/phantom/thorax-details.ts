import { randomFrom } from './noise.ts';
import { cageAxes, inLung } from './thorax.ts';

/** A piece of a lung vessel, in mm. */
interface Segment {
  readonly a: readonly [number, number, number];
  readonly b: readonly [number, number, number];
  readonly radius: number;
}

/** A square picture of HU under construction: pixel (column, row) lies at ((column + 0.5) × pixel − half, …) mm. */
export interface Canvas {
  readonly values: Float32Array;
  readonly side: number;
  /** mm per pixel. */
  readonly pixel: number;
}

/** Paints what is too fine for the coarse anatomy: lung vessels, ribs, one nodule. */
export class ThoraxDetails {
  readonly #byHeight = new Map<number, Segment[]>();

  constructor(seed: number) {
    for (const segment of vesselTree(seed)) {
      const low = Math.floor((Math.min(segment.a[2], segment.b[2]) - segment.radius) / 4);
      const high = Math.floor((Math.max(segment.a[2], segment.b[2]) + segment.radius) / 4);
      for (let key = low; key <= high; key += 1) {
        const list = this.#byHeight.get(key);
        if (list === undefined) this.#byHeight.set(key, [segment]);
        else list.push(segment);
      }
    }
  }

  paint(canvas: Canvas, z: number): void {
    for (const segment of this.#byHeight.get(Math.floor(z / 4)) ?? []) paintVessel(canvas, segment, z);
    paintNodule(canvas, z);
    for (let rib = 0; rib < 11; rib += 1) paintRib(canvas, rib, z);
  }
}

/** Grows from each hilum into the lung, halving as it goes. */
function vesselTree(seed: number): Segment[] {
  const random = randomFrom(seed);
  const segments: Segment[] = [];
  const open: { at: readonly [number, number, number]; direction: readonly [number, number, number]; radius: number; length: number }[] =
    [];
  for (const side of [-1, 1]) {
    for (let i = 0; i < 11; i += 1) {
      const around = (i / 11) * Math.PI * 2 + random() * 0.4;
      const direction = unit([side * (0.55 + 0.5 * random()), Math.sin(around) * 0.95, Math.cos(around) * 1.25]);
      open.push({ at: [side * 40, 20, 18 - 12 * random()], direction, radius: 4.6, length: 26 + 8 * random() });
    }
  }
  while (open.length > 0 && segments.length < 9000) {
    const { at, direction, radius, length } = open.shift() ?? { at: [0, 0, 0], direction: [1, 0, 0], radius: 0, length: 0 };
    const end: [number, number, number] = [at[0] + direction[0] * length, at[1] + direction[1] * length, at[2] + direction[2] * length];
    if (radius < 0.42 || !inLung(end[0], end[1], end[2], 4)) {
      if (radius < 0.42 || length < 5) continue;
      open.push({ at, direction: unit(bent(direction, 0.9, random)), radius: radius * 0.9, length: length * 0.55 });
      continue;
    }
    segments.push({ a: at, b: end, radius });
    const children = random() < 0.25 ? 3 : 2;
    for (let i = 0; i < children; i += 1) {
      const share = i === 0 ? 0.84 : 0.66;
      open.push({
        at: end,
        direction: unit(bent(direction, i === 0 ? 0.45 : 0.95, random)),
        radius: radius * share,
        length: length * (0.72 + 0.25 * random()),
      });
    }
  }
  return segments;
}

function bent(direction: readonly [number, number, number], by: number, random: () => number): [number, number, number] {
  return [direction[0] + by * (random() * 2 - 1), direction[1] + by * (random() * 2 - 1), direction[2] + by * (random() * 2 - 1)];
}

function unit([x, y, z]: readonly [number, number, number]): readonly [number, number, number] {
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

/** Half of the slab that a slice shows, mm. */
const SLAB = 0.6;

function paintVessel(canvas: Canvas, { a, b, radius }: Segment, z: number): void {
  const reach = radius + SLAB;
  const dz = b[2] - a[2];
  let from = 0;
  let to = 1;
  if (Math.abs(dz) > 1e-3) {
    const t1 = (z - reach - a[2]) / dz;
    const t2 = (z + reach - a[2]) / dz;
    from = Math.max(0, Math.min(t1, t2));
    to = Math.min(1, Math.max(t1, t2));
  } else if (Math.abs(z - a[2]) > reach) return;
  if (from > to) return;
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) * (to - from);
  const steps = Math.max(1, Math.ceil(length / Math.max(0.6, radius * 0.7)));
  for (let i = 0; i <= steps; i += 1) {
    const t = from + ((to - from) * i) / steps;
    const off = Math.max(0, Math.abs(a[2] + dz * t - z) - SLAB);
    const r = Math.sqrt(Math.max(0.05, radius * radius - off * off));
    stamp(canvas, a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, r, 60, 'brighter');
  }
}

function paintNodule(canvas: Canvas, z: number): void {
  const height = z - 62;
  if (Math.abs(height) > 6) return;
  stamp(canvas, -72, -22, Math.sqrt(36 - height * height), 38, 'brighter');
  for (let i = 0; i < 7; i += 1) {
    const angle = i * 0.9 + z;
    stamp(canvas, -72 + 6.4 * Math.cos(angle), -22 + 6.4 * Math.sin(angle), 0.7, -250, 'brighter');
  }
}

/** Ribs run from the spine forwards and down round the chest; a slice cuts each obliquely. */
function paintRib(canvas: Canvas, rib: number, z: number): void {
  const top = 168 - rib * 25;
  const drop = 62 + rib * 5;
  const from = Math.max(0, (top - z - 5) / drop);
  const to = Math.min(1, (top - z + 5) / drop);
  if (from >= to) return;
  const steps = Math.ceil((to - from) * 190);
  for (const side of [-1, 1]) {
    for (const [radius, value] of [
      [4.3, 640],
      [2.5, 190],
    ] as const) {
      for (let i = 0; i <= steps; i += 1) {
        const t = from + ((to - from) * i) / steps;
        const height = top - drop * t;
        const [rx, ry] = cageAxes(height);
        const angle = 0.16 + t * 2.55;
        const thin = 1 - 0.35 * Math.min(1, Math.abs(height - z) / 5);
        const soft = t > 0.86 ? value * 0.28 : value;
        stamp(canvas, side * (rx + 6) * Math.sin(angle), (ry + 6) * Math.cos(angle), radius * thin, soft, radius > 3 ? 'brighter' : 'over');
      }
    }
  }
}

/** Sets a disc, its rim blended. */
function stamp({ values, side, pixel }: Canvas, x: number, y: number, radius: number, value: number, how: 'brighter' | 'over'): void {
  const cx = x / pixel + side / 2 - 0.5;
  const cy = y / pixel + side / 2 - 0.5;
  const r = radius / pixel;
  const top = Math.max(0, Math.ceil(cy - r - 0.5));
  const bottom = Math.min(side - 1, Math.floor(cy + r + 0.5));
  const left = Math.max(0, Math.ceil(cx - r - 0.5));
  const right = Math.min(side - 1, Math.floor(cx + r + 0.5));
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const share = Math.min(1, Math.max(0, r + 0.5 - Math.hypot(column - cx, row - cy)));
      const at = row * side + column;
      const old = values[at] ?? 0;
      const next = old + (value - old) * share;
      if (how === 'over' || next > old) values[at] = next;
    }
  }
}
