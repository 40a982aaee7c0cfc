import { timingSafeEqual } from 'node:crypto';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { UserIdentity } from '../network/index.ts';
import type { UserIdentityInput } from './types.ts';

/** User Identity Type (PS3.7 table D.3-14). */
const TYPES = { username: 1, passcode: 2, kerberos: 3, saml: 4, jwt: 5 } as const;

/** Each field's length has 16 bits. */
const MAX_BYTES = 0xffff;

/** The sub-item that says who we are (PS3.7 D.3.3.7.1). Throws `invalid-arguments` for what is empty or does not fit. */
export function userIdentity(input: UserIdentityInput): UserIdentity {
  const primary = input.type === 'username' || input.type === 'passcode' ? utf8(input.username) : tokenOf(input.token);
  const secondary = input.type === 'passcode' ? utf8(input.passcode) : new Uint8Array(0);
  if (primary.length === 0 || primary.length > MAX_BYTES || secondary.length > MAX_BYTES) {
    throw new PhosphorError('invalid-arguments', 'a user identity is empty or too long');
  }
  return { type: TYPES[input.type], primary, secondary, positiveResponseRequested: input.positiveResponseRequested ?? false };
}

export type IdentityVerdict = { readonly ok: true; readonly username: string } | { readonly ok: false; readonly reason: string };

/**
 * Checks the identity of a caller as SCP: username and passcode against those that are known. Every other type is refused with a reason, none of which
 * holds what the caller sent.
 *
 * @param passcodes username → passcode
 */
export function checkUserIdentity(identity: UserIdentity | undefined, passcodes: ReadonlyMap<string, string>): IdentityVerdict {
  if (identity === undefined) return { ok: false, reason: 'the caller gave no user identity' };
  if (identity.type !== TYPES.passcode) return { ok: false, reason: REFUSALS[identity.type] ?? 'the user identity type is not known' };
  const username = Buffer.from(identity.primary).toString('utf8');
  const expected = passcodes.get(username);
  // A user who is not known takes as long as one whose passcode is wrong.
  const isRight = sameBytes(identity.secondary, utf8(expected ?? ''));
  return expected !== undefined && isRight ? { ok: true, username } : { ok: false, reason: 'username or passcode is wrong' };
}

const REFUSALS: Readonly<Record<number, string>> = {
  [TYPES.username]: 'a username without a passcode proves nothing',
  [TYPES.kerberos]: 'Kerberos tickets are not accepted',
  [TYPES.saml]: 'SAML assertions are not accepted',
  [TYPES.jwt]: 'JSON Web Tokens are not accepted',
};

function sameBytes(given: Uint8Array, expected: Uint8Array): boolean {
  const padded = new Uint8Array(expected.length);
  padded.set(given.subarray(0, expected.length));
  return timingSafeEqual(padded, expected) && given.length === expected.length;
}

function tokenOf(token: string | Uint8Array): Uint8Array {
  return typeof token === 'string' ? utf8(token) : token;
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
