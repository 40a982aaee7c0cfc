import type { ClockName } from '../../../shared/contract/index.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';

/** A-ABORT source (PS3.8 §9.3.8). */
export const AbortSource = { serviceUser: 0, serviceProvider: 2 } as const;

/** A-ABORT reason of the service provider (PS3.8 §9.3.8). */
export const AbortReason = {
  notSpecified: 0,
  unrecognizedPDU: 1,
  unexpectedPDU: 2,
  unrecognizedPDUParameter: 4,
  unexpectedPDUParameter: 5,
  invalidPDUParameterValue: 6,
} as const;

const ABORT_REASONS: Readonly<Record<number, string>> = {
  [AbortReason.notSpecified]: 'reason not specified',
  [AbortReason.unrecognizedPDU]: 'unrecognized PDU',
  [AbortReason.unexpectedPDU]: 'unexpected PDU',
  [AbortReason.unrecognizedPDUParameter]: 'unrecognized PDU parameter',
  [AbortReason.unexpectedPDUParameter]: 'unexpected PDU parameter',
  [AbortReason.invalidPDUParameterValue]: 'invalid PDU parameter value',
};

/** The peer broke PS3.8: our upper layer answers with this A-ABORT reason. */
export function pduError(message: string, reason: number = AbortReason.invalidPDUParameterValue): PhosphorError {
  return new PhosphorError('protocol', message, { upperLayer: { source: AbortSource.serviceProvider, reason } });
}

/** The peer broke PS3.7: we abort as service user, for which no reason is defined. */
export function dimseError(message: string): PhosphorError {
  return new PhosphorError('protocol', message, { upperLayer: { source: AbortSource.serviceUser, reason: 0 } });
}

export function abortedByPeer(source: number, reason: number): PhosphorError {
  const by = source === AbortSource.serviceUser ? 'the peer aborted the association' : "the peer's upper layer aborted the association";
  const why = source === AbortSource.serviceUser ? '' : `: ${ABORT_REASONS[reason] ?? `reason ${reason}`}`;
  return new PhosphorError('aborted-by-peer', by + why, { upperLayer: { source, reason } });
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

/** A-ASSOCIATE-RJ (PS3.8 table 9-21) in words: `result/source/reason`. */
const REJECTIONS: Readonly<Record<string, string>> = {
  '1/1': 'no reason given',
  '1/2': 'application context name not supported',
  '1/3': 'calling AE title not recognized',
  '1/7': 'called AE title not recognized',
  '2/1': 'no reason given by the upper layer',
  '2/2': 'protocol version not supported',
  '3/1': 'temporary congestion',
  '3/2': 'local limit exceeded',
};

export function rejected(by: 'peer' | 'us', rejection: { result: number; source: number; reason: number }): PhosphorError {
  const { result, source, reason } = rejection;
  const transient = result === 2;
  const why = REJECTIONS[`${source}/${reason}`] ?? `source ${source}, reason ${reason}`;
  const who = by === 'peer' ? 'the peer rejected the association' : 'association rejected';
  return new PhosphorError('rejected', `${who} (${transient ? 'transient' : 'permanent'}): ${why}`, {
    retryable: transient,
    upperLayer: { result, source, reason },
  });
}
