import { IconAlertTriangle, IconX } from '@tabler/icons-react';
import { About } from '../app/About.tsx';
import { IconButton } from '../ui/IconButton.tsx';
import { closeDialog, hush, useDialogs } from './dialogs.ts';
import { GSDFPanel } from './patterns/GSDFPanel.tsx';
import { PrintDialog } from './picture/PrintDialog.tsx';
import { PreferencesDialog } from './preferences/PreferencesDialog.tsx';
import { sayWindow } from './windows/words.ts';

/** What stands over the viewer, and what was just said. */
export function Sheets() {
  const open = useDialogs((state) => state.open);
  const said = useDialogs((state) => state.said);
  return (
    <>
      {(open === 'presets' || open === 'corners' || open === 'keys') && <PreferencesDialog page={open} />}
      {open === 'print' && <PrintDialog />}
      {open === 'gsdf' && <GSDFPanel />}
      {open === 'about' && <About onClose={closeDialog} />}
      {said !== undefined && (
        <div className="viewer-said" role="status" data-tone={said.tone}>
          {said.tone === 'error' && <IconAlertTriangle className="icon warn" aria-hidden="true" />}
          <span>{said.sentence}</span>
          <IconButton small label={sayWindow('dismiss')} onClick={hush}>
            <IconX size={14} aria-hidden="true" />
          </IconButton>
        </div>
      )}
    </>
  );
}
