import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';

/** Code of a `tls` error whose cause is our own files: certificate, key or trust anchors. */
export const OWN_TLS_FILES = 'OWN_TLS_FILES';
/** Code of a `tls` error: the peer hung up as soon as encryption was agreed upon. */
export const CLOSED_AFTER_HANDSHAKE = 'CLOSED_AFTER_HANDSHAKE';

/** What may pass by itself: the peer is starting, or short of something. A certificate does not mend itself. */
const MAY_PASS: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', CLOSED_AFTER_HANDSHAKE]);

/**
 * The typed error of a TLS handshake, or of an alert after it: kind `tls` with OpenSSL's or Node's code. The text is ours; nothing that the peer
 * wrote into its certificate is repeated.
 */
export function tlsError(thrown: unknown): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = tlsCode(thrown);
  return new PhosphorError('tls', `TLS failed (${code})`, { code, retryable: MAY_PASS.has(code) });
}

/** True for what OpenSSL reports once a connection stands: an alert of the peer's, or bytes that are not TLS. */
export function isTLSCode(thrown: unknown): boolean {
  return /^(ERR_SSL_|ERR_TLS_)/.test(tlsCode(thrown));
}

/** OpenSSL's reason, also where Node hides it behind a write that failed (`EPROTO`). */
function tlsCode(thrown: unknown): string {
  const code = systemCode(thrown) ?? 'UNKNOWN';
  if (code !== 'EPROTO' || !(thrown instanceof Error)) return code;
  const reason = /:SSL routines:[^:]*:([a-z0-9 /-]{1,64}):/i.exec(thrown.message)?.[1];
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`.slice(0, 64);
}
