import { IconAlertTriangle, IconArrowsUpDown, IconSearch, IconSettings, IconX } from '@tabler/icons-react';
import { useMemo } from 'react';
import { t } from '../i18n/index.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { Tip } from '../ui/Tip.tsx';
import { toggleDrawer } from './keys.ts';
import { searchNow, setSearch } from './searching.ts';
import { drawerActions, needsAttention } from './state.ts';
import { app, useApp } from './store.ts';

/** Search, who can reach us, what is running, settings. */
export function TopBar() {
  return (
    <header className="top">
      <SearchField />
      <span className="spacer" />
      <Listener />
      <Running />
      <IconButton label={t('top.settings')} keys="Ctrl+," onClick={() => app.set({ panel: { kind: 'settings' } })}>
        <IconSettings className="icon" />
      </IconButton>
    </header>
  );
}

function SearchField() {
  const text = useApp((state) => state.searchText);
  const ignored = useApp((state) => state.ignoredWords);
  return (
    <search className="search">
      <IconSearch className="icon" aria-hidden />
      <Tip label={t('search.help')} keys="/">
        <input
          type="search"
          className="search-field"
          aria-label={t('search.label')}
          aria-keyshortcuts="/"
          placeholder={t('search.placeholder')}
          value={text}
          maxLength={512}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setSearch({ searchText: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === 'Enter') searchNow(true);
            else if (event.key === 'Escape' && text !== '') setSearch({ searchText: '' });
            else if (event.key === 'Escape' || event.key === 'ArrowDown') {
              event.preventDefault();
              document.querySelector<HTMLElement>('[role="grid"]')?.focus();
            }
          }}
        />
      </Tip>
      {ignored.length > 0 && (
        <Tip label={t('search.ignored', { words: ignored.join(', ') })}>
          <span className="search-ignored" role="status">
            <IconAlertTriangle className="icon warn" aria-label={t('search.ignored', { words: ignored.join(', ') })} />
          </span>
        </Tip>
      )}
      {text === '' ? (
        <kbd className="key">/</kbd>
      ) : (
        <IconButton small label={t('search.clear')} keys="Esc" onClick={() => setSearch({ searchText: '' })}>
          <IconX className="icon" />
        </IconButton>
      )}
    </search>
  );
}

const TONES = { listening: 'ok', off: 'quiet', failed: 'error' } as const;

function Listener() {
  const listener = useApp((state) => state.workstation.listener);
  const anyone = useApp((state) => state.workstation.settings?.acceptAnyone === true);
  if (listener === undefined) return null;
  const address = `${listener.aeTitle}:${listener.port}`;
  const explained = listener.sentence ?? t('listener.title', { title: listener.aeTitle, port: listener.port });
  return (
    <>
      {anyone && (
        <Tip label={t('listener.anyoneHelp')}>
          <span className="badge warn">
            <IconAlertTriangle className="icon" aria-hidden />
            {t('listener.anyone')}
          </span>
        </Tip>
      )}
      <Tip label={explained}>
        <span className="listener" role="status">
          <span className={listener.state === 'failed' ? 'error' : `dot ${TONES[listener.state]}`} aria-hidden>
            {listener.state === 'failed' && '✕'}
          </span>
          <span className="numbers">{address}</span>
          <span className="quiet">
            {t(`listener.${listener.state}`)}
            {listener.associations > 0 && ` · ${t('listener.connected', { count: listener.associations })}`}
          </span>
        </span>
      </Tip>
    </>
  );
}

function Running() {
  const workstation = useApp((state) => state.workstation);
  const open = useApp((state) => state.drawerOpen);
  const [running, attention] = useMemo(() => {
    const actions = drawerActions(workstation);
    return [actions.running.length, actions.finished.filter(needsAttention).length] as const;
  }, [workstation]);
  const words = [t('top.running', { count: running }), ...(attention > 0 ? [t('top.attention', { count: attention })] : [])].join(', ');
  return (
    <Tip label={`${t('top.actions')}: ${words}`} keys="Ctrl+J">
      <button
        type="button"
        className="top-button numbers"
        aria-label={`${t('top.actions')}: ${words}`}
        aria-pressed={open}
        onClick={toggleDrawer}
      >
        {attention > 0 && (
          <>
            <IconAlertTriangle className="icon error" aria-hidden />
            {attention}
          </>
        )}
        <IconArrowsUpDown className="icon" aria-hidden />
        {running}
      </button>
    </Tip>
  );
}
