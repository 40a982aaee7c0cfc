import './dialog.css';
import { FocusTrap } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './IconButton.tsx';

interface DialogProps {
  readonly title: string;
  readonly closeLabel: string;
  readonly wide?: boolean;
  /** Stands below what scrolls. */
  readonly foot?: ReactNode;
  onClose(): void;
  readonly children: ReactNode;
}

/** A sheet over the window, with keys of its own; Esc closes it and the focus goes back to where it was. */
export function Dialog({ title, closeLabel, wide = false, foot, onClose, children }: DialogProps) {
  const name = useId();
  const before = useRef(document.activeElement);
  useEffect(() => {
    const from = before.current;
    return () => {
      if (from instanceof HTMLElement) from.focus({ preventScroll: true });
    };
  }, []);
  return (
    <div className="dialog-ground">
      <FocusTrap active>
        <section
          className="dialog"
          role="dialog"
          aria-modal="true"
          aria-labelledby={name}
          data-wide={wide}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === 'Escape' && !event.defaultPrevented) onClose();
          }}
        >
          <header className="dialog-head">
            <h2 id={name}>{title}</h2>
            <IconButton label={closeLabel} keys="Esc" onClick={onClose}>
              <IconX className="icon" aria-hidden="true" />
            </IconButton>
          </header>
          <div className="dialog-body">{children}</div>
          {foot !== undefined && <footer className="dialog-foot">{foot}</footer>}
        </section>
      </FocusTrap>
    </div>
  );
}
