import { Button, Switch, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconX } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { aeTitle, port, type Settings, toErrorData } from '../../shared/contract/index.ts';
import { About } from '../app/About.tsx';
import { sentenceOf } from '../app/failure.ts';
import { app, client, useApp } from '../app/store.ts';
import { t } from '../i18n/index.ts';
import { IconButton } from '../ui/IconButton.tsx';

/** Who we are on the network, and how careful we are with what arrives. Switches take effect at once, the address when saved. */
export function SettingsPanel() {
  const settings = useApp((state) => state.workstation.settings);
  return (
    <section className="editor panel" aria-labelledby="settings-title">
      <div className="editor-head">
        <h2 id="settings-title">{t('settings.title')}</h2>
        <IconButton label={t('settings.close')} keys="Esc" onClick={close}>
          <IconX className="icon" />
        </IconButton>
      </div>
      {settings !== undefined && <Fields key={`${settings.aeTitle} ${settings.port}`} settings={settings} />}
      <Version />
    </section>
  );
}

function Fields({ settings }: { settings: Settings }) {
  const [title, setTitle] = useState(settings.aeTitle);
  const [ownPort, setOwnPort] = useState(String(settings.port));
  const [answer, setAnswer] = useState<{ good: boolean; sentence: string }>();
  const titleWrong = !aeTitle.safeParse(title).success;
  const portWrong = !port.safeParse(Number(ownPort.trim() === '' ? Number.NaN : ownPort)).success;

  const change = async (changes: Partial<Settings>): Promise<void> => {
    try {
      const changed = await client().invoke('settings.update', { changes });
      app.set(({ workstation }) => ({ workstation: { ...workstation, settings: changed.settings } }));
      setAnswer({ good: true, sentence: t('settings.saved') });
    } catch (thrown) {
      setAnswer({ good: false, sentence: sentenceOf(toErrorData(thrown)) });
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!titleWrong && !portWrong) void change({ aeTitle: title.trim(), port: Number(ownPort) });
  };

  return (
    <form noValidate onSubmit={submit} onKeyDown={(event) => event.key === 'Escape' && close()}>
      <TextInput
        className="editor-field"
        label={t('settings.aeTitle')}
        description={t('settings.aeTitleHelp')}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        value={title}
        maxLength={16}
        autoComplete="off"
        spellCheck={false}
        error={titleWrong ? t('node.invalid.aeTitle') : undefined}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <TextInput
        className="editor-field"
        label={t('settings.port')}
        description={t('settings.portHelp')}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        value={ownPort}
        maxLength={5}
        inputMode="numeric"
        autoComplete="off"
        error={portWrong ? t('node.invalid.port') : undefined}
        onChange={(event) => setOwnPort(event.currentTarget.value)}
      />
      <div className="editor-buttons">
        <Button
          type="submit"
          variant="filled"
          disabled={titleWrong || portWrong || (title === settings.aeTitle && Number(ownPort) === settings.port)}
        >
          {t('settings.save')}
        </Button>
      </div>
      <div className="editor-answer" aria-live="polite">
        {answer !== undefined && <p className={answer.good ? 'ok' : 'error'}>{answer.sentence}</p>}
      </div>
      <Switch
        className="editor-switch"
        label={t('settings.durable')}
        description={t('settings.durableHelp')}
        checked={settings.durable}
        onChange={(event) => void change({ durable: event.currentTarget.checked })}
      />
      <Switch
        className="editor-switch"
        label={
          <span className={settings.acceptAnyone ? 'warn with-icon' : 'with-icon'}>
            {settings.acceptAnyone && <IconAlertTriangle className="icon" aria-hidden />}
            {t('settings.acceptAnyone')}
          </span>
        }
        description={t('settings.acceptAnyoneHelp')}
        checked={settings.acceptAnyone}
        onChange={(event) => void change({ acceptAnyone: event.currentTarget.checked })}
      />
    </form>
  );
}

function Version() {
  const [open, setOpen] = useState(false);
  const version = useApp((state) => state.workstation.version);
  const profile = useApp((state) => state.workstation.profile);
  return (
    <div className="own-address quiet">
      <p>{t('settings.about', { version })}</p>
      <p className="breakable">{t('settings.profile', { path: profile })}</p>
      <Button mt="xs" onClick={() => setOpen(true)}>
        {t('settings.aboutMore')}
      </Button>
      {open && <About onClose={() => setOpen(false)} />}
    </div>
  );
}

function close(): void {
  app.set({ panel: undefined });
}
