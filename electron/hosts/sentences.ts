import type { ErrorKind, PhosphorErrorData } from '../../shared/contract/index.ts';

/** What a person reads when something fails outside an action (actions bring their own diagnosis): what happened, then what to do. */
const SENTENCES: Readonly<Record<ErrorKind, string>> = {
  'invalid-arguments': 'That cannot be carried out as given.',
  'not-found': 'That does not exist (any more).',
  unsupported: 'This version cannot do that.',
  busy: 'Another Phosphor holds this profile and does not answer; end it, or name another folder with --profile.',
  unreachable: 'The other side cannot be reached; check host and port.',
  tls: 'Encryption could not be agreed upon; `phosphor tls check` tests our side.',
  rejected: 'The other side refused; check the AE titles on both sides.',
  'aborted-by-peer': 'The other side hung up.',
  'connection-lost': 'The workstation that held this profile ended; run the command again.',
  'timed-out': 'The other side did not answer in time.',
  protocol: 'The other side answered in a way that DICOM does not allow.',
  'peer-status': 'The other side reported a failure.',
  'no-presentation-context': 'The other side does not offer this service.',
  cancelled: 'Cancelled.',
  'worker-died': 'A part of Phosphor ended unexpectedly; run the command again.',
  'port-in-use': 'The port is in use by another program; end it, or choose another with --port.',
  'storage-full': 'The disk is full; free some space and run the command again.',
  storage: 'The profile or archive folder cannot be used; check that it exists and that you may write to it.',
  unreadable: 'The file or folder cannot be read; check that it exists and that you may read it.',
  'not-dicom': 'That is not a DICOM file.',
  'limit-exceeded': 'That is larger than Phosphor accepts.',
  damaged: 'The profile is damaged; `phosphor archive rebuild` restores the index from the stored files.',
  interrupted: 'That was interrupted.',
  internal: 'Phosphor made a mistake; please report it together with the log in the profile’s logs folder.',
};

/** Kinds whose message is written by us for people as well: it says more than the table. */
const SPEAKING: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['invalid-arguments', 'not-found', 'unsupported', 'damaged', 'storage']);

/** One sentence for a person. Holds nothing from outside but our own error texts. */
export function sentenceFor(error: PhosphorErrorData): string {
  if (!SPEAKING.has(error.kind)) return error.code === undefined ? SENTENCES[error.kind] : `${SENTENCES[error.kind]} (${error.code})`;
  const said = error.message.charAt(0).toUpperCase() + error.message.slice(1);
  return /[.!?]$/.test(said) ? said : `${said}.`;
}
