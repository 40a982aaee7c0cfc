import { Checkbox, NativeSelect, Switch, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { FALLBACK_CHARACTER_SETS } from '../../shared/contract/index.ts';
import { useApp } from '../app/store.ts';
import { t } from '../i18n/index.ts';
import { hasUsername, type IdentityChoice, type NodeField, type NodeForm, needsSecret, type SecretState } from './draft.ts';
import type { FormHandle } from './form-handle.ts';
import { OwnCertificate } from './OwnCertificate.tsx';
import { SecretField } from './SecretField.tsx';

/** Fields that stand in this part: where one of them is wrong, it must be open. */
export const ADVANCED_FIELDS: ReadonlySet<NodeField> = new Set(['serverName', 'trustAnchorsFile', 'username', 'secret', 'maxPDULength']);

const CHOICES: readonly IdentityChoice[] = ['none', 'username', 'passcode', 'kerberos', 'saml', 'jwt'];

interface AdvancedProps {
  readonly handle: FormHandle;
  readonly open: boolean;
  readonly onToggle: () => void;
  /** What of the stored secret fits the chosen identity. */
  readonly secretState: SecretState;
  /** Counts what was saved: the self-test looks anew. */
  readonly savedTimes: number;
}

/** Encryption, who we say we are, and PDU length: what most PACS do without. Folded away, its head says what is set. */
export function Advanced({ handle, open, onToggle, secretState, savedTimes }: AdvancedProps) {
  const section = useRef<HTMLElement>(null);
  const wasOpen = useRef(open);
  useEffect(() => {
    // What was unfolded comes into sight, as far as there is room.
    if (open && !wasOpen.current) section.current?.scrollIntoView({ block: 'nearest' });
    wasOpen.current = open;
  }, [open]);
  return (
    <section ref={section} className="advanced" aria-label={t('node.advanced')}>
      <button type="button" className="advanced-head" aria-expanded={open} onClick={onToggle}>
        {open ? <IconChevronDown className="icon" aria-hidden /> : <IconChevronRight className="icon" aria-hidden />}
        <span>{t('node.advanced')}</span>
        {!open && <span className="advanced-summary">{summaryOf(handle.form)}</span>}
      </button>
      {open && (
        <>
          <Encryption handle={handle} savedTimes={savedTimes} />
          <Identity handle={handle} secretState={secretState} />
          <Transfer handle={handle} />
        </>
      )}
    </section>
  );
}

/** Whether there is anything in it that a person should see. */
export function isAdvanced({ tls, identity, maxPDULength, fallbackCharacterSet }: NodeForm): boolean {
  return tls || identity !== 'none' || maxPDULength !== '' || fallbackCharacterSet !== '';
}

function summaryOf({ tls, identity, maxPDULength, fallbackCharacterSet }: NodeForm): string {
  const parts = [
    ...(tls ? [t('node.summaryTLS')] : []),
    ...(identity === 'none' ? [] : [t(`node.identityChoice.${identity}`)]),
    ...(maxPDULength === '' ? [] : [t('node.summaryPDU', { bytes: maxPDULength.trim() })]),
    ...(fallbackCharacterSet === '' ? [] : [fallbackCharacterSet]),
  ];
  return parts.length === 0 ? t('node.summaryNone') : parts.join(' · ');
}

function Encryption({ handle, savedTimes }: Pick<AdvancedProps, 'handle' | 'savedTimes'>) {
  const { form, change, typed } = handle;
  const anchors = useApp(({ workstation }) => workstation.settings?.tls.trustAnchorsFile);
  return (
    <fieldset className="editor-group">
      <legend>{t('node.encryption')}</legend>
      <Switch
        className="editor-choice"
        label={t('node.tls')}
        checked={form.tls}
        onChange={(event) => change({ tls: event.currentTarget.checked })}
      />
      {form.tls && (
        <>
          <TextInput
            {...typed('serverName', t('node.serverNameHelp'))}
            label={t('node.serverName')}
            placeholder={form.host.trim()}
            maxLength={253}
          />
          <TextInput
            {...typed('trustAnchorsFile', t('node.trustAnchorsFileHelp'))}
            label={t('node.trustAnchorsFile')}
            placeholder={anchors || t('node.systemAnchors')}
            maxLength={4096}
          />
          <Checkbox
            className="editor-choice"
            label={t('node.anyName')}
            description={form.anyName ? <span className="warn">{t('node.anyNameOn')}</span> : t('node.anyNameHelp')}
            checked={form.anyName}
            onChange={(event) => change({ anyName: event.currentTarget.checked })}
          />
          <OwnCertificate savedTimes={savedTimes} />
        </>
      )}
    </fieldset>
  );
}

function Identity({ handle, secretState }: Pick<AdvancedProps, 'handle' | 'secretState'>) {
  const { form, change, typed } = handle;
  const { identity } = form;
  return (
    <fieldset className="editor-group">
      <legend>{t('node.identity')}</legend>
      <NativeSelect
        className="editor-field"
        label={t('node.identityType')}
        description={<IdentityHint form={form} />}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        value={identity}
        data={CHOICES.map((value) => ({ value, label: t(`node.identityChoice.${value}`) }))}
        onChange={(event) => {
          const chosen = CHOICES.find((one) => one === event.currentTarget.value);
          // A passcode that was begun is no token.
          if (chosen !== undefined) change({ identity: chosen, secret: '', forgetSecret: false });
        }}
      />
      {hasUsername(identity) && <TextInput {...typed('username', t('node.usernameHelp'))} label={t('node.username')} maxLength={256} />}
      {needsSecret(identity) && <SecretField handle={handle} identity={identity} secretState={secretState} />}
      {identity !== 'none' && (
        <Checkbox
          className="editor-choice"
          label={t('node.positiveResponse')}
          description={t('node.positiveResponseHelp')}
          checked={form.positiveResponseRequested}
          onChange={(event) => change({ positiveResponseRequested: event.currentTarget.checked })}
        />
      )}
    </fieldset>
  );
}

function IdentityHint({ form: { identity, tls } }: { form: NodeForm }) {
  if (!needsSecret(identity)) return t(`node.identityHelp.${identity}`);
  if (tls) return t('node.identityEncrypted');
  return (
    <span className="warn with-icon">
      <IconAlertTriangle className="icon" aria-hidden />
      {t('node.identityReadable')}
    </span>
  );
}

function Transfer({ handle: { form, change, typed } }: Pick<AdvancedProps, 'handle'>) {
  const usual = useApp(({ workstation }) => workstation.settings?.maxPDULength);
  return (
    <fieldset className="editor-group">
      <legend>{t('node.transfer')}</legend>
      <TextInput
        {...typed('maxPDULength', t('node.maxPDULengthHelp'))}
        label={t('node.maxPDULength')}
        placeholder={usual === undefined ? '' : t('node.usualPDULength', { bytes: usual })}
        inputMode="numeric"
        maxLength={8}
      />
      <NativeSelect
        className="editor-field"
        label={t('node.fallbackCharacterSet')}
        description={t('node.fallbackCharacterSetHelp')}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        value={form.fallbackCharacterSet}
        data={[{ value: '', label: t('node.noCharacterSet') }, ...FALLBACK_CHARACTER_SETS.map((value) => ({ value, label: value }))]}
        onChange={(event) => change({ fallbackCharacterSet: event.currentTarget.value })}
      />
    </fieldset>
  );
}
