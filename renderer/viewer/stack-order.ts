import type { ImageModule, ManifestInstance } from '../../shared/contract/index.ts';
import { dot, type Plane, planeOfFrame } from './sync/planes.ts';

/** A frame on its way into a stack. */
export interface Unsorted {
  readonly instance: ManifestInstance;
  readonly frame: number;
  readonly image: ImageModule | undefined;
}

/** Where a frame stands in its stack. */
export interface Sorted extends Unsorted {
  readonly plane?: Plane;
  /** Of planes that are parallel: 0-based group; images turned differently make groups of their own. */
  readonly group?: number;
  /** Of several volumes at the same places (4D): 0-based, with what tells them apart. */
  readonly volume?: number;
  readonly volumeLabel?: string;
  /** Along the normal of the group, mm. */
  readonly distance?: number;
}

interface Placed extends Sorted {
  readonly plane: Plane;
  readonly distance: number;
  readonly group: number;
}

/**
 * Frames in the order of a stack: groups of parallel planes, in each the volumes (by time, echo, b-value), in each volume by position, from
 * the end that the scanner numbered first. Frames without a place in the patient keep their order, behind those that have one.
 */
export function sortStack(frames: readonly Unsorted[]): Sorted[] {
  const placed = placeAll(frames);
  if (placed === undefined) return [...frames];
  const groups = new Map<number, Placed[]>();
  for (const frame of placed.sorted) {
    const group = groups.get(frame.group);
    if (group === undefined) groups.set(frame.group, [frame]);
    else group.push(frame);
  }
  return [...[...groups.values()].flatMap(sortGroup), ...placed.rest];
}

const PARALLEL = 0.9995;
/** Positions nearer than this are the same place, mm. */
const SAME_PLACE = 0.02;

function placeAll(frames: readonly Unsorted[]): { sorted: Placed[]; rest: Unsorted[] } | undefined {
  const rest: Unsorted[] = [];
  const sorted: Placed[] = [];
  const normals: Plane['normal'][] = [];
  for (const frame of frames) {
    const plane = frame.image === undefined ? undefined : planeOfFrame(frame.image, frame.frame);
    if (plane === undefined) {
      rest.push(frame);
      continue;
    }
    let group = normals.findIndex((normal) => dot(normal, plane.normal) > PARALLEL);
    if (group < 0) group = normals.push(plane.normal) - 1;
    sorted.push({ ...frame, plane, group, distance: dot(normals[group] ?? plane.normal, plane.origin) });
    // Each image turned differently (rotational views): positions say nothing about their order.
    if (normals.length > MAX_GROUPS) return undefined;
  }
  const images = frames.filter(({ image }) => image !== undefined).length;
  return sorted.length === 0 || sorted.length < images ? undefined : { sorted, rest };
}

const MAX_GROUPS = 16;

function sortGroup(frames: readonly Placed[]): Sorted[] {
  const places = new Map<number, Placed[]>();
  for (const frame of frames) {
    const place = Math.round(frame.distance / SAME_PLACE);
    const there = places.get(place);
    if (there === undefined) places.set(place, [frame]);
    else there.push(frame);
  }
  const most = Math.max(...[...places.values()].map((there) => there.length));
  const volumes = most === 1 ? [[...frames]] : (byAcquisition(frames, places) ?? byRank(places, most));
  const label = volumes.length === 1 ? undefined : labeller(frames);
  return volumes.flatMap((volume, index) => {
    const inOrder = volume.sort((a, b) => a.distance - b.distance);
    return (runsDown(inOrder) ? inOrder.reverse() : inOrder).map((frame) => ({
      ...frame,
      ...(label === undefined ? {} : { volume: index, volumeLabel: label(frame) }),
    }));
  });
}

/** Several acquisitions in one series, each place once in each: the acquisitions are the volumes. */
function byAcquisition(frames: readonly Placed[], places: ReadonlyMap<number, readonly Placed[]>): Placed[][] | undefined {
  const acquisitions = new Map<number, Placed[]>();
  for (const frame of frames) {
    const number = frame.instance.acquisitionNumber;
    if (number === undefined) return undefined;
    const there = acquisitions.get(number);
    if (there === undefined) acquisitions.set(number, [frame]);
    else there.push(frame);
  }
  const once = [...places.values()].every(
    (there) => new Set(there.map(({ instance }) => instance.acquisitionNumber)).size === there.length,
  );
  if (!once || acquisitions.size < 2) return undefined;
  return [...acquisitions].sort(([a], [b]) => a - b).map(([, volume]) => volume);
}

