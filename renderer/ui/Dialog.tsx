import './dialog.css';
import { FocusTrap } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './IconButton.tsx';

interface DialogProps {
  readonly title: string;
  readonly closeLabel: string;
  readonly wide?: boolean;
  /** Something in it takes the focus by itself. */
  readonly ownFocus?: boolean;
  /** Stands below what scrolls. */
  readonly foot?: ReactNode;
  onClose(): void;
  readonly children: ReactNode;
}

/** A sheet over the window, with keys of its own; Esc closes it and the focus goes back to where it was. */
export function Dialog({ title, closeLabel, wide = false, ownFocus = false, foot, onClose, children }: DialogProps) {
  const name = useId();
  const before = useRef(document.activeElement);
  const sheet = useRef<HTMLElement>(null);
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    // A button that is disabled by its own click leaves the focus nowhere: its keys are still this sheet's, not those of what lies below.
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof Node && sheet.current?.contains(event.target) === true) return;
      if (event.target !== document.body) return;
      event.stopPropagation();
      if (event.key === 'Escape') close.current();
    };
    window.addEventListener('keydown', onKey, { capture: true });
    return () => window.removeEventListener('keydown', onKey, { capture: true });
  }, []);
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
          ref={sheet}
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
            {/* The first thing the focus meets, so that it is not the way out. */}
            <h2 id={name} tabIndex={-1} {...(ownFocus ? {} : { 'data-autofocus': true })}>
              {title}
            </h2>
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
