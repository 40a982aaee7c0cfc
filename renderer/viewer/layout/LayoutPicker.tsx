import { Popover } from '@mantine/core';
import { IconLayoutColumns, IconLayoutGrid, IconLayoutRows, IconSquareX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { IconButton } from '../../ui/IconButton.tsx';
import { runCommand } from '../commands.ts';
import { keyName } from '../keys.ts';
import { say } from '../words.ts';
import { HangingMenu } from './HangingMenu.tsx';
import { gridOf, MAX_SIDE } from './layout.ts';
import { useSession, useSessionState } from './use-session.ts';

/** Rows and columns by hovering over a grid, or by arrow keys; and splits of the active pane. */
export function LayoutPicker() {
  const session = useSession();
  const open = useSessionState((state) => state.picker);
  const layout = useSessionState((state) => state.layout);
  const grid = gridOf(layout);
  return (
    <Popover
      opened={open}
      onChange={(picker) => session.set({ picker })}
      position="bottom-start"
      transitionProps={{ duration: 0 }}
      offset={4}
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <span>
          <IconButton label={say('layout')} keys={keyName({ do: 'layout' })} pressed={open} onClick={() => session.set({ picker: !open })}>
            <IconLayoutGrid className="icon" aria-hidden="true" />
          </IconButton>
        </span>
      </Popover.Target>
      <Popover.Dropdown className="viewer-picker">
        <Grid rows={grid?.rows ?? 1} columns={grid?.columns ?? 1} />
        <div className="viewer-picker-actions">
          <IconButton label={say('splitRight')} onClick={() => session.split('row')}>
            <IconLayoutColumns className="icon" aria-hidden="true" />
          </IconButton>
          <IconButton label={say('splitDown')} onClick={() => session.split('column')}>
            <IconLayoutRows className="icon" aria-hidden="true" />
          </IconButton>
          <IconButton label={say('closePane')} onClick={() => runCommand(session, { do: 'close-pane' })}>
            <IconSquareX className="icon" aria-hidden="true" />
          </IconButton>
        </div>
        <HangingMenu />
      </Popover.Dropdown>
    </Popover>
  );
}

const STEPS: Readonly<Partial<Record<string, readonly [rows: number, columns: number]>>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function Grid({ rows, columns }: { rows: number; columns: number }) {
  const session = useSession();
  const [hovered, setHovered] = useState({ rows, columns });
  const cells = useRef<HTMLDivElement>(null);
  useEffect(() => cells.current?.focus(), []);
  const clamp = (value: number) => Math.max(1, Math.min(MAX_SIDE, value));
  return (
    <div
      ref={cells}
      className="viewer-picker-grid"
      role="slider"
      tabIndex={0}
      data-autofocus
      aria-label={say('layout')}
      aria-valuenow={hovered.rows * hovered.columns}
      aria-valuetext={say('grid', hovered)}
      onKeyDown={(event) => {
        const step = STEPS[event.key];
        if (step !== undefined) setHovered({ rows: clamp(hovered.rows + step[0]), columns: clamp(hovered.columns + step[1]) });
        else if (event.key === 'Enter' || event.key === ' ') session.setGrid(hovered.rows, hovered.columns);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      {Array.from({ length: MAX_SIDE * MAX_SIDE }, (_, index) => {
        const at = { rows: Math.floor(index / MAX_SIDE) + 1, columns: (index % MAX_SIDE) + 1 };
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: cells of one control, which has keys of its own
          <i
            key={`${at.rows}×${at.columns}`}
            data-grid={`${at.rows}x${at.columns}`}
            data-in={at.rows <= hovered.rows && at.columns <= hovered.columns}
            onPointerEnter={() => setHovered(at)}
            onClick={() => session.setGrid(at.rows, at.columns)}
          />
        );
      })}
      <span className="numbers soft">{say('grid', hovered)}</span>
    </div>
  );
}
