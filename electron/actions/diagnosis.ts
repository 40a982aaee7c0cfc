import type { ClockName, Diagnosis, ErrorKind, PacsNode, PhosphorErrorData, Settings } from '../../shared/contract/index.ts';
import { abortInWords, rejectionInWords } from '../dicom/network/reasons.ts';
import { type Facts, TEXTS, type TextKey } from './texts.ts';

/** What a diagnosis is made from: where the action stood, and the one thing that ended it. */
export interface DiagnosisInput {
  readonly node?: PacsNode | undefined;
  readonly own: { readonly aeTitle: string; readonly port: number };
  /** Address under which the node would reach us. */
  readonly ownHost?: string | undefined;
  readonly clocks: Settings['clocks'];
  readonly end:
    | { readonly error: PhosphorErrorData }
    | { readonly status: number; readonly errorComment?: string | undefined }
    | { readonly text: TextKey; readonly errorComment?: string | undefined };
  readonly received?: number;
  readonly expected?: number | undefined;
  readonly failed?: number;
}

/** Turns what ended an action into what a person can do. The peer's own Error Comment is always shown beside our sentence. */
export function diagnose(input: DiagnosisInput): Diagnosis {
  const { end } = input;
  const error = 'error' in end ? end.error : undefined;
  const key = 'text' in end ? end.text : 'status' in end ? statusText(end.status) : errorText(end.error);
  // PS3.8 §9.3.4 has no reason for an identity that is not accepted: peers refuse it without one.
  const made: Diagnosis = TEXTS[key === 'rejected' && input.node?.userIdentity ? 'identityRefused' : key](factsOf(input));
  const comment = ('error' in end ? end.error.errorComment : end.errorComment)?.trim();
  return {
    ...made,
    sentence: comment ? `${made.sentence}${PEER_SAYS}${comment.slice(0, 1024)}”` : made.sentence,
    ...(error === undefined ? {} : { error }),
  };
}

const PEER_SAYS = ' The PACS says: “';

/** A diagnosis' sentence as our own words and the peer's, which may hold patient data and so must not go where logs are made of. */
export function ownAndPeerWords(sentence: string): { own: string; peer: string } {
  const at = sentence.indexOf(PEER_SAYS);
  return at < 0 ? { own: sentence, peer: '' } : { own: sentence.slice(0, at), peer: sentence.slice(at + 1) };
}

/** DIMSE statuses (PS3.7 annex C, PS3.4 tables C.4-1 to C.4-3), most specific first. */
const STATUS_TEXTS: readonly (readonly [from: number, to: number, key: TextKey])[] = [
  [0x0110, 0x0110, '0110'],
  [0x0111, 0x0111, '0111'],
  [0x0112, 0x0112, '0112'],
  [0x0117, 0x0117, '0117'],
  [0x0119, 0x0119, '0119'],
  [0x0122, 0x0122, '0122'],
  [0x0124, 0x0124, '0124'],
  [0x0210, 0x0210, '0210'],
  [0x0211, 0x0211, '0211'],
  [0x0212, 0x0212, '0212'],
  [0x0213, 0x0213, '0213'],
  [0xa701, 0xa701, 'A701'],
  [0xa702, 0xa702, 'A702'],
  [0xa700, 0xa7ff, 'A700'],
  [0xa801, 0xa801, 'A801'],
  [0xa900, 0xa9ff, 'A900'],
  [0xb000, 0xb007, 'someFailed'],
  [0xc000, 0xcfff, 'Cxxx'],
  [0xfe00, 0xfe00, 'FE00'],
];

export function statusText(status: number): TextKey {
  return STATUS_TEXTS.find(([from, to]) => status >= from && status <= to)?.[2] ?? 'status';
}

/** A-ASSOCIATE-RJ, PS3.8 table 9-21: `source/reason`. */
const REJECTION_TEXTS: Readonly<Record<string, TextKey>> = {
  '1/2': 'applicationContext',
  '1/3': 'callingUnknown',
  '1/7': 'calledUnknown',
  '2/2': 'protocolVersion',
  '3/1': 'congestion',
  '3/2': 'localLimit',
};

const UNREACHABLE_TEXTS: Readonly<Record<string, TextKey>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'unknownHost',
  EAI_AGAIN: 'unknownHost',
  EAI_NONAME: 'unknownHost',
  EAI_NODATA: 'unknownHost',
};

