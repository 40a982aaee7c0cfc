import { createStore } from 'zustand/vanilla';
import { uid } from '../../../shared/contract/index.ts';
import type { ViewerSession } from '../layout/session.ts';
import type { Moved, Pane } from '../pane.ts';
import { areParallel, nearestPlane, type Vector } from '../sync/planes.ts';
import type { Window as ValueWindow } from '../voi.ts';

const CHANNEL = 'phosphor.link';

/** What one window tells the others. Of the same program and the same origin, and still checked. */
export type LinkMessage =
  | { readonly kind: 'asks' }
  | { readonly kind: 'linked'; readonly on: boolean }
  | {
      readonly kind: 'slice';
      readonly studyInstanceUID: string;
      readonly frameOfReferenceUID: string;
      readonly origin: Vector;
      readonly normal: Vector;
    }
  | {
      readonly kind: 'window';
      readonly studyInstanceUID: string;
      readonly modality: string;
      readonly window: ValueWindow | 'file' | 'auto';
    };

/** Whether the reader has linked the windows; one switch for all of them. */
export const windowsLinked = createStore<{ readonly on: boolean }>(() => ({ on: false }));

/** Keeps the panes that show one study together over all windows: place in the patient, and window. Lives as long as its viewer. */
export class WindowLink {
  readonly #session: ViewerSession;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #ends: (() => void)[];

  constructor(session: ViewerSession) {
    this.#session = session;
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const message = readMessage(data);
      if (message !== undefined) this.#take(message);
    };
    const moved = (pane: Pane, what: Moved) => this.#moved(pane, what);
    session.moved.add(moved);
    const switched = windowsLinked.subscribe(({ on }, before) => {
      if (on !== before.on) this.#tell({ kind: 'linked', on });
    });
    this.#ends = [() => session.moved.delete(moved), switched];
    this.#tell({ kind: 'asks' });
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#channel.close();
  }

  #tell(message: LinkMessage): void {
    this.#channel.postMessage(message);
  }

  #moved(pane: Pane, what: Moved): void {
    if (!windowsLinked.getState().on) return;
    const content = this.#session.state.getState().contents[pane.id];
    if (content === undefined) return;
    const { studyInstanceUID } = content;
    if (what === 'slice') {
      const plane = pane.wanted?.plane;
      if (plane === undefined || plane.frameOfReferenceUID === '') return;
      const { frameOfReferenceUID, origin, normal } = plane;
      this.#tell({ kind: 'slice', studyInstanceUID, frameOfReferenceUID, origin, normal });
    } else if (what === 'window') {
      const modality = this.#session.find(content)?.series.modality ?? '';
      this.#tell({ kind: 'window', studyInstanceUID, modality, window: pane.presentation.window });
    }
  }

  #take(message: LinkMessage): void {
    if (message.kind === 'asks') {
      if (windowsLinked.getState().on) this.#tell({ kind: 'linked', on: true });
      return;
    }
    if (message.kind === 'linked') {
      // Telling it on, as the listener above does, changes nothing anywhere and so ends there.
      if (windowsLinked.getState().on !== message.on) windowsLinked.setState({ on: message.on });
      return;
    }
    if (!windowsLinked.getState().on) return;
    const { contents } = this.#session.state.getState();
    for (const pane of this.#session.panes()) {
      const content = contents[pane.id];
      if (content?.studyInstanceUID !== message.studyInstanceUID) continue;
      if (message.kind === 'slice') followSlice(pane, message);
      else if ((this.#session.find(content)?.series.modality ?? '') === message.modality) pane.change({ window: message.window });
    }
  }
}

function followSlice(pane: Pane, { frameOfReferenceUID, origin, normal }: Extract<LinkMessage, { kind: 'slice' }>): void {
  const volume = pane.wanted?.volume;
  const planes = pane.frames.map(({ plane, volume: own }) =>
    plane !== undefined && own === volume && areParallel(plane, { normal }) ? plane : undefined,
  );
  const index = nearestPlane(planes, frameOfReferenceUID, origin);
  if (index !== undefined) pane.followTo(index);
}

/** Undefined for what is not one of ours. */
export function readMessage(data: unknown): LinkMessage | undefined {
  if (typeof data !== 'object' || data === null || !('kind' in data)) return undefined;
  const said = data as Readonly<Record<string, unknown>>;
  if (said.kind === 'asks') return { kind: 'asks' };
  if (said.kind === 'linked' && typeof said.on === 'boolean') return { kind: 'linked', on: said.on };
  const study = uid.safeParse(said.studyInstanceUID);
  if (!study.success) return undefined;
  const studyInstanceUID = study.data;
  if (said.kind === 'slice') {
    const space = uid.safeParse(said.frameOfReferenceUID);
    const [origin, normal] = [vector(said.origin), vector(said.normal)];
    if (!space.success || origin === undefined || normal === undefined) return undefined;
    return { kind: 'slice', studyInstanceUID, frameOfReferenceUID: space.data, origin, normal };
  }
  if (said.kind === 'window' && typeof said.modality === 'string' && said.modality.length <= 16) {
    const window = valueWindow(said.window);
    if (window !== undefined) return { kind: 'window', studyInstanceUID, modality: said.modality, window };
  }
  return undefined;
}

function vector(value: unknown): Vector | undefined {
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [x, y, z]: unknown[] = value;
  if (typeof x !== 'number' || typeof y !== 'number' || typeof z !== 'number') return undefined;
  return [x, y, z].every(Number.isFinite) ? [x, y, z] : undefined;
}

const FUNCTIONS = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const;

/** A window of numbers: a table of the file (VOI LUT) is not sent about. */
function valueWindow(value: unknown): ValueWindow | 'file' | 'auto' | undefined {
  if (value === 'file' || value === 'auto') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const { center, width, function: kind } = value as Readonly<Record<string, unknown>>;
  const known = FUNCTIONS.find((one) => one === kind);
  if (typeof center !== 'number' || typeof width !== 'number' || known === undefined) return undefined;
  return Number.isFinite(center) && width > 0 && Number.isFinite(width) ? { center, width, function: known } : undefined;
}
