import type { ReactNode } from 'react';
import type { Whereabouts } from '../app/study-list.ts';

interface CellProps {
  readonly title?: string | undefined;
  readonly className?: string | undefined;
  readonly label?: string;
  readonly where?: Whereabouts;
  readonly children?: ReactNode;
}

/** A cell of the study grid. Its text comes from peers: shown as text, and isolated so that right-to-left names keep to their cell. */
export function Cell({ title, className, label, where, children }: CellProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
    <div role="gridcell" className={className} title={title} aria-label={label} data-where={where}>
      {typeof children === 'string' ? <bdi>{children}</bdi> : children}
    </div>
  );
}
