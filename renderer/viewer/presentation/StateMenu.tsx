import { Menu } from '@mantine/core';
import { IconChevronDown, IconLayersSubtract } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import { formatDate, formatTime } from '../../app/format.ts';
import { usePaneView, useSession, useSessionState } from '../layout/use-session.ts';
import { adopt } from './adopt.ts';
import type { PresentationState } from './state.ts';
import { statesOf } from './states.ts';
import { say } from './words.ts';

/** The presentation states that are about the image of the active pane; not there where none is. */
export function StateMenu() {
  const session = useSession();
  const pane = session.pane(useSessionState((state) => state.active));
  const all = useSyncExternalStore(session.states.subscribe, session.states.snapshot);
  const shown = usePaneView(pane, (view) => view.shown);
  const chosen = usePaneView(pane, (view) => view.presentation.state);
  const states = shown === undefined ? [] : statesOf(all, shown.instance.sopInstanceUID, shown.frame);
  if (states.length === 0 && chosen === undefined) return null;
  const choose = (state: PresentationState | undefined) => {
    const end = session.editing(pane);
    pane.present(state);
    end();
  };
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className="viewer-menu" aria-label={say('menu')} title={say('menu')} data-pressed={chosen !== undefined}>
          <IconLayersSubtract className="icon" aria-hidden="true" />
          <span className="numbers">{states.length}</span>
          <IconChevronDown size={12} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown className="viewer-dropdown">
        <Menu.Label>{say('menu')}</Menu.Label>
        <Menu.Item data-pressed={chosen === undefined} onClick={() => choose(undefined)}>
          {say('asStored')}
        </Menu.Item>
        <Menu.Divider />
        {states.length === 0 && <Menu.Label>{say('none')}</Menu.Label>}
        {states.map((state) => (
          <Menu.Item key={state.sopInstanceUID} data-pressed={state === chosen} onClick={() => choose(state)}>
            <bdi>{state.label || say('noLabel')}</bdi> <span className="quiet">{detailOf(state)}</span>
          </Menu.Item>
        ))}
        {chosen !== undefined && chosen.layers.length > 0 && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => adopt(session, chosen)}>{say('adopt')}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function detailOf({ description, creator, date, time }: PresentationState): string {
  return [description, creator, [formatDate(date), formatTime(time)].filter(Boolean).join(' ')].filter(Boolean).join(' · ');
}
