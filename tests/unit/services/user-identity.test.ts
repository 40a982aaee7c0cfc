import { describe, expect, test } from 'vitest';
import type { Acceptance, Rejection, UserIdentity } from '../../../electron/dicom/network/index.ts';
import {
  IdentityCheck,
  type UserIdentityInput,
  userIdentity,
  verificationContexts,
  verificationProvider,
} from '../../../electron/dicom/services/index.ts';
import { associate } from '../network/associations.ts';

const KNOWN = new IdentityCheck({ required: true, passcodes: { jane: 'sécret' } });

/** What an acceptor makes of a caller. */
async function calling(input?: UserIdentityInput) {
  let received: UserIdentity | undefined;
  const reject = { result: 1, source: 1, reason: 1 };
  const outcome = await associate({
    contexts: verificationContexts(),
    services: [verificationProvider()],
    requestor: input === undefined ? {} : { userIdentity: userIdentity(input) },
    acceptor: {
      authorize: (request): Acceptance | { reject: Rejection } => {
        received = request.userIdentity;
        const verdict = KNOWN.judge(request.userIdentity);
        if (!verdict.ok) return { reject };
        return verdict.response === undefined ? {} : { userIdentityResponse: verdict.response };
      },
    },
  }).then(
    () => 'accepted',
    (thrown) => thrown.kind,
  );
  return { outcome, received };
}

describe('a user identity', () => {
  test.each([
    [1, { type: 'username', username: 'jane' }],
    [2, { type: 'passcode', username: 'jane', passcode: 'other' }],
    [3, { type: 'kerberos', token: Uint8Array.of(1, 2, 3) }],
    [4, { type: 'saml', token: '<Assertion/>' }],
    [5, { type: 'jwt', token: 'a.b.c' }],
  ] as const)('of type %i goes out as configured, and is refused where it is not enough', async (type, input) => {
    const { outcome, received } = await calling(input);
    expect(outcome).toBe('rejected');
    expect(received).toMatchObject({ type, positiveResponseRequested: false });
    const sent = 'token' in input ? Buffer.from(input.token) : Buffer.from(input.username);
    expect(Buffer.from(received?.primary ?? []).equals(sent)).toBe(true);
    expect(Buffer.from(received?.secondary ?? []).toString()).toBe('passcode' in input ? input.passcode : '');
  });

  test('with the right passcode lets in', async () => {
    expect((await calling({ type: 'passcode', username: 'jane', passcode: 'sécret' })).outcome).toBe('accepted');
  });

  test('is confirmed where the caller asks for that, with an empty response', async () => {
    const right = { type: 'passcode', username: 'jane', passcode: 'sécret', positiveResponseRequested: true } as const;
    expect((await calling(right)).outcome).toBe('accepted');
    expect(KNOWN.judge(userIdentity(right))).toEqual({ ok: true, response: new Uint8Array(0) });
    expect(new IdentityCheck(undefined).judge(userIdentity(right))).toEqual({ ok: true });
  });

  test('may be missing where it is only checked, but not wrong', () => {
    const check = new IdentityCheck({ required: false, passcodes: { jane: 'x' } });
    expect(check.judge(undefined).ok).toBe(true);
    expect(check.judge(userIdentity({ type: 'passcode', username: 'jane', passcode: 'y' })).ok).toBe(false);
    expect(check.judge(userIdentity({ type: 'passcode', username: '__proto__', passcode: '' })).ok).toBe(false);
  });

  test('that is missing does not', async () => {
    expect((await calling()).outcome).toBe('rejected');
  });

  test.each(['', 's', 'sécre', 'sécrett', 'SÉCRET'])('with passcode %j does not', (passcode) => {
    expect(KNOWN.judge(userIdentity({ type: 'passcode', username: 'jane', passcode })).ok).toBe(false);
  });

  test('of nobody known does not, not even with no passcode', () => {
    expect(KNOWN.judge(userIdentity({ type: 'passcode', username: 'joe', passcode: '' })).ok).toBe(false);
  });

  test('is refused with a reason that does not repeat what was sent', () => {
    const verdict = KNOWN.judge(userIdentity({ type: 'jwt', token: 'tok.en.x' }));
    expect(verdict).toEqual({ ok: false, reason: 'JSON Web Tokens are not accepted' });
  });

  test('that is empty or does not fit its field is an error of ours', () => {
    for (const username of ['', 'x'.repeat(65_536)]) {
      expect(() => userIdentity({ type: 'username', username })).toThrow(expect.objectContaining({ kind: 'invalid-arguments' }));
    }
  });
});
