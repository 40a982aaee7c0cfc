import { IconAlertTriangle } from '@tabler/icons-react';
import { useSessionState } from '../layout/use-session.ts';
import type { OpenStudy } from '../open-study.ts';
import type { PaneView } from '../pane-view.ts';
import type { NotApplied, PresentationState } from './state.ts';
import { stateOf } from './state-of-view.ts';
import { say } from './words.ts';

/** Which presentation state and ICC profile the image is shown with, and what of them is not applied. */
export function StateText({ view }: { view: PaneView }) {
  const state = stateOf(view);
  const frame = view.presented?.frame;
  const profile = frame?.kind === 'colour' ? frame.profile : undefined;
  return (
    <>
      {!view.presentation.overlays && <span>{say('hidden')}</span>}
      {profile === 'applied' && <span className="viewer-more">{say('profile.applied')}</span>}
      {profile !== undefined && profile !== 'applied' && <Warning text={say(`profile.${profile}`)} />}
      {state !== undefined && (
        <StateLines
          state={state}
          otherProfile={view.presented?.otherProfile === true}
          unmasked={state.mask !== undefined && view.presented?.subtracted !== true}
        />
      )}
    </>
  );
}

function StateLines({ state, unmasked, otherProfile }: { state: PresentationState; unmasked: boolean; otherProfile: boolean }) {
  const absent = useSessionState(({ studies }) => !isOpen(state, studies));
  const missing: NotApplied[] = [
    ...state.notApplied,
    ...(unmasked ? (['mask'] as const) : []),
    ...(absent ? (['absent'] as const) : []),
    ...(otherProfile ? (['icc'] as const) : []),
  ];
  return (
    <>
      <span data-testid="presentation-state">
        <bdi>{say('applied', { label: state.label || say('noLabel') })}</bdi>
      </span>
      {missing.map((what) => (
        <Warning key={what} text={say(`notApplied.${what}`)} />
      ))}
    </>
  );
}

/** Whether what a state lays over is among the open studies. */
function isOpen({ superimposed }: PresentationState, studies: readonly OpenStudy[]): boolean {
  const [first] = superimposed?.images ?? [];
  if (superimposed === undefined) return true;
  return studies.some(({ series }) =>
    series.some(({ frames }) => frames.some(({ instance }) => instance.sopInstanceUID === first?.sopInstanceUID)),
  );
}

function Warning({ text }: { text: string }) {
  return (
    <span className="viewer-warning">
      <IconAlertTriangle size={12} aria-hidden="true" />
      {text}
    </span>
  );
}
