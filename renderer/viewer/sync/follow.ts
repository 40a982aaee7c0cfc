import type { Moved, Pane } from '../pane.ts';
import type { StackFrame } from '../stack.ts';
import { areParallel, dot, type Plane, shareSpace } from './planes.ts';

/** What linked panes share. */
export interface Links {
  /** `position`: the slice at the same place in the patient; `offset`: as many steps as the other pane makes. */
  readonly scroll: 'off' | 'position' | 'offset';
  readonly window: boolean;
  readonly view: boolean;
}

export const FREE: Links = { scroll: 'off', window: false, view: false };
export const LINKED: Links = { scroll: 'position', window: true, view: true };

/** Keeps panes together: each remembers where it stood beside the others when they were linked. */
export class Follower {
  /** Slice of each pane when the links were made, and the distance along its normal. */
  readonly #anchors = new Map<string, { seriesUID: string; index: number; distance: number | undefined }>();

  /** Panes stand as they are to each other from now on. */
  anchor(panes: Iterable<Pane>): void {
    this.#anchors.clear();
    for (const pane of panes) this.#anchorOf(pane);
  }

  /** The other panes follow one that moved. */
  follow(leader: Pane, moved: Moved, others: readonly Pane[], links: Links): void {
    for (const pane of others) {
      if (pane === leader || pane.frames.length === 0) continue;
      if (moved === 'slice' && links.scroll !== 'off') {
        const index = this.#sliceFor(leader, pane, links.scroll);
        if (index !== undefined) pane.followTo(index);
      } else if (moved === 'window' && links.window && sameModality(leader, pane)) pane.change({ window: leader.presentation.window });
      else if (moved === 'view' && links.view) {
        const { zoom, pan } = leader.presentation;
        pane.change({ zoom, pan: scalePan(pan, leader, pane) });
      }
    }
  }

  #sliceFor(leader: Pane, pane: Pane, by: 'position' | 'offset'): number | undefined {
    const from = leader.wanted;
    const there = pane.frames[0];
    if (from === undefined || there === undefined) return undefined;
    if (by === 'position' && from.plane !== undefined && there.plane !== undefined) {
      const volume = pane.wanted?.volume;
      if (shareSpace(from.plane, there.plane)) {
        if (!areParallel(from.plane, there.plane)) return undefined;
        return nearest(pane.frames, dot(there.plane.normal, from.plane.origin), volume, there.plane);
      }
      if (areParallel(from.plane, there.plane)) return this.#byDistance(leader, pane, from, there.plane, volume);
    }
    const [mine, other] = [this.#anchorOf(leader), this.#anchorOf(pane)];
    return other.index + leader.presentation.index - mine.index;
  }

  /** Another examination: no common space, but the same distances along the same direction from where they were linked. */
  #byDistance(leader: Pane, pane: Pane, from: StackFrame, plane: Plane, volume: number | undefined): number | undefined {
    const [mine, other] = [this.#anchorOf(leader), this.#anchorOf(pane)];
    if (mine.distance === undefined || other.distance === undefined || from.plane === undefined) return undefined;
    const turned = dot(from.plane.normal, plane.normal) < 0 ? -1 : 1;
    const travelled = dot(from.plane.normal, from.plane.origin) - mine.distance;
    return nearest(pane.frames, other.distance + travelled * turned, volume, plane);
  }

  #anchorOf(pane: Pane): { index: number; distance: number | undefined } {
    const { seriesUID } = pane.view;
    const wanted = pane.presentation.index;
    let anchor = this.#anchors.get(pane.id);
    if (anchor?.seriesUID !== seriesUID) {
      const plane = pane.wanted?.plane;
      anchor = { seriesUID, index: wanted, distance: plane === undefined ? undefined : dot(plane.normal, plane.origin) };
      this.#anchors.set(pane.id, anchor);
    }
    return anchor;
  }
}

/** The frame nearest to a distance along the normal of the series; of several volumes the one that is shown. */
function nearest(frames: readonly StackFrame[], distance: number, volume: number | undefined, like: Plane): number | undefined {
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, { plane, volume: own }] of frames.entries()) {
    if (plane === undefined || own !== volume || !areParallel(plane, like)) continue;
    const away = Math.abs(dot(like.normal, plane.origin) - distance);
    if (away < least) {
      least = away;
      best = index;
    }
  }
  return best;
}

function sameModality(a: Pane, b: Pane): boolean {
  const [one, other] = [a.view.shown?.image, b.view.shown?.image];
  return (
    one === undefined ||
    other === undefined ||
    (one.rescaleType === other.rescaleType && (one.samplesPerPixel === 1) === (other.samplesPerPixel === 1))
  );
}

function scalePan(pan: { x: number; y: number }, from: Pane, to: Pane): { x: number; y: number } {
  const factor = Math.min(to.view.size.width / from.view.size.width, to.view.size.height / from.view.size.height);
  return Number.isFinite(factor) ? { x: pan.x * factor, y: pan.y * factor } : pan;
}
