import { timingSafeEqual } from 'node:crypto';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { UserIdentity } from '../network/index.ts';
import { type JWTKey, jwtKey, verifyJWT } from './json-web-token.ts';
import type { IdentityRules, UserIdentityInput } from './types.ts';

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

/** `response`: the server response, where the caller asked for one (PS3.7 D.3.3.7.2); absent where identities are not looked at. */
export type IdentityVerdict = { readonly ok: true; readonly response?: Uint8Array } | { readonly ok: false; readonly reason: string };

/** Judges callers by what they show of themselves, as SCP (PS3.7 D.3.3.7). Made once for a set of rules: their key is read then. */
export class IdentityCheck {
  readonly #rules: IdentityRules | undefined;
  readonly #key: JWTKey | undefined;

  /** @param rules absent: identities are not looked at */
  constructor(rules: IdentityRules | undefined) {
    this.#rules = rules;
    this.#key = rules?.jwt && usableKey(rules.jwt.key);
  }

  /** None of the reasons holds what the caller sent. */
  judge(identity: UserIdentity | undefined, now = Date.now()): IdentityVerdict {
    const rules = this.#rules;
    if (rules === undefined) return { ok: true };
    if (identity === undefined) return rules.required ? { ok: false, reason: 'the caller gave no user identity' } : { ok: true };
    if (identity.type === TYPES.passcode) return this.#passcode(identity, rules);
    if (identity.type === TYPES.jwt) return this.#token(identity, rules, now);
    return { ok: false, reason: REFUSALS[identity.type] ?? 'the user identity type is not known' };
  }

  #passcode({ primary, secondary }: UserIdentity, { passcodes }: IdentityRules): IdentityVerdict {
    const username = Buffer.from(primary).toString('utf8');
    const expected = Object.hasOwn(passcodes, username) ? passcodes[username] : undefined;
    // A user who is not known takes as long as one whose passcode is wrong.
    const isRight = sameBytes(secondary, utf8(expected ?? ''));
    return expected !== undefined && isRight ? ACCEPTED : { ok: false, reason: 'username or passcode is wrong' };
  }

  #token({ primary }: UserIdentity, { jwt }: IdentityRules, now: number): IdentityVerdict {
    if (jwt === undefined) return { ok: false, reason: 'JSON Web Tokens are not accepted' };
    if (this.#key === undefined) return { ok: false, reason: 'JSON Web Tokens cannot be checked: the key cannot be used' };
    const reason = verifyJWT(Buffer.from(primary).toString('latin1'), this.#key, jwt, now);
    return reason === undefined ? ACCEPTED : { ok: false, reason };
  }
}

/** Only Kerberos has a server response of its own; the others answer with an empty one. */
const ACCEPTED: IdentityVerdict = { ok: true, response: new Uint8Array(0) };

const REFUSALS: Readonly<Record<number, string>> = {
  [TYPES.username]: 'a username without a passcode proves nothing',
  [TYPES.kerberos]: 'Kerberos tickets are not accepted',
  [TYPES.saml]: 'SAML assertions are not accepted',
};

function usableKey(text: string): JWTKey | undefined {
  try {
    return jwtKey(text);
  } catch {
    return undefined;
  }
}

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
