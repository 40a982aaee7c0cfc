import { ActionIcon } from '@mantine/core';
import type { ReactNode } from 'react';
import { Tip } from './Tip.tsx';

interface IconButtonProps {
  readonly label: string;
  readonly keys?: string;
  readonly pressed?: boolean;
  readonly small?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

/** A button that shows only an icon; its name is in the tooltip and in the accessibility tree. */
export function IconButton({ label, keys, pressed, small = false, onClick, children }: IconButtonProps) {
  return (
    <Tip label={label} keys={keys}>
      <ActionIcon
        className="icon-button"
        size={small ? 20 : 28}
        aria-label={label}
        aria-keyshortcuts={keys?.replace('Ctrl', 'Control')}
        {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
        onClick={(event) => {
          event.stopPropagation();
          onClick();
        }}
      >
        {children}
      </ActionIcon>
    </Tip>
  );
}
