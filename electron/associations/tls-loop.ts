import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { TLSFinding } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import type { Transport } from '../dicom/network/index.ts';
import { secureSocket } from './socket-transport.ts';
import { createTLSPort } from './tls-port.ts';
import { type ListenerTLS, profileOptions } from './tls-profile.ts';
import { startTLS } from './tls-requestor.ts';

type Version = '1.2' | '1.3';

const LOOPBACK = '127.0.0.1';
const SECONDS = 5;

const HANG_UPS: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'CLOSED_AFTER_HANDSHAKE']);

/** Not the certificate is wrong then, but it is another authority that vouches for it than the one we trust. */
const OTHER_AUTHORITY =
  /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/;

/**
 * Our acceptor and our requestor shake hands on 127.0.0.1 with these files, in each version that the settings allow, and pass a message. Never rejects.
 */
export async function tlsLoop(tls: ListenerTLS): Promise<TLSFinding[]> {
  const versions: readonly Version[] = tls.minimumVersion === '1.3' ? ['1.3'] : ['1.2', '1.3'];
  const findings: TLSFinding[] = [];
  for (const version of versions) {
    try {
      const suite = await handshake(tls, version);
      const sentence = `This workstation reaches itself by TLS ${version} with these files (${suite}).`;
      findings.push({ severity: 'info', subject: 'handshake', code: `tls-${version}`, sentence });
    } catch (thrown) {
      const { code = 'UNKNOWN' } = toErrorData(thrown);
      const other = OTHER_AUTHORITY.test(code);
      const why = other
        ? ': our trust anchors do not vouch for our own certificate. That is right only if others trust another authority than we do'
        : '';
      const sentence = `This workstation does not reach itself by TLS ${version} with these files (${code})${why}.`;
      findings.push({ severity: other ? 'warning' : 'error', subject: 'handshake', code, sentence });
    }
  }
  return findings;
}

/** Resolves with the cipher suite. */
async function handshake(tls: ListenerTLS, version: Version): Promise<string> {
  const accepted = Promise.withResolvers<Transport>();
  const server = createTLSPort({
    tls,
    handshakeSeconds: SECONDS,
    onConnection: (_socket, secured) => void secured.then(accepted.resolve, accepted.reject),
  });
  accepted.promise.then(echo, () => {});
  try {
    server.listen(0, LOOPBACK);
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new PhosphorError('unreachable', 'no port');
    const name = nameIn(tls.certificate);
    const context = createSecureContext({ ...profileOptions(tls), minVersion: `TLSv${version}`, maxVersion: `TLSv${version}` });
    const calling = { ...tls, checkName: name !== undefined, ...(name === undefined ? {} : { serverName: name }) };
    const socket = startTLS(LOOPBACK, address.port, calling, context);
    try {
      const transport = await secureSocket(() => socket, { connect: SECONDS, tlsHandshake: SECONDS });
      const suite = socket.getCipher().standardName;
      // In TLS 1.3 the acceptor judges our certificate after the requestor is done.
      await Promise.all([accepted.promise, answered(transport, () => transport.failure)]);
      return suite;
    } catch (thrown) {
      socket.destroy();
      // What the requestor sees of a refusal is often the hang-up only; the acceptor knows why.
      const refusal = accepted.promise.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const reason = await Promise.race([refusal, setTimeout(SECONDS * 1000, undefined, { ref: false })]);
      const spoken = toErrorData(thrown).code ?? '';
      throw HANG_UPS.has(spoken) && reason !== undefined ? reason : thrown;
    } finally {
      socket.destroy();
    }
  } finally {
    server.close();
    void accepted.promise.then((transport) => transport.destroy()).catch(() => {});
  }
}

function echo(transport: Transport): void {
  transport.start({
    onData: (bytes) => {
      transport.write([Buffer.from(bytes)]);
      return true;
    },
    onDrain() {},
    onClose() {},
  });
}

function answered(transport: Transport, failure: () => PhosphorError | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  transport.start({
    onData: () => {
      resolve();
      return true;
    },
    onDrain() {},
    onClose: () => reject(failure() ?? new PhosphorError('tls', 'closed after the handshake', { code: 'CLOSED_AFTER_HANDSHAKE' })),
  });
  transport.write([Buffer.from('?')]);
  return promise;
}

/** A name that our certificate bears, as a caller would use it. */
function nameIn(certificate: string): string | undefined {
  const names = new X509Certificate(certificate).subjectAltName?.split(', ') ?? [];
  const usable = names.map((name) => /^(?:DNS|IP Address):([^*"]+)$/.exec(name)?.[1]).filter((name) => name !== undefined);
  return usable[0];
}
