import type { Diagnosis } from '../../shared/contract/index.ts';

/** What a sentence may name. None of it is patient data. */
export interface Facts {
  /** The node's name as the user gave it, or "this workstation" where no node takes part. */
  readonly node: string;
  readonly host: string;
  readonly port: number;
  /** The node's own AE title (our called title). */
  readonly aeTitle: string;
  readonly ownAETitle: string;
  /** Address under which the node would reach us, or a phrase where it could not be found. */
  readonly ownHost: string;
  readonly ownPort: number;
  /** `A801`. */
  readonly status: string;
  /** What an A-ASSOCIATE-RJ or A-ABORT said, in the standard's words; empty where there was none. */
  readonly upperLayer: string;
  /** System error code, where there is one. */
  readonly code: string;
  /** Seconds of the clock that ran out. */
  readonly seconds: number;
  readonly received: number;
  readonly expected: number | undefined;
  readonly failed: number;
}

type Text = (facts: Facts) => Pick<Diagnosis, 'sentence' | 'nextStep' | 'copyable'>;

const registration = (f: Facts) => `AE title: ${f.ownAETitle}\nHost: ${f.ownHost}\nPort: ${f.ownPort}`;
const askAdmin = (f: Facts) => `Ask the administrator of ${f.node} to register this workstation as a DICOM destination.`;
/** `10 min`, or seconds where it is shorter than two minutes. */
const span = (seconds: number) => (seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`);
/** What the standard calls it, for the administrator who reads along. */
const said = (f: Facts) => (f.upperLayer === '' ? '' : ` (${f.upperLayer})`);
const of = (f: Facts) => (f.expected === undefined ? `${f.received} instances` : `${f.received} of ${f.expected} instances`);

/** Every sentence that an action's completion can bring, in one place. English; other languages follow the same keys. */
export const TEXTS = {
  // ------------------------------------------------------------------------------------------------------ reaching the peer
  refused: (f) => ({
    sentence: `Nothing answers at ${f.host}, port ${f.port}.`,
    nextStep: `Check that ${f.node} is running and that the port is right.`,
  }),
  unknownHost: (f) => ({
    sentence: `The host name ${f.host} is not known on this network.`,
    nextStep: 'Check the spelling of the host, or enter its address instead.',
  }),
  unreachable: (f) => ({
    sentence: `${f.host} cannot be reached from this computer.`,
    nextStep: 'Check the network connection, the address, and whether a firewall stands between the two.',
  }),
  connectionLost: (f) => ({
    sentence: `The connection to ${f.node} broke.`,
    nextStep: 'Try again. If it happens again, check the network and the log of the PACS.',
  }),
  abortedByPeer: (f) => ({
    sentence: `${f.node} broke the association off${said(f)}.`,
    nextStep: 'Try again. If it happens again, the log of the PACS says why it did so.',
  }),
  abortedByPeerProvider: (f) => ({
    sentence: `${f.node} broke the association off because it took a message for a protocol error${said(f)}.`,
    nextStep: 'Check that the port is a DICOM port of the PACS. The log of the PACS says what it did not understand.',
  }),
  tls: (f) => ({
    sentence: `${f.node} and this workstation could not agree on encryption (${f.code}).`,
    nextStep: '`phosphor tls check` tests our side; the log of the PACS says what it did not accept.',
  }),
  tlsExpired: (f) => ({
    sentence: `The certificate of ${f.node} has expired.`,
    nextStep: `Ask its administrator to renew it. Check the clock of this computer too: it is ${new Date().toISOString().slice(0, 10)} here.`,
  }),
  tlsNotYet: (f) => ({
    sentence: `The certificate of ${f.node} is not valid yet.`,
    nextStep: `Check the clock of this computer: it is ${new Date().toISOString().slice(0, 10)} here. If that is right, the certificate of the PACS is wrong.`,
  }),
  tlsUntrusted: (f) => ({
    sentence: `Nobody whom this workstation trusts vouches for the certificate of ${f.node}.`,
    nextStep:
      'Ask its administrator for the certificate of the authority that issued it (or for its own, if it is self-signed) and name that file as trust anchor, in the settings or with this PACS.',
  }),
  tlsName: (f) => ({
    sentence: `The certificate of ${f.node} is made out to another name than the one it is called by (${f.host}).`,
    nextStep:
      'Enter the host as the certificate names it, or that name as the server name of this PACS. Only if you know that the certificate is right, switch the check of the name off.',
  }),
  tlsWeak: (f) => ({
    sentence: `The certificate of ${f.node}, or one that vouches for it, is too weak to be trusted (${f.code}).`,
    nextStep: 'Ask its administrator for one with RSA of 2048 bits or an elliptic curve of 256 bits, signed with SHA-256 or better.',
  }),
  tlsPurpose: (f) => ({
    sentence: `The certificate of ${f.node} is not meant for a server, or one that vouches for it may not do so.`,
    nextStep: 'Ask its administrator for a certificate with the extended key usage "TLS Web Server Authentication".',
  }),
  tlsOursMissing: (f) => ({
    sentence: `${f.node} asks for a certificate of ours, and this workstation has none.`,
    nextStep: 'Name our certificate and its key in the settings; the administrator of the PACS must trust whoever issued it.',
  }),
  tlsOursRefused: (f) => ({
    sentence: `${f.node} does not accept the certificate of this workstation (${f.code}).`,
    nextStep:
      'Its administrator must add our certificate, or the authority that issued it, to what the PACS trusts. `phosphor tls check` says whether it is in order.',
  }),
  tlsNoCommon: (f) => ({
    sentence: `${f.node} and this workstation have no version or method of encryption in common (${f.code}).`,
    nextStep: 'This workstation speaks TLS 1.2 and 1.3 as BCP 195 recommends. Ask the administrator of the PACS to allow one of them.',
  }),
  tlsNone: (f) => ({
    sentence: `What answers at ${f.host}, port ${f.port}, does not speak TLS.`,
    nextStep: `Check the port: encrypted DICOM is usually 2762. If ${f.node} takes plain connections only, switch TLS off for it.`,
  }),
  tlsHungUp: (f) => ({
    sentence: `${f.node} hung up during the TLS handshake.`,
    nextStep: `Check that port ${f.port} is its TLS port. Some systems hang up so when they do not trust our certificate, or miss one.`,
  }),
  tlsClosed: (f) => ({
    sentence: `${f.node} hung up as soon as encryption was agreed upon.`,
    nextStep:
      'It probably does not trust the certificate of this workstation, or asks for one that we do not have. Its log says which; `phosphor tls check` tests our side.',
  }),
  tlsOwnFiles: () => ({
    sentence: 'The certificate, key or trust anchor files of this workstation cannot be used.',
    nextStep: '`phosphor tls check` says what is wrong with them; the files are named in the settings.',
  }),
  protocol: (f) => ({
    sentence: `${f.node} answered with something that is not DICOM, or breaks its rules; we broke the association off${said(f)}.`,
    nextStep: `Check that port ${f.port} is the DICOM port, not that of a web server.`,
  }),
  noPresentationContext: (f) => ({
    sentence: `${f.node} does not offer this service.`,
    nextStep: 'Ask its administrator whether this service (verification, query or retrieve) is switched on for us.',
  }),

  // ----------------------------------------------------------------------------------------------------- A-ASSOCIATE-RJ
  callingUnknown: (f) => ({
    sentence: `${f.node} does not know our AE title, ${f.ownAETitle}${said(f)}.`,
    nextStep: askAdmin(f),
    copyable: registration(f),
  }),
  calledUnknown: (f) => ({
    sentence: `The system at ${f.host}:${f.port} does not answer to the AE title ${f.aeTitle}${said(f)}.`,
    nextStep: `Correct the AE title of ${f.node} in the node's settings.`,
  }),
  applicationContext: (f) => ({
    sentence: `${f.node} does not support the DICOM application context${said(f)}.`,
    nextStep: `Check that ${f.host}:${f.port} is the DICOM service of the PACS.`,
  }),
  protocolVersion: (f) => ({
    sentence: `${f.node} does not support our version of the DICOM upper layer protocol${said(f)}.`,
    nextStep: `Check that ${f.host}:${f.port} is the DICOM service of the PACS.`,
  }),
  congestion: (f) => ({
    sentence: `${f.node} is busy at the moment and takes no new associations${said(f)}.`,
    nextStep: 'Try again in a minute.',
  }),
  localLimit: (f) => ({
    sentence: `${f.node} has no association free for us${said(f)}.`,
    nextStep: 'Try again in a minute. If it happens often, ask for more parallel associations.',
  }),
  rejected: (f) => ({
    sentence: `${f.node} refused the association without giving a reason that helps${said(f)}.`,
    nextStep: `Ask its administrator whether ${f.ownAETitle} may connect from ${f.ownHost}, and whether it wants to know who is calling.`,
    copyable: registration(f),
  }),
  identityRefused: (f) => ({
    sentence: `${f.node} refused the association; it probably does not accept the user identity that we show${said(f)}.`,
    nextStep: `Check user name and secret in the entry of ${f.node}. If they are right, ask its administrator whether ${f.ownAETitle} may connect from ${f.ownHost}.`,
    copyable: registration(f),
  }),
  rejectedTransient: (f) => ({
    sentence: `${f.node} refused the association for the moment${said(f)}.`,
    nextStep: 'Try again in a minute.',
  }),

  // ------------------------------------------------------------------------------------------------------------- statuses
  A700: (f) => ({
    sentence: `${f.node} has run out of resources (A700).`,
    nextStep: 'Try again later, or ask the administrator of the PACS to look at its disk and memory.',
  }),
  A701: (f) => ({
    sentence: `${f.node} ran out of resources while it counted what to send (A701).`,
    nextStep: 'Try again later, or retrieve single series. The shortage is on the side of the PACS.',
  }),
  A702: (f) => ({
    sentence: `${f.node} could not send the images to us (A702).`,
    nextStep: `Either the PACS is short of resources or it cannot reach this workstation at ${f.ownHost}, port ${f.ownPort}. Let its administrator test the connection to us.`,
    copyable: registration(f),
  }),
  A801: (f) => ({
    sentence: `${f.node} does not know ${f.ownAETitle} as a move destination (A801).`,
    nextStep: askAdmin(f),
    copyable: registration(f),
  }),
  A900: (f) => ({
    sentence: `${f.node} says the request does not fit the service (A900).`,
    nextStep: 'Try another level, for example the study instead of a series.',
  }),
  Cxxx: (f) => ({
    sentence: `${f.node} could not process the request (${f.status}).`,
    nextStep: `Many systems answer so when they do not know ${f.ownAETitle} or cannot reach it. If the registration below is right, look into the log of the PACS.`,
    copyable: registration(f),
  }),
  FE00: (f) => ({
    sentence: `${f.node} ended the operation as cancelled (FE00), though nobody cancelled it here.`,
    nextStep: 'Try again.',
  }),
  '0110': (f) => ({
    sentence: `${f.node} failed while it processed the request (0110).`,
    nextStep: 'Try again. The log of the PACS says more.',
  }),
  '0111': (f) => ({ sentence: `${f.node} already has an instance with this UID (0111).` }),
  '0112': (f) => ({ sentence: `${f.node} no longer has what was asked for (0112).`, nextStep: 'Search again.' }),
  '0117': (f) => ({ sentence: `${f.node} does not accept this instance UID (0117).` }),
  '0119': (f) => ({ sentence: `${f.node} has this UID under another SOP class (0119).` }),
  '0122': (f) => ({
    sentence: `${f.node} does not support this service (0122).`,
    nextStep: 'Ask its administrator whether query and retrieve are switched on.',
  }),
  '0124': (f) => ({
    sentence: `${f.node} does not allow ${f.ownAETitle} to do this (0124).`,
    nextStep: 'Ask its administrator for permission.',
    copyable: registration(f),
  }),
  '0210': (f) => ({ sentence: `${f.node} took the request for one it already has (0210).`, nextStep: 'Try again.' }),
  '0211': (f) => ({ sentence: `${f.node} does not know this operation (0211).` }),
  '0212': (f) => ({ sentence: `${f.node} could not read an argument of the request (0212).` }),
  '0213': (f) => ({ sentence: `${f.node} has reached a limit of its resources (0213).`, nextStep: 'Try again later.' }),
  status: (f) => ({ sentence: `${f.node} answered with the status ${f.status}.`, nextStep: 'The log of the PACS says more.' }),

  // --------------------------------------------------------------------------------------------------------------- clocks
  connect: (f) => ({
    sentence: `${f.host}:${f.port} did not take the connection within ${f.seconds} s.`,
    nextStep: 'Check the address and whether a firewall swallows the connection.',
  }),
  'tls-handshake': (f) => ({
    sentence: `The TLS handshake with ${f.node} did not end within ${f.seconds} s.`,
    nextStep: `Check that port ${f.port} is its TLS port: a plain DICOM port takes the connection and says nothing.`,
  }),
  association: (f) => ({
    sentence: `${f.node} took the connection but did not answer the association request within ${f.seconds} s.`,
    nextStep: `Check that port ${f.port} is the DICOM port and that the PACS is not overloaded.`,
  }),
  release: (f) => ({ sentence: `${f.node} did not answer the release of the association within ${f.seconds} s.` }),
  'dimse-response': (f) => ({
    sentence: `${f.node} accepted the request but did not answer within ${f.seconds} s.`,
    nextStep: 'Try again, or narrow the search. The time is the setting "dimseResponse".',
  }),
  'pdu-receive': (f) => ({
    sentence: `A message from ${f.node} began but did not end within ${f.seconds} s.`,
    nextStep: 'Check the network.',
  }),
  'write-progress': (f) => ({ sentence: `${f.node} took no data for ${f.seconds} s.`, nextStep: 'Check the network.' }),
  idle: (f) => ({ sentence: `The association with ${f.node} was idle for ${f.seconds} s and was closed.` }),
  'cancel-grace': (f) => ({
    sentence: `${f.node} did not react to the cancel request within ${f.seconds} s, so the association was broken off.`,
  }),
  'retrieve-stall': (f) => ({
    sentence: `Nothing arrived from ${f.node} for ${span(f.seconds)} (${of(f)} came before).`,
    nextStep: `Check in the PACS whether it can reach ${f.ownHost}, port ${f.ownPort}. Then retrieve again.`,
    copyable: registration(f),
  }),
  'retrieve-total': (f) => ({ sentence: `The retrieve was not finished within ${span(f.seconds)} (${of(f)} came).` }),
  timedOut: (f) => ({ sentence: `${f.node} did not answer in time.`, nextStep: 'Try again.' }),

  // ---------------------------------------------------------------------------------------------------------- reconciliation
  nothingCame: (f) => ({
    sentence: `${f.node} reports success, but nothing arrived here.`,
    nextStep: `It probably sends to another address: ${f.ownAETitle} must be registered there with the host and port below, and no firewall may block the way to us.`,
    copyable: registration(f),
  }),
  somethingMissing: (f) => ({
    sentence: `${f.node} reports success, but only ${of(f)} are here.`,
    nextStep: 'Retrieve again to fetch what is missing; the list names the instances.',
  }),
  someFailed: (f) => ({
    sentence: `${of(f)} arrived; ${f.failed} could not be sent.`,
    nextStep: 'Retrieve again to fetch what is missing; the list names the instances.',
  }),
  unknownStudy: (f) => ({
    sentence: `${f.node} has no images of this study.`,
    nextStep: 'Search again: it may have been moved or deleted, or not arrived there yet.',
  }),
  growing: (f) => ({
    sentence: `The study was still growing at ${f.node} while it was retrieved.`,
    nextStep: 'Retrieve again when the examination is finished.',
  }),

  // --------------------------------------------------------------------------------------------------------- our own side
  portInUse: (f) => ({
    sentence: `Another program uses port ${f.ownPort}, so nothing can be received.`,
    nextStep: 'Close the other program, or choose another port in the settings and register that one with your PACS.',
  }),
  listener: (f) => ({
    sentence: `The receiver could not be opened on port ${f.ownPort}.`,
    nextStep: 'Choose another port in the settings, or let your administrator allow this one.',
  }),
  ownDiskFull: () => ({
    sentence: 'The disk of this workstation is full.',
    nextStep: 'Make room, then retrieve again: what has arrived is kept.',
  }),
  storage: (f) => ({
    sentence: `A file of the archive could not be read or written${f.code === '' ? '' : ` (${f.code})`}.`,
    nextStep: 'Check the disk and the permissions of the archive folder.',
  }),
  unreadable: (f) => ({
    sentence: `The file cannot be read${f.code === '' ? '' : ` (${f.code})`}.`,
    nextStep: 'Check that it exists and that you may read it.',
  }),
  notDicom: () => ({ sentence: 'This is not a DICOM file.' }),
  damaged: () => ({ sentence: 'The data is damaged and was not taken in.' }),
  limitExceeded: () => ({ sentence: 'The answer was larger than this workstation accepts.', nextStep: 'Narrow the search.' }),
  workerDied: () => ({ sentence: 'A part of this program stopped and was started again.', nextStep: 'Try again.' }),
  internal: () => ({ sentence: 'Something unexpected happened inside this program.', nextStep: 'Try again; the log holds the details.' }),
  cancelled: () => ({ sentence: 'Cancelled. What had arrived is kept.' }),
  closed: () => ({
    sentence: 'The workstation was closed while this was running.',
    nextStep: 'Start it again; what has arrived is kept.',
  }),
  rowsNotTaken: () => ({ sentence: 'The window stopped taking results, so the search was ended.', nextStep: 'Search again.' }),
  secretMissing: (f) => ({
    sentence: `${f.node} wants to know who is calling, and the secret for that is not stored on this computer.`,
    nextStep: `Give the passcode or token in the entry of ${f.node}, or with \`phosphor node secret\`.`,
  }),
  secretSealed: (f) => ({
    sentence: `The secret for ${f.node} was sealed by the desktop window and cannot be read by this program.`,
    nextStep: 'Store a copy for this program with `phosphor node secret`.',
  }),
  secretUnusable: (f) => ({
    sentence: `${f.node} wants to know who is calling, and the secret that is stored for that cannot be sent: it is empty, too long, or a Kerberos ticket that is not in base64.`,
    nextStep: `Give it anew in the entry of ${f.node}, or with \`phosphor node secret\`.`,
  }),
  usernameMissing: (f) => ({
    sentence: `${f.node} wants to know who is calling, and its entry holds no user name.`,
    nextStep: `Edit the entry of ${f.node}.`,
  }),
  nodeGone: () => ({ sentence: 'This PACS is no longer in the list.', nextStep: 'Choose another one.' }),
  unsupported: () => ({ sentence: 'This is not supported yet.' }),
  busy: () => ({ sentence: 'Another program is using the archive.', nextStep: 'Close it and try again.' }),

  // ---------------------------------------------------------------------------------------------------------------- archive
  studyGone: () => ({ sentence: 'This study is not in the archive.', nextStep: 'Look whether it was deleted, or retrieve it first.' }),
  correctionGone: () => ({
    sentence: 'There is no such correction, so it cannot be undone.',
    nextStep: 'The version before may still be in the trash.',
  }),
  copyWithUIDs: () => ({
    sentence: 'A copy that keeps the UIDs of its original cannot stand beside it in the archive.',
    nextStep: 'Export the study instead, or let the copy have UIDs of its own.',
  }),
  projectSealed: () => ({
    sentence: 'The secret of this project was sealed by the desktop window and cannot be read by this program.',
    nextStep: 'De-identify in the desktop window, or use another project here.',
  }),
  editFailed: (f) => ({
    sentence: `${f.failed} of ${f.received} instances were left as they are; the list says why of each.`,
    nextStep: 'Look at the reasons, then try again: what is done already stays done.',
  }),
  wrapRefused: (f) => ({
    sentence: `${f.failed} of ${f.received} files could not be wrapped; the list says why of each.`,
    nextStep: 'PDF, JPEG (baseline), PNG, MP4 (H.264 or H.265) and MPEG-2 can be wrapped. Save the others in one of these forms.',
  }),
  contentGone: () => ({
    sentence: 'What was to be saved is not kept any more.',
    nextStep: 'Save it again from the viewer: the marks are still there.',
  }),
  composeImageGone: () => ({
    sentence: 'An image that it is about is not in the archive any more.',
    nextStep: 'Look whether it was deleted, or retrieve the study again, then save once more.',
  }),
  pixelWarnings: (f) => ({
    sentence: `The pixels of the copy may show who it is: ${f.failed} ${f.failed === 1 ? 'warning' : 'warnings'}, listed one by one.`,
    nextStep: 'Look at these images before you give the copy away. Rectangles can be made black when it is made again.',
  }),
  importRefused: (f) => ({
    sentence: `${f.failed} of ${f.received} files were not taken in; the list says why of each.`,
    nextStep: 'Files that are not DICOM need nothing. Of instances that differ from what is here, the archive keeps both.',
  }),
  exportFailed: (f) => ({
    sentence: `${f.failed} of ${f.received} were not exported; the list says why of each.`,
    nextStep: 'Images that a medium cannot hold as they are can be exported as files, or with the media profile "as-is".',
  }),
  exportFull: () => ({
    sentence: 'The disk that was exported to is full.',
    nextStep: 'Make room or choose another place, then export again. Files that were written are whole.',
  }),
  exportTarget: () => ({
    sentence: 'The place that was to be exported to cannot be written.',
    nextStep: 'Check that it is there and that you may write in it, or choose another one.',
  }),
  exportTaken: () => ({
    sentence: 'What was to be written is there already, and nothing was replaced.',
    nextStep: 'Choose an empty folder or another name.',
  }),
  exportNothing: () => ({
    sentence: 'Nothing of what was to be exported is in the archive.',
    nextStep: 'Retrieve or import it first.',
  }),
  exportTooMany: () => ({
    sentence: 'This is more than a medium or a ZIP file is made of.',
    nextStep: 'Export fewer studies at once, or files in a folder.',
  }),
  exportPassword: () => ({
    sentence: 'The password of the ZIP file is not kept and must be given again.',
    nextStep: 'Start the export again.',
  }),
  restoreProblems: (f) => ({
    sentence: `${f.failed} of ${f.received} instances could not simply be brought back.`,
    nextStep:
      'Where another version stands in the archive by now, both are kept as a conflict. A file that cannot be read stays in the trash.',
  }),
  verifyProblems: (f) => ({
    sentence: `${f.failed} problems were found in the archive; the list names the files.`,
    nextStep: 'A rebuild of the index repairs what is wrong in the index. Missing or altered files must be retrieved again.',
  }),
} as const satisfies Record<string, Text>;

export type TextKey = keyof typeof TEXTS;

/** Why a retrieve is refused at once. */
export const REFUSALS = {
  method: 'Only retrieving by C-MOVE is supported yet; set the method of this node to "move".',
  destination: 'Retrieving to another system is not supported yet; leave the destination out to retrieve to this workstation.',
} as const;
