import './preferences.css';
import { useRef, useState } from 'react';
import { toErrorData, type ViewerSettings } from '../../../shared/contract/index.ts';
import { sentenceOf } from '../../app/failure.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { closeDialog, openDialog } from '../dialogs.ts';
import { useSession, useSessionState } from '../layout/use-session.ts';
import { CornersPage } from './CornersPage.tsx';
import { KeysPage } from './KeysPage.tsx';
import { PresetsPage } from './PresetsPage.tsx';
import { changePreferences, preferences } from './preferences.ts';
import { sayPreference } from './words.ts';

const PAGES = ['presets', 'corners', 'keys'] as const;
type Page = (typeof PAGES)[number];

/** Windows, corner text and keys. Every change is kept and holds at once, in every window. */
export function PreferencesDialog({ page }: { page: Page }) {
  const session = useSession();
  const content = useSessionState((state) => state.contents[state.active]);
  // What was typed holds here at once: the next change builds on it, whether the answer to the last has come or not.
  const [viewer, setViewer] = useState(preferences);
  const newest = useRef<ViewerSettings>(viewer);
  const [answer, setAnswer] = useState<{ good: boolean; sentence: string }>();
  const modality = (content === undefined ? undefined : session.find(content)?.series.modality) || '*';
  const change = async (what: Partial<ViewerSettings>): Promise<void> => {
    const next = { ...viewer, ...what };
    newest.current = next;
    setViewer(next);
    try {
      await changePreferences(next);
      setAnswer({ good: true, sentence: sayPreference('saved') });
    } catch (thrown) {
      // What was typed since is on its way with an answer of its own.
      if (newest.current === next) setViewer(preferences());
      setAnswer({ good: false, sentence: sayPreference('refused', { reason: sentenceOf(toErrorData(thrown)) }) });
    }
  };
  return (
    <Dialog
      wide={page === 'corners'}
      ownFocus={page === 'keys'}
      title={sayPreference('title')}
      closeLabel={sayPreference('close')}
      onClose={closeDialog}
      foot={
        <p className={answer?.good === false ? 'error' : 'ok'} aria-live="polite">
          {answer?.sentence ?? '\u00a0'}
        </p>
      }
    >
      <div className="preference-tabs" role="tablist">
        {PAGES.map((one) => (
          <button key={one} type="button" role="tab" aria-selected={one === page} onClick={() => openDialog(one)}>
            {sayPreference(`tabs.${one}`)}
          </button>
        ))}
      </div>
      <div className="preference-page">
        {page === 'presets' && (
          <PresetsPage
            own={viewer.presets}
            modality={modality}
            shown={session.active.view.drawn?.kind === 'grey' ? session.active.view.window : undefined}
            change={(presets) => void change({ presets })}
          />
        )}
        {page === 'corners' && <CornersPage own={viewer.corners} modality={modality} change={(corners) => void change({ corners })} />}
        {page === 'keys' && <KeysPage own={viewer.keys} change={(keys) => void change({ keys })} />}
      </div>
    </Dialog>
  );
}
