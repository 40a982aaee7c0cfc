import type { ClockName } from '../../../shared/contract/index.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { AbortReason, AbortSource, abortInWords, rejectionInWords } from './reasons.ts';
import type { Rejection } from './types.ts';

export { AbortReason, AbortSource };

/** The peer broke PS3.8: our upper layer answers with this A-ABORT reason. */
export function pduError(message: string, reason: number = AbortReason.invalidPDUParameterValue): PhosphorError {
  return new PhosphorError('protocol', message, { upperLayer: { source: AbortSource.serviceProvider, reason } });
}

/** The peer broke PS3.7: we abort as service user, for which no reason is defined. */
export function dimseError(message: string): PhosphorError {
  return new PhosphorError('protocol', message, { upperLayer: { source: AbortSource.serviceUser, reason: 0 } });
}

export function abortedByPeer(source: number, reason: number): PhosphorError {
  const upperLayer = { source, reason };
  return new PhosphorError('aborted-by-peer', `the peer aborted the association, ${abortInWords(upperLayer)}`, { upperLayer });
}

export function timedOut(clock: ClockName): PhosphorError {
  return new PhosphorError('timed-out', `${SENTENCES[clock]} (clock ${clock})`, { clock });
}

const SENTENCES: Readonly<Record<ClockName, string>> = {
  connect: 'the connection was not established in time',
  'tls-handshake': 'the TLS handshake did not end in time',
  association: 'the association was not negotiated in time',
  release: 'the peer did not answer the release in time',
  'dimse-response': 'the peer did not answer a request in time',
  'pdu-receive': 'the peer did not complete a PDU in time',
  'write-progress': 'the peer stopped taking data',
  idle: 'the association was idle for too long',
  'cancel-grace': 'the peer did not end a cancelled operation in time',
  'retrieve-stall': 'the retrieve made no progress',
  'retrieve-total': 'the retrieve took longer than allowed',
};

export function rejected(by: 'peer' | 'us', { result, source, reason }: Rejection): PhosphorError {
  const upperLayer = { result, source, reason };
  const who = by === 'peer' ? 'the peer refused the association' : 'the association was refused';
  return new PhosphorError('rejected', `${who}, ${rejectionInWords(upperLayer)}`, { retryable: result === 2, upperLayer });
}

/**
 * How an association ended or did not come about, for the log: who ended it, why, and which clock it was. Made of our own words and the peer's numbers
 * only; what a peer says in text (error comments, identifiers) never comes in here.
 */
export function endInWords({ kind, message, data }: PhosphorError): string {
  const { code, upperLayer } = data;
  if (kind === 'rejected') return `refused: ${message}`;
  if (kind === 'aborted-by-peer') return `aborted by the peer: ${message}`;
  if (kind === 'connection-lost') return `lost: ${message}${code === undefined ? '' : ` (${code})`}`;
  if (kind === 'timed-out') return `timed out: ${message}`;
  if (kind === 'cancelled') return `aborted by us: ${message}`;
  return `aborted by us${upperLayer === undefined ? '' : `, ${abortInWords(upperLayer)}`}: ${kind}, ${message}`;
}
