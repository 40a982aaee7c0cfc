import type { PaneView } from '../pane-view.ts';
import { type PresentationState, refersTo } from './state.ts';

/** The state that is applied to the image on the screen; undefined = it is shown as stored. */
export function stateOf({ presentation, shown }: Pick<PaneView, 'presentation' | 'shown'>): PresentationState | undefined {
  const { state } = presentation;
  return state !== undefined && shown !== undefined && refersTo(state.images, shown.instance.sopInstanceUID, shown.frame)
    ? state
    : undefined;
}
