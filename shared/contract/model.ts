import { z } from 'zod';
import { cleaningSettings } from './cleaning.ts';
import { imageModule } from './image-module.ts';
import { aeTitle, count, host, nodeId, port, text, timestamp, uid, username } from './primitives.ts';
import { viewerSettings } from './viewer-settings.ts';

// ---------------------------------------------------------------------------------------------------------------- nodes

export const retrieveMethod = z.enum(['move', 'get', 'auto']);

/** Bytes of a P-DATA-TF PDU's variable field (PS3.8 D.1). */
export const maxPDULength = z.number().int().min(4096).max(1_048_576);

/** A file on this computer, chosen by the person who uses it; '' = none. */
const filePath = z.string().max(4096);

/** How we call a node by TLS (PS3.15 annex B). Our own certificate, and the trust anchors unless given here, are in the settings. */
export const nodeTLS = z.strictObject({
  /** Name that its certificate must bear; absent = the host. */
  serverName: host.optional(),
  /** PEM file; absent = the settings' trust anchors. */
  trustAnchorsFile: filePath.optional(),
  /** False: any name in a certificate that a trust anchor vouches for. */
  checkName: z.boolean(),
});
export type NodeTLS = z.infer<typeof nodeTLS>;

/** User identity negotiation (PS3.7 D.3.3.7). Passcode, ticket, assertion or token are secrets and are kept apart, see `nodes.setSecret`. */
export const nodeUserIdentity = z.strictObject({
  type: z.enum(['username', 'passcode', 'kerberos', 'saml', 'jwt']),
  /** For username and passcode. */
  username: username.optional(),
  positiveResponseRequested: z.boolean(),
});
export type NodeUserIdentity = z.infer<typeof nodeUserIdentity>;

/** Defined terms of PS3.3 C.12.1.1.2 that can stand alone; ISO 2022 escape sequences are understood under each. */
export const FALLBACK_CHARACTER_SETS = [
  'ISO_IR 100',
  'ISO_IR 101',
  'ISO_IR 109',
  'ISO_IR 110',
  'ISO_IR 144',
  'ISO_IR 127',
  'ISO_IR 126',
  'ISO_IR 138',
  'ISO_IR 148',
  'ISO_IR 203',
  'ISO_IR 13',
  'ISO_IR 166',
  'ISO_IR 192',
  'GB18030',
  'GBK',
] as const;

/** A PACS we talk to. `demo` is the one that this workstation serves to itself. */
export const pacsNode = z.strictObject({
  nodeId,
  kind: z.enum(['pacs', 'demo']),
  name: z.string().trim().min(1).max(64),
  host,
  port,
  /** Called AE title. */
  aeTitle,
  method: retrieveMethod,
  /** PDU length that we announce to it (bytes); absent = the setting `maxPDULength`. */
  maxPDULength: maxPDULength.optional(),
  /** Absent = no TLS. */
  tls: nodeTLS.optional(),
  userIdentity: nodeUserIdentity.optional(),
  /** By what its answers are read that declare no Specific Character Set, or none that is known. */
  fallbackCharacterSet: z.enum(FALLBACK_CHARACTER_SETS).optional(),
});
export type PacsNode = z.infer<typeof pacsNode>;

/** What a person types in the node editor, or `phosphor node add`. */
export const pacsNodeDraft = pacsNode.omit({ nodeId: true, kind: true });
export type PacsNodeDraft = z.infer<typeof pacsNodeDraft>;

/** Result of the newest C-ECHO to a node. `sentence` is what a person reads when it failed. */
export const nodeState = z.strictObject({
  nodeId,
  echo: z.enum(['unknown', 'checking', 'ok', 'failed']),
  latencyMs: z.number().nonnegative().optional(),
  checkedAt: timestamp.optional(),
  sentence: text.optional(),
});
export type NodeState = z.infer<typeof nodeState>;

// ---------------------------------------------------------------------------------------------------------------- query

export const queryLevel = z.enum(['patient', 'study', 'series', 'image']);
export type QueryLevel = z.infer<typeof queryLevel>;

/** DICOM date or range as matched by C-FIND (PS3.4 C.2.2.2.5): `20260101`, `20260101-`, `-20261231`, `20260101-20261231`. */
export const dateRange = z.string().regex(/^(\d{8}(-(\d{8})?)?|-\d{8})$/, 'a date is YYYYMMDD, a range YYYYMMDD-YYYYMMDD');

