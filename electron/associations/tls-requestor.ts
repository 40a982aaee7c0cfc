import { isIP } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { clientContext, type PeerTLS } from './tls-profile.ts';

/**
 * Starts a TLS connection to a peer by PS3.15 B.12: its certificate must be vouched for by a trust anchor and bear the name we call it by. Emits
 * `connect`, then `secureConnect`.
 *
 * @throws PhosphorError `tls` when our own certificate, its key or the trust anchors cannot be used
 */
export function startTLS(host: string, port: number, tls: PeerTLS, context = clientContext(tls)): TLSSocket {
  const name = tls.serverName ?? host;
  const socket = connect({
    host,
    port,
    secureContext: context,
    // Server Name Indication is for names only (RFC 6066 §3).
    servername: isIP(name) === 0 ? name : '',
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => (tls.checkName ? nameError(name, certificate) : undefined),
  });
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  return socket;
}

/** A certificate bears its names in Subject Alternative Name and nowhere else (RFC 9525 §2). */
function nameError(name: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname !== undefined) return checkServerIdentity(name, certificate);
  return Object.assign(new Error('the certificate has no Subject Alternative Name'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
}