/** The first image at each place in order of time, echo, b-value is the first volume, and so on. */
function byRank(places: ReadonlyMap<number, Placed[]>, most: number): Placed[][] {
  const volumes: Placed[][] = Array.from({ length: most }, () => []);
  for (const there of places.values()) {
    there.sort(compareKeys);
    for (const [rank, frame] of there.entries()) volumes[rank]?.push(frame);
  }
  return volumes;
}

type Dimension = 'time' | 'triggerTime' | 'echoTime' | 'bValue' | 'acquisitionTime';
const DIMENSIONS: readonly Dimension[] = ['time', 'triggerTime', 'echoTime', 'bValue', 'acquisitionTime'];

function compareKeys(a: Placed, b: Placed): number {
  for (const dimension of DIMENSIONS) {
    const difference = (dimensionOf(a, dimension) ?? 0) - (dimensionOf(b, dimension) ?? 0);
    if (difference !== 0) return difference;
  }
  return (a.instance.instanceNumber ?? 0) - (b.instance.instanceNumber ?? 0) || a.frame - b.frame;
}

function dimensionOf({ image, frame }: Unsorted, dimension: Dimension): number | undefined {
  const reading = image?.reading;
  const own = reading?.frames?.[frame];
  switch (dimension) {
    case 'time':
      return own?.time ?? reading?.temporalPosition;
    case 'bValue':
      return own?.bValue ?? reading?.bValue;
    case 'echoTime':
      return own?.echoTime ?? reading?.echoTime;
    case 'triggerTime':
      return reading?.triggerTime;
    case 'acquisitionTime':
      return reading?.acquisitionTime;
  }
}

/** What tells volumes apart, as the corner text shows it: the first dimension that differs at one place. */
function labeller(frames: readonly Placed[]): (frame: Placed) => string {
  const place = (frame: Placed) => Math.round(frame.distance / SAME_PLACE);
  const first = frames[0];
  const there = first === undefined ? [] : frames.filter((frame) => place(frame) === place(first));
  const varies = DIMENSIONS.find((dimension) => new Set(there.map((frame) => dimensionOf(frame, dimension))).size > 1);
  if (varies === undefined || varies === 'acquisitionTime' || varies === 'time') return () => '';
  return (frame) => {
    const value = dimensionOf(frame, varies);
    return value === undefined ? '' : LABELS[varies](Number(value.toPrecision(4)));
  };
}

const LABELS = {
  bValue: (value: number) => `b ${value}`,
  echoTime: (value: number) => `TE ${value} ms`,
  triggerTime: (value: number) => `${value} ms`,
} as const;

function runsDown(frames: readonly Placed[]): boolean {
  let up = 0;
  let down = 0;
  for (let i = 1; i < frames.length; i++) {
    const [before, now] = [frames[i - 1], frames[i]];
    const step = (now?.instance.instanceNumber ?? 0) - (before?.instance.instanceNumber ?? 0) || (now?.frame ?? 0) - (before?.frame ?? 0);
    if (step > 0) up += 1;
    else if (step < 0) down += 1;
  }
  return down > 3 * up;
}

/** Slices that seem to be missing: behind which frame of the stack, and how many. */
export interface Gap {
  readonly after: number;
  readonly missing: number;
}

/**
 * Gaps in evenly spaced stacks. A stack counts as evenly spaced where four of five steps are the same within a twentieth; only a gap of
 * whole steps counts.
 */
function findGaps(frames: readonly Sorted[]): Gap[] {
  const steps: { after: number; step: number }[] = [];
  for (let i = 1; i < frames.length; i++) {
    const [before, now] = [frames[i - 1], frames[i]];
    if (before?.distance === undefined || now?.distance === undefined) continue;
    if (before.group !== now.group || before.volume !== now.volume) continue;
    steps.push({ after: i - 1, step: Math.abs(now.distance - before.distance) });
  }
  if (steps.length < 4) return [];
  const median = [...steps].sort((a, b) => a.step - b.step)[Math.floor(steps.length / 2)]?.step ?? 0;
  if (!(median > SAME_PLACE)) return [];
  const even = steps.filter(({ step }) => Math.abs(step - median) < median / 20).length;
  if (even < steps.length * 0.8) return [];
  return steps.flatMap(({ after, step }) => {
    const whole = step / median;
    return whole > 1.5 && Math.abs(whole - Math.round(whole)) < 0.2 ? [{ after, missing: Math.round(whole) - 1 }] : [];
  });
}

const gaps = new WeakMap<readonly Sorted[], readonly Gap[]>();

/** The gaps of a stack, found once. */
export function gapsOf(frames: readonly Sorted[]): readonly Gap[] {
  let found = gaps.get(frames);
  if (found === undefined) {
    found = findGaps(frames);
    gaps.set(frames, found);
  }
  return found;
}