/** Matching keys. `*` and `?` are wildcards in names and identifiers (PS3.4 C.2.2.2.4). */
export const query = z.strictObject({
  level: queryLevel,
  patientName: z.string().max(324).optional(),
  patientID: z.string().max(64).optional(),
  patientBirthDate: dateRange.optional(),
  studyDate: dateRange.optional(),
  modality: z.string().max(16).optional(),
  accessionNumber: z.string().max(64).optional(),
  studyDescription: z.string().max(64).optional(),
  studyInstanceUID: uid.optional(),
  seriesInstanceUID: uid.optional(),
});
export type Query = z.infer<typeof query>;

/** The three groups of a Person Name (PS3.5 §6.2.1), each still with its `^` components. */
export const personName = z.strictObject({
  alphabetic: z.string().max(1024),
  ideographic: z.string().max(1024).optional(),
  phonetic: z.string().max(1024).optional(),
});
export type PersonName = z.infer<typeof personName>;

const short = z.string().max(1024);

export const patientRow = z.strictObject({
  level: z.literal('patient'),
  patientName: personName,
  patientID: short,
  patientBirthDate: short,
  patientSex: short,
  numberOfStudies: count.optional(),
});

/** Dates and times stay DICOM strings (`20261118`, `081500.000`), empty where absent. */
export const studyRow = z.strictObject({
  level: z.literal('study'),
  studyInstanceUID: uid,
  patientName: personName,
  patientID: short,
  patientBirthDate: short,
  patientSex: short,
  studyDate: short,
  studyTime: short,
  accessionNumber: short,
  studyDescription: short,
  referringPhysicianName: personName,
  studyID: short,
  modalities: z.array(z.string().max(64)).max(64),
  numberOfSeries: count.optional(),
  numberOfInstances: count.optional(),
});
export type StudyRow = z.infer<typeof studyRow>;

export const seriesRow = z.strictObject({
  level: z.literal('series'),
  studyInstanceUID: uid,
  seriesInstanceUID: uid,
  modality: short,
  seriesNumber: z.number().int().optional(),
  seriesDescription: short,
  bodyPartExamined: short,
  seriesDate: short,
  numberOfInstances: count.optional(),
});
export type SeriesRow = z.infer<typeof seriesRow>;

export const imageRow = z.strictObject({
  level: z.literal('image'),
  studyInstanceUID: uid,
  seriesInstanceUID: uid,
  sopInstanceUID: uid,
  sopClassUID: uid.optional(),
  instanceNumber: z.number().int().optional(),
});
export type ImageRow = z.infer<typeof imageRow>;

export const matchRow = z.discriminatedUnion('level', [patientRow, studyRow, seriesRow, imageRow]);
export type MatchRow = z.infer<typeof matchRow>;

// -------------------------------------------------------------------------------------------------------------- archive

/** A study in the local archive. Counts are of what is on disk now. */
export const localStudy = studyRow.extend({
  numberOfSeries: count,
  numberOfInstances: count,
  bytes: count,
  /** When the newest instance arrived. */
  arrivedAt: timestamp,
});
export type LocalStudy = z.infer<typeof localStudy>;

export const localSeries = seriesRow.extend({ numberOfInstances: count, bytes: count });
export type LocalSeries = z.infer<typeof localSeries>;

export const archiveStats = z.strictObject({
  patients: count,
  studies: count,
  series: count,
  instances: count,
  bytes: count,
  conflicts: count,
  freeBytes: count,
});
export type ArchiveStats = z.infer<typeof archiveStats>;

export const manifestInstance = z.strictObject({
  sopInstanceUID: uid,
  sopClassUID: uid,
  transferSyntaxUID: uid,
  instanceNumber: z.number().int().optional(),
  acquisitionNumber: z.number().int().optional(),
  numberOfFrames: count,
  fileBytes: count,
  /** Absent where the instance has no pixels (SR, PDF …) or its pixel description cannot be used; `reason` then says why. */
  image: imageModule.optional(),
  reason: text.optional(),
});
export type ManifestInstance = z.infer<typeof manifestInstance>;

/** What the viewer needs of a series, in stack order (position along the normal where there is one, else instance number). */
export const seriesManifest = z.strictObject({
  study: localStudy,
  series: localSeries,
  instances: z.array(manifestInstance).max(100_000),
});
export type SeriesManifest = z.infer<typeof seriesManifest>;

// ------------------------------------------------------------------------------------------------- workstation and settings

/** Eleven days and a half: what a timer can count, with room for sums. */
const LONGEST_SECONDS = 1_000_000;
const seconds = z.number().positive().max(LONGEST_SECONDS);

