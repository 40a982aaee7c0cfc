import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from 'node:tls';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { OWN_TLS_FILES } from './tls-errors.ts';

/** What we show of ourselves in TLS and whom we trust, as PEM text. Plain data: it goes to the workers as it is. */
export interface TLSMaterial {
  /** Our certificate and those that vouch for it, its own first; absent = we show none. */
  readonly certificate?: string;
  readonly privateKey?: string;
  /** Absent = those of the system. */
  readonly trustAnchors?: string;
  readonly minimumVersion: '1.2' | '1.3';
}

/** TLS towards a peer that we call. */
export interface PeerTLS extends TLSMaterial {
  /** Name that its certificate must bear; absent = the host. */
  readonly serverName?: string;
  /** False: any name in a certificate that a trust anchor vouches for. */
  readonly checkName: boolean;
}

/** TLS towards those who call us, on a port of its own. */
export interface ListenerTLS extends TLSMaterial {
  /** 2762 by PS3.15 B.12. */
  readonly port: number;
  readonly certificate: string;
  readonly privateKey: string;
  /** `requested`: checked where one is shown. */
  readonly clientCertificates: 'none' | 'requested' | 'required';
}

/** TLS 1.2 by RFC 9325 §4.2: ephemeral key agreement and authenticated encryption only. TLS 1.3 has nothing else. */
export const CIPHER_SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
] as const;

/**
 * BCP 195 (RFC 8996, RFC 9325) as PS3.15 B.12 asks for it: TLS 1.2 and 1.3, no older version and no way back to one, no renegotiation (RFC 9325
 * §3.5), no compression (§3.3), keys of at least 112 bits of strength (RSA 2048; §4.5), no SHA-1 in certificates. What Node throws about
 * certificate, key or trust anchors comes through, see `usable`.
 */
export function profileOptions({ certificate, privateKey, trustAnchors, minimumVersion }: TLSMaterial): SecureContextOptions {
  if (certificate !== undefined && privateKey !== undefined) checkPair(certificate, privateKey);
  return {
    minVersion: minimumVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: `${CIPHER_SUITES.join(':')}:@SECLEVEL=2`,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_NO_RENEGOTIATION,
    ca: trustAnchors ?? systemTrustAnchors(),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(privateKey === undefined ? {} : { key: privateKey }),
  };
}

/** OpenSSL keeps a certificate of one algorithm beside a key of another and shows none of them. */
function checkPair(certificate: string, privateKey: string): void {
  if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey))) return;
  throw Object.assign(new Error('the key does not belong to the certificate'), { code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' });
}

const MOST_CONTEXTS = 16;
const contexts = new Map<string, SecureContext>();

/**
 * The TLS context for calling with this material; kept, because one with the system's trust anchors takes 20 ms to make.
 * @throws PhosphorError `tls` when certificate, key or trust anchors cannot be used
 */
export function clientContext(material: TLSMaterial): SecureContext {
  const { certificate, privateKey, trustAnchors, minimumVersion } = material;
  const key = JSON.stringify([certificate, privateKey, trustAnchors, minimumVersion]);
  const kept = contexts.get(key);
  if (kept) return kept;
  const made = usable(() => createSecureContext(profileOptions(material)));
  const [oldest] = contexts.keys();
  if (contexts.size >= MOST_CONTEXTS && oldest !== undefined) contexts.delete(oldest);
  contexts.set(key, made);
  return made;
}

/** Runs what OpenSSL takes our files in with. @throws PhosphorError `tls` */
export function usable<T>(make: () => T): T {
  try {
    return make();
  } catch (thrown) {
    const reason = systemCode(thrown);
    const why = reason === undefined ? '' : ` (${reason})`;
    throw new PhosphorError('tls', `our own certificate, its key or the trust anchors cannot be used${why}`, { code: OWN_TLS_FILES });
  }
}

let system: string[] | undefined;

function systemTrustAnchors(): string[] {
  if (!system) {
    const installed = getCACertificates('system');
    system = installed.length > 0 ? installed : getCACertificates('bundled');
  }
  return system;
}
