import { IconAlertTriangle } from '@tabler/icons-react';
import type { PaneView } from '../pane-view.ts';
import { stateOf } from './state-of-view.ts';
import { say } from './words.ts';

/** Which presentation state the image is shown with, and what of it is not applied. */
export function StateText({ view }: { view: PaneView }) {
  const state = stateOf(view);
  if (state === undefined) return view.presentation.overlays ? null : <span>{say('hidden')}</span>;
  return (
    <>
      {!view.presentation.overlays && <span>{say('hidden')}</span>}
      <span data-testid="presentation-state">
        <bdi>{say('applied', { label: state.label || say('noLabel') })}</bdi>
      </span>
      {state.notApplied.map((what) => (
        <span key={what} className="viewer-warning">
          <IconAlertTriangle size={12} aria-hidden="true" />
          {say(`notApplied.${what}`)}
        </span>
      ))}
    </>
  );
}
