import { Tooltip } from '@mantine/core';
import type { ReactElement } from 'react';

/** A tooltip that names its key. */
export function Tip({ label, keys, children }: { label: string; keys?: string | undefined; children: ReactElement }) {
  return (
    <Tooltip
      maw={320}
      label={
        <span>
          {label}
          {keys !== undefined && <kbd className="key">{keys}</kbd>}
        </span>
      }
    >
      {children}
    </Tooltip>
  );
}
