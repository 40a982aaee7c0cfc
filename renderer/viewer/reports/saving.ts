import { createStore, type StoreApi } from 'zustand/vanilla';
import { PhosphorError, toErrorData } from '../../../shared/contract/index.ts';
import type { Client } from '../../api/types.ts';
import type { ViewerSession } from '../layout/session.ts';
import { paneElement, pngOf } from '../picture/copy.ts';
import { paintPane } from '../picture/paint.ts';
import { stateOfSession } from '../presentation/content-of-session.ts';
import { captureContent, keyImageContents, measurementContents, type ToMake } from './contents.ts';
import { makeInstance } from './made.ts';
import { sayReport } from './words.ts';

export const SAVED_KINDS = ['measurements', 'key-images', 'presentation', 'capture'] as const;
export type SavedKind = (typeof SAVED_KINDS)[number];

/** The series of an instance that was made. */
export interface SavedSeries {
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
}

export interface SavingState {
  readonly running: SavedKind | undefined;
  /** What came of the last one. */
  readonly said: { readonly sentence: string; readonly failed: boolean } | undefined;
  readonly saved: readonly SavedSeries[];
}

/** Makes reports, key object selections and captures of what is open in a viewer; one at a time. */
export class Saving {
  readonly state: StoreApi<SavingState> = createStore<SavingState>(() => ({ running: undefined, said: undefined, saved: [] }));
  readonly #client: Pick<Client, 'invoke' | 'subscribe'>;

  constructor(client: Pick<Client, 'invoke' | 'subscribe'>) {
    this.#client = client;
  }

  async save(session: ViewerSession, kind: SavedKind): Promise<void> {
    if (this.state.getState().running !== undefined) return;
    this.state.setState({ running: kind, said: undefined, saved: [] });
    try {
      const { contents, left, picture } = await contentsOf(session, kind);
      if (contents.length === 0) {
        this.#end(left > 0 ? sayReport('leftOut', { count: left }) : sayReport(`nothing.${kind}`), true);
        return;
      }
      const saved: SavedSeries[] = [];
      let count = 0;
      for (const { studyInstanceUID, content, count: marks } of contents) {
        const { seriesInstanceUID } = await makeInstance(this.#client, studyInstanceUID, content, picture);
        saved.push({ studyInstanceUID, seriesInstanceUID });
        count += marks;
      }
      const rest = left > 0 ? ` ${sayReport('leftOut', { count: left })}` : '';
      this.#end(`${sayReport(`saved.${kind}`, { count })}${rest}`, left > 0, saved);
    } catch (thrown) {
      const told = thrown instanceof PhosphorError && thrown.kind === 'storage' ? toErrorData(thrown).message : '';
      this.#end(sayReport('notSaved', { reason: told || sayReport('tryAgain') }), true);
    }
  }

  #end(sentence: string, failed: boolean, saved: readonly SavedSeries[] = []): void {
    this.state.setState({ running: undefined, said: { sentence, failed }, saved });
  }
}

async function contentsOf(session: ViewerSession, kind: SavedKind): Promise<{ contents: ToMake[]; left: number; picture?: Uint8Array }> {
  if (kind === 'measurements') return await measurementContents(session);
  if (kind === 'key-images') return keyImageContents(session);
  if (kind === 'presentation') {
    const state = stateOfSession(session);
    return state === undefined
      ? { contents: [], left: 0 }
      : { contents: [{ ...state, count: state.content.marks.length }], left: state.left };
  }
  const pane = paneElement(session.state.getState().active);
  const canvas = pane === undefined ? undefined : paintPane(pane, { patient: true });
  const content = canvas === undefined ? undefined : captureContent(session, canvas);
  if (canvas === undefined || content === undefined) return { contents: [], left: 0 };
  const picture = new Uint8Array(await (await pngOf(canvas)).arrayBuffer());
  return { contents: [content], left: 0, picture };
}
