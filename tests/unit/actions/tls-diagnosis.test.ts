import { expect, test } from 'vitest';
import { diagnose } from '../../../electron/actions/diagnosis.ts';
import { DEFAULT_SETTINGS } from '../../../electron/workstation/settings-text.ts';
import { failure, NODE } from './scripted-parts.ts';

const told = (code: string) =>
  diagnose({
    node: NODE,
    own: { aeTitle: 'PHOSPHOR', port: 11112 },
    clocks: DEFAULT_SETTINGS.clocks,
    end: failure('tls', { code }),
  });

test.each([
  ['CERT_HAS_EXPIRED', 'theirs'],
  ['CERT_NOT_YET_VALID', 'theirs'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'theirs'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'theirs'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'theirs'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'theirs'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'theirs'],
  ['INVALID_PURPOSE', 'theirs'],
  ['EE_KEY_TOO_SMALL', 'theirs'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ours'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'ours'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'ours'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'ours'],
  ['CLOSED_AFTER_HANDSHAKE', 'ours'],
  ['OWN_TLS_FILES', 'ours'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'neither'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'neither'],
  ['ECONNRESET', 'neither'],
  ['SOMETHING_NEW', 'neither'],
])('%s names the side whose certificate is wrong (%s), and what to do', (code, side) => {
  const { sentence, nextStep = '' } = told(code);
  const theirs = new RegExp(`certificate of ${NODE.name}`).test(sentence);
  const ours = /certificate of (this workstation|ours)|certificate, key or trust anchor files of this workstation/.test(
    `${sentence} ${nextStep}`,
  );
  expect({ theirs, ours }).toEqual({ theirs: side === 'theirs', ours: side === 'ours' });
  expect(nextStep.length).toBeGreaterThan(20);
});

test('a code that no text knows is shown, so that an administrator can look it up', () => {
  expect(told('SOMETHING_NEW').sentence).toContain('SOMETHING_NEW');
});

test('a handshake that runs out of time is measured by its own clock', () => {
  const clocks = { ...DEFAULT_SETTINGS.clocks, connect: 3, tlsHandshake: 17 };
  const end = failure('timed-out', { clock: 'tls-handshake' });
  expect(diagnose({ node: NODE, own: { aeTitle: 'PHOSPHOR', port: 11112 }, clocks, end }).sentence).toContain('within 17 s');
});
