import { createHmac, createSign, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { IdentityCheck, jwtKey, userIdentity } from '../../../electron/dicom/services/index.ts';

const NOW = Date.UTC(2026, 10, 21);
const SECONDS = NOW / 1000;
const SECRET = 'a secret of more than thirty-two bytes';
const GOOD = { sub: 'jane', exp: SECONDS + 300 };

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const SIGN: Readonly<Record<string, (text: string) => Buffer>> = {
  HS256: (text) => createHmac('sha256', SECRET).update(text).digest(),
  RS256: (text) => createSign('sha256').update(text).sign(rsa.privateKey),
  PS256: (text) => sign('sha256', Buffer.from(text), { key: rsa.privateKey, padding: 6, saltLength: 32 }),
  ES256: (text) => sign('sha256', Buffer.from(text), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }),
  EdDSA: (text) => sign(null, Buffer.from(text), ed.privateKey),
};

function token(alg: string, claims: unknown = GOOD, signedAs = alg, header: object = {}): string {
  const text = `${segment({ alg, typ: 'JWT', ...header })}.${segment(claims)}`;
  return `${text}.${SIGN[signedAs]?.(text).toString('base64url') ?? ''}`;
}

function verdict(key: string, given: string, wanted: { issuer?: string; audience?: string } = {}) {
  const check = new IdentityCheck({ required: true, passcodes: {}, jwt: { key, ...wanted } });
  return check.judge(userIdentity({ type: 'jwt', token: given }), NOW);
}
const reason = (key: string, given: string, wanted = {}) => {
  const judged = verdict(key, given, wanted);
  return judged.ok ? 'accepted' : judged.reason;
};

describe('a JSON Web Token', () => {
  test.each([
    ['HS256', SECRET],
    ['HS256', `${SECRET}\n`],
    ['RS256', pem(rsa.publicKey)],
    ['PS256', pem(rsa.publicKey)],
    ['ES256', pem(ec.publicKey)],
    ['EdDSA', pem(ed.publicKey)],
  ])('signed by %s with the configured key lets in, and is confirmed by an empty response', (alg, key) => {
    expect(verdict(key, token(alg))).toEqual({ ok: true, response: new Uint8Array(0) });
  });

  test.each([
    ['none', pem(rsa.publicKey)],
    ['none', SECRET],
    ['RS256', SECRET],
    ['ES256', pem(rsa.publicKey)],
    ['RS256', pem(ec.publicKey)],
    ['HS512', SECRET],
  ])('that says it is signed by %s is refused where the key is for another algorithm', (alg, key) => {
    expect(reason(key, token(alg, GOOD, alg in SIGN ? alg : 'HS256'))).toBe('the token is not signed as our key needs it');
  });

  test('whose HMAC was made with our public key is refused', () => {
    const key = pem(rsa.publicKey);
    const text = `${segment({ alg: 'HS256' })}.${segment(GOOD)}`;
    const forged = `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
    expect(reason(key, forged)).toBe('the token is not signed as our key needs it');
  });

  test.each(['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA'])('with one claim changed after it was signed by %s is refused', (alg) => {
    const keys: Record<string, string> = { HS256: SECRET, ES256: pem(ec.publicKey), EdDSA: pem(ed.publicKey) };
    const [head, , signature] = token(alg).split('.');
    const changed = `${head}.${segment({ ...GOOD, sub: 'root' })}.${signature}`;
    expect(reason(keys[alg] ?? pem(rsa.publicKey), changed)).toBe('the signature of the token is wrong');
  });

  test.each([
    ['the token has expired', { ...GOOD, exp: SECONDS - 61 }],
    ['accepted', { ...GOOD, exp: SECONDS - 59 }],
    ['the token is not valid yet', { ...GOOD, nbf: SECONDS + 61 }],
    ['accepted', { ...GOOD, nbf: SECONDS + 59 }],
    ['the token has no time of expiry', { sub: 'jane' }],
    ['the token has no time of expiry', { ...GOOD, exp: '99999999999' }],
    ['the token is not valid yet', { ...GOOD, nbf: 'now' }],
  ])('%s: %j', (expected, claims) => {
    expect(reason(SECRET, token('HS256', claims))).toBe(expected);
  });

  test('is for our audience and of our issuer where that is asked for', () => {
    const wanted = { issuer: 'https://login', audience: 'phosphor' };
    expect(reason(SECRET, token('HS256', { ...GOOD, iss: 'https://login', aud: ['x', 'phosphor'] }), wanted)).toBe('accepted');
    expect(reason(SECRET, token('HS256', { ...GOOD, iss: 'https://other', aud: 'phosphor' }), wanted)).toBe(
      'the token is of another issuer',
    );
    expect(reason(SECRET, token('HS256', { ...GOOD, iss: 'https://login', aud: 'else' }), wanted)).toBe(
      'the token is for another audience',
    );
    expect(reason(SECRET, token('HS256'), wanted)).toBe('the token is of another issuer');
  });

  test('that needs an extension, or is none, is refused', () => {
    expect(reason(SECRET, token('HS256', GOOD, 'HS256', { crit: ['b64'], b64: false }))).toMatch(/extension/);
    for (const given of ['x', 'a.b', 'a.b.c.d', '..', `${'a'.repeat(60_000)}.b.c`, token('HS256', [1]), token('HS256', 'text')]) {
      expect(reason(SECRET, given)).toMatch(/^the token (is no signed JSON Web Token|cannot be read)$/);
    }
  });
});

describe('the key that tokens are checked with', () => {
  test.each([
    ['a short secret', 'short'],
    ['a short RSA key', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)],
    ['a curve that ES256 does not know', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['a damaged PEM file, which is no shared secret', `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(64)}\n-----END PUBLIC KEY-----\n`],
  ])('is refused when it is %s; no token is accepted then', (_, key) => {
    expect(() => jwtKey(key)).toThrow(expect.objectContaining({ kind: 'invalid-arguments' }));
    expect(reason(key, token('HS256'))).toMatch(/cannot be checked/);
  });
});