/** Codes of Node and OpenSSL, and our own (`associations/tls-errors.ts`): whose side is wrong, and with what. */
const TLS_TEXTS: Readonly<Record<string, TextKey>> = {
  CERT_HAS_EXPIRED: 'tlsExpired',
  CERT_NOT_YET_VALID: 'tlsNotYet',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tlsUntrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tlsUntrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tlsUntrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tlsUntrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tlsUntrusted',
  CERT_SIGNATURE_FAILURE: 'tlsUntrusted',
  CERT_UNTRUSTED: 'tlsUntrusted',
  CERT_REJECTED: 'tlsUntrusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tlsName',
  INVALID_PURPOSE: 'tlsPurpose',
  INVALID_CA: 'tlsPurpose',
  EE_KEY_TOO_SMALL: 'tlsWeak',
  CA_KEY_TOO_SMALL: 'tlsWeak',
  CA_MD_TOO_WEAK: 'tlsWeak',
  ERR_SSL_EE_KEY_TOO_SMALL: 'tlsWeak',
  ERR_SSL_CA_MD_TOO_WEAK: 'tlsWeak',
  ERR_SSL_DH_KEY_TOO_SMALL: 'tlsWeak',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'tlsOursMissing',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'tlsOursRefused',
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: 'tlsOursRefused',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'tlsOursRefused',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'tlsOursRefused',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'tlsOursRefused',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'tlsOursRefused',
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: 'tlsOursRefused',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'tlsNoCommon',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'tlsNoCommon',
  ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY: 'tlsNoCommon',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tlsNoCommon',
  ERR_SSL_WRONG_SSL_VERSION: 'tlsNoCommon',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tlsNone',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tlsNone',
  ERR_SSL_RECORD_LAYER_FAILURE: 'tlsNone',
  ERR_SSL_HTTP_REQUEST: 'tlsNone',
  ECONNRESET: 'tlsHungUp',
  EPIPE: 'tlsHungUp',
  CLOSED_AFTER_HANDSHAKE: 'tlsClosed',
  OWN_TLS_FILES: 'tlsOwnFiles',
};

/** What we show of ourselves to a node, and cannot (`workstation/peers.ts`). */
const IDENTITY_TEXTS: Readonly<Record<string, TextKey>> = {
  SECRET_MISSING: 'secretMissing',
  SECRET_SEALED: 'secretSealed',
  SECRET_UNUSABLE: 'secretUnusable',
  USERNAME_MISSING: 'usernameMissing',
};

const KIND_TEXTS: Readonly<Record<ErrorKind, TextKey>> = {
  'invalid-arguments': 'internal',
  'not-found': 'nodeGone',
  unsupported: 'unsupported',
  busy: 'busy',
  unreachable: 'unreachable',
  tls: 'tls',
  rejected: 'rejected',
  'aborted-by-peer': 'abortedByPeer',
  'connection-lost': 'connectionLost',
  'timed-out': 'timedOut',
  protocol: 'protocol',
  'peer-status': 'status',
  'no-presentation-context': 'noPresentationContext',
  cancelled: 'cancelled',
  'worker-died': 'workerDied',
  'port-in-use': 'portInUse',
  'storage-full': 'ownDiskFull',
  storage: 'storage',
  unreadable: 'unreadable',
  'not-dicom': 'notDicom',
  'limit-exceeded': 'limitExceeded',
  damaged: 'damaged',
  interrupted: 'closed',
  internal: 'internal',
};

export function errorText(error: PhosphorErrorData): TextKey {
  const { kind, upperLayer, clock, code, status } = error;
  if (kind === 'timed-out' && clock !== undefined) return clock;
  // Ports below 1024 belong to the administrator.
  if (kind === 'port-in-use' && code === 'EACCES') return 'listener';
  if (kind === 'unreachable' && code !== undefined) return UNREACHABLE_TEXTS[code] ?? 'unreachable';
  if (kind === 'tls' && code !== undefined) return TLS_TEXTS[code] ?? 'tls';
  if (kind === 'peer-status' && status !== undefined) return statusText(status);
  if (kind === 'aborted-by-peer' && upperLayer?.source === 2) return 'abortedByPeerProvider';
  if (kind === 'rejected' && upperLayer !== undefined) {
    const known = REJECTION_TEXTS[`${upperLayer.source}/${upperLayer.reason}`];
    return known ?? (upperLayer.result === 2 ? 'rejectedTransient' : 'rejected');
  }
  return (code === undefined ? undefined : IDENTITY_TEXTS[code]) ?? KIND_TEXTS[kind];
}

/** The setting behind each clock. */
const CLOCK_SETTINGS: Readonly<Record<ClockName, keyof Settings['clocks']>> = {
  connect: 'connect',
  'tls-handshake': 'tlsHandshake',
  association: 'association',
  release: 'release',
  'dimse-response': 'dimseResponse',
  'pdu-receive': 'pduReceive',
  'write-progress': 'writeProgress',
  idle: 'idle',
  'cancel-grace': 'cancelGrace',
  'retrieve-stall': 'retrieveStall',
  'retrieve-total': 'retrieveTotal',
};

function factsOf({ node, own, ownHost, clocks, end, received = 0, expected, failed = 0 }: DiagnosisInput): Facts {
  const error = 'error' in end ? end.error : undefined;
  const status = 'status' in end ? end.status : (error?.status ?? 0);
  return {
    node: node?.name ?? 'the other system',
    host: node?.host ?? 'the host',
    port: node?.port ?? 0,
    aeTitle: node?.aeTitle ?? '',
    ownAETitle: own.aeTitle,
    ownHost: ownHost ?? 'the address of this computer',
    ownPort: own.port,
    status: status.toString(16).toUpperCase().padStart(4, '0'),
    upperLayer: upperLayerInWords(error),
    code: error?.code ?? '',
    seconds: error?.clock === undefined ? 0 : clocks[CLOCK_SETTINGS[error.clock]],
    received,
    expected,
    failed,
  };
}

/** A-ASSOCIATE-RJ or A-ABORT as the standard calls it. */
function upperLayerInWords(error: PhosphorErrorData | undefined): string {
  const upperLayer = error?.upperLayer;
  if (upperLayer === undefined) return '';
  const { result, source, reason } = upperLayer;
  return result === undefined ? `A-ABORT ${abortInWords({ source, reason })}` : rejectionInWords({ result, source, reason });
}