/** One commented settings file; every entry has a default. */
export const settings = z.strictObject({
  /** Own AE title and listening port. */
  aeTitle,
  port,
  /** Accept C-STORE from anyone who calls us by our title. Marked in the window while on. */
  acceptAnyone: z.boolean(),
  /** fsync every instance before it is acknowledged. */
  durable: z.boolean(),
  associationWorkers: z.number().int().min(1).max(16),
  /** PDU length that we announce, to callers and to nodes without one of their own (bytes). */
  maxPDULength,
  /** Associations that the receiver takes at once; half of them from one address. */
  maxAssociations: z.number().int().min(1).max(1024),
  /** Take SOP classes as storage classes that the standard does not know. */
  acceptPrivateSOPClasses: z.boolean(),
  /** Send an image in another encoding that loses something, where the peer takes no other. */
  allowLossyConversion: z.boolean(),
  /** What callers of our receiver must show of themselves (PS3.7 D.3.3.7). */
  callers: z.strictObject({
    userIdentity: z.enum(['ignored', 'checked', 'required']),
    /** PEM public key, or a shared secret, that JSON Web Tokens are checked with; '' = none are taken. */
    jwtKeyFile: filePath,
    /** '' = any. */
    jwtIssuer: z.string().max(1024),
    jwtAudience: z.string().max(1024),
  }),
  /** PS3.15 annex B.12, B.13. */
  tls: z.strictObject({
    /** PEM: our certificate with its chain, and its key. */
    certificateFile: filePath,
    privateKeyFile: filePath,
    /** PEM: whom we trust. '' = those of the system. */
    trustAnchorsFile: filePath,
    minimumVersion: z.enum(['1.2', '1.3']),
    /** Port on which TLS is taken (2762 by the standard); 0 = none. */
    port: z.number().int().min(0).max(65_535),
    clientCertificates: z.enum(['none', 'requested', 'required']),
  }),
  /** Seconds; see "Clocks" in docs/architecture.md. */
  clocks: z.strictObject({
    connect: seconds,
    tlsHandshake: seconds,
    association: seconds,
    release: seconds,
    dimseResponse: seconds,
    pduReceive: seconds,
    writeProgress: seconds,
    idle: seconds,
    cancelGrace: seconds,
    retrieveStall: seconds,
    retrieveStallThirdParty: seconds,
    /** 0 = off. */
    retrieveTotal: z.number().nonnegative().max(LONGEST_SECONDS),
  }),
  /** Where the archive is; '' = in the profile. Takes effect at the next start. */
  archiveFolder: filePath,
  /** By what stored text is read that declares no Specific Character Set, or none that is known; '' = none. A node may have its own. */
  fallbackCharacterSet: z.enum(['', ...FALLBACK_CHARACTER_SETS]),
  /** A folder whose files are taken in as soon as they have stopped growing; '' = none. `move`: originals go to done/ in it. */
  watch: z.strictObject({ folder: filePath, everySeconds: z.number().min(1).max(86_400), move: z.boolean() }),
  /** Days for which what was deleted can be brought back. */
  trashDays: z.number().nonnegative().max(36_500),
  cleaning: cleaningSettings,
  retry: z.strictObject({
    attempts: z.number().int().min(1).max(100),
    delaysSeconds: z.array(z.number().nonnegative().max(LONGEST_SECONDS)).min(1).max(20),
    missingRounds: z.number().int().min(0).max(10),
  }),
  viewer: viewerSettings,
});
export type Settings = z.infer<typeof settings>;

export const listenerState = z.strictObject({
  state: z.enum(['off', 'listening', 'failed']),
  aeTitle,
  host: z.string().max(253),
  port,
  /** Where encrypted connections are taken; absent = nowhere. */
  tlsPort: port.optional(),
  associations: count,
  /** Why it is off or failed, for people. */
  sentence: text.optional(),
});
export type ListenerState = z.infer<typeof listenerState>;

/** One thing that the self-test of certificate, key and trust anchors has found. */
export const tlsFinding = z.strictObject({
  /** `info`: in order, or worth knowing. */
  severity: z.enum(['error', 'warning', 'info']),
  subject: z.enum(['certificate', 'privateKey', 'trustAnchors', 'chain', 'handshake']),
  /** What it is, for programs: `expired`, `mismatch` … */
  code: z.string().max(64),
  /** For people, with what to do about it. */
  sentence: text,
});
export type TLSFinding = z.infer<typeof tlsFinding>;

/** Something the user should know that belongs to no action: a damaged file kept aside, an identity change, a recovered index. */
export const notice = z.strictObject({
  noticeId: z.uuid(),
  at: timestamp,
  severity: z.enum(['info', 'warning', 'error']),
  sentence: text,
});
export type Notice = z.infer<typeof notice>;
