import type { ErrorKind } from '../../shared/contract/index.ts';
import { PhosphorError, systemCode } from '../../shared/contract/phosphor-error.ts';
import { isTLSCode, tlsError } from './tls-errors.ts';

/** What a socket's error code means for an association: could the peer not be reached, or did it go away? */
const KIND_BY_CODE: Readonly<Record<string, ErrorKind>> = {
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EAI_FAIL: 'unreachable',
  EAI_NODATA: 'unreachable',
  EAI_NONAME: 'unreachable',
  ECONNREFUSED: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EINVAL: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  ETIMEDOUT: 'unreachable',
  ECONNRESET: 'connection-lost',
  EPIPE: 'connection-lost',
  ECONNABORTED: 'connection-lost',
  EMFILE: 'limit-exceeded',
  ENFILE: 'limit-exceeded',
};

/**
 * The typed error of a socket that failed: `unreachable` while connecting, `connection-lost` once it stood.
 * The message holds the system's code only, never what was sent.
 */
export function socketError(thrown: unknown, connected: boolean): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  if (isTLSCode(thrown)) return tlsError(thrown);
  const code = systemCode(thrown);
  const known = code === undefined ? undefined : KIND_BY_CODE[code];
  const kind = connected && known !== 'limit-exceeded' ? 'connection-lost' : (known ?? 'unreachable');
  const message = kind === 'connection-lost' ? 'the connection was lost' : 'no connection to the peer';
  return new PhosphorError(kind, code === undefined ? message : `${message} (${code})`, code === undefined ? {} : { code });
}

/** The typed error of a port that could not be opened: `port-in-use`, or `unreachable` when the address is not ours. */
export function listenError(thrown: unknown): PhosphorError {
  if (thrown instanceof PhosphorError) return thrown;
  const code = systemCode(thrown);
  const details = code === undefined ? {} : { code };
  if (code === 'EADDRINUSE') return new PhosphorError('port-in-use', 'the port is in use by another program', details);
  if (code === 'EACCES') return new PhosphorError('port-in-use', 'the port may not be opened by this user', details);
  return new PhosphorError('unreachable', 'the listening address cannot be opened', details);
}
