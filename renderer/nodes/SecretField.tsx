import { Button, Textarea, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { t } from '../i18n/index.ts';
import type { SecretIdentity, SecretState } from './draft.ts';
import type { FormHandle } from './form-handle.ts';

interface SecretFieldProps {
  readonly handle: FormHandle;
  readonly identity: SecretIdentity;
  readonly secretState: SecretState;
}

/** A passcode, or a ticket, assertion or token to be pasted. What is stored is never shown: only that it is, and how to be rid of it. */
export function SecretField({ handle, identity, secretState }: SecretFieldProps) {
  const { form, change, complaint, typed } = handle;
  const isStored = secretState === 'stored' || secretState === 'sealed';
  const hint =
    isStored && form.forgetSecret && form.secret === ''
      ? t('node.secretForgotten')
      : isStored
        ? t('node.secretKept')
        : t(`node.secretHelp.${identity}`);
  const sealed = secretState === 'sealed' && !form.forgetSecret && form.secret === '' && complaint('secret') === undefined;
  const props = {
    ...typed('secret', hint),
    ...(sealed ? { description: <Sealed /> } : {}),
    label: t(`node.secret.${identity}`),
    placeholder: isStored && !form.forgetSecret ? t('node.secretStored') : '',
  };
  return (
    <div className="secret-field">
      {identity === 'passcode' ? (
        <TextInput {...props} type="password" autoComplete="new-password" maxLength={65_535} />
      ) : (
        <Textarea {...props} rows={4} maxLength={200_000} />
      )}
      {isStored && (
        <Button
          className="secret-button"
          size="compact-xs"
          aria-label={t(form.forgetSecret ? 'node.secretKeepLong' : 'node.secretForgetLong', { secret: t(`node.secret.${identity}`) })}
          onClick={() => change({ forgetSecret: !form.forgetSecret, secret: '' })}
        >
          {t(form.forgetSecret ? 'node.secretKeep' : 'node.secretForget')}
        </Button>
      )}
    </div>
  );
}

function Sealed() {
  return (
    <span className="warn with-icon">
      <IconAlertTriangle className="icon" aria-hidden />
      <span>{t('node.secretSealed')}</span>
    </span>
  );
}
