import { constants, createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { IdentityRules } from './types.ts';

/** What tokens are checked with, and the algorithms that fit it: the key decides, never the token. */
export type JWTKey =
  | { readonly algorithms: readonly AsymmetricAlgorithm[]; readonly publicKey: KeyObject }
  | { readonly algorithms: readonly ['HS256']; readonly secret: Buffer };

type AsymmetricAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** RFC 7518 §3.2: a shared secret is at least as long as the hash. */
const SECRET_BYTES = 32;
/** RFC 7518 §3.3. */
const MODULUS_BITS = 2048;
/** Clocks of two machines differ by so much, seconds. */
const LEEWAY = 60;

/**
 * The key in a file's text: a PEM public key or certificate (RSA, P-256, Ed25519), else a shared secret without the line end. Throws `invalid-arguments` for
 * one that cannot be used or is too weak.
 */
export function jwtKey(text: string): JWTKey {
  if (!text.includes('-----BEGIN')) {
    const secret = Buffer.from(text.replace(/\r?\n$/, ''), 'utf8');
    if (secret.length < SECRET_BYTES) throw unusable(`a shared secret has at least ${SECRET_BYTES} bytes`);
    return { algorithms: ['HS256'], secret };
  }
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey(text);
  } catch {
    throw unusable('it is no PEM public key');
  }
  const { namedCurve, modulusLength = 0 } = publicKey.asymmetricKeyDetails ?? {};
  if (publicKey.asymmetricKeyType === 'rsa') {
    if (modulusLength < MODULUS_BITS) throw unusable(`an RSA key has at least ${MODULUS_BITS} bits`);
    return { algorithms: ['RS256', 'PS256'], publicKey };
  }
  if (publicKey.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return { algorithms: ['ES256'], publicKey };
  if (publicKey.asymmetricKeyType === 'ed25519') return { algorithms: ['EdDSA'], publicKey };
  throw unusable('it is no RSA, P-256 or Ed25519 key');
}

/** Why a token is not accepted (RFC 7519 §7.2), undefined when it is. The reason holds nothing of the token. */
export function verifyJWT(
  token: string,
  key: JWTKey,
  wanted: Omit<NonNullable<IdentityRules['jwt']>, 'key'>,
  now: number,
): string | undefined {
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token);
  if (parts === null) return 'the token is no signed JSON Web Token';
  const [, head = '', body = '', signature = ''] = parts;
  const header = objectOf(head);
  const claims = objectOf(body);
  if (header === undefined || claims === undefined) return 'the token cannot be read';
  const algorithm = key.algorithms.find((name) => name === header.alg);
  if (algorithm === undefined) return 'the token is not signed as our key needs it';
  // RFC 7515 §4.1.11: extensions that must be understood; we know none.
  if (header.crit !== undefined) return 'the token needs an extension that is not known';
  if (!isSigned(`${head}.${body}`, Buffer.from(signature, 'base64url'), key, algorithm)) return 'the signature of the token is wrong';
  return whyNotNow(claims, now / 1000) ?? whyNotUs(claims, wanted);
}

function isSigned(text: string, signature: Buffer, key: JWTKey, algorithm: AsymmetricAlgorithm | 'HS256'): boolean {
  const data = Buffer.from(text, 'latin1');
  if ('secret' in key) {
    const expected = createHmac('sha256', key.secret).update(data).digest();
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  }
  const { publicKey } = key;
  switch (algorithm) {
    case 'RS256':
      return verify('sha256', data, { key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature);
    case 'PS256':
      return verify('sha256', data, { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature);
    case 'ES256':
      return verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    case 'EdDSA':
      return verify(null, data, publicKey, signature);
    case 'HS256':
      return false;
  }
}

/** A token without an end would be valid for ever once it was seen: it needs one. */
function whyNotNow({ exp, nbf }: Claims, now: number): string | undefined {
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return 'the token has no time of expiry';
  if (now >= exp + LEEWAY) return 'the token has expired';
  if (nbf === undefined) return undefined;
  if (typeof nbf !== 'number' || !Number.isFinite(nbf) || now < nbf - LEEWAY) return 'the token is not valid yet';
  return undefined;
}

function whyNotUs({ iss, aud }: Claims, { issuer, audience }: { issuer?: string; audience?: string }): string | undefined {
  if (issuer !== undefined && iss !== issuer) return 'the token is of another issuer';
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (audience !== undefined && !audiences.includes(audience)) return 'the token is for another audience';
  return undefined;
}

type Claims = Readonly<Record<string, unknown>>;

/** A segment has at most 64 KiB, since the field of the association request has. */
function objectOf(segment: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function unusable(why: string): PhosphorError {
  return new PhosphorError('invalid-arguments', `the key for JSON Web Tokens cannot be used: ${why}`);
}
