import { FALLBACK_CHARACTER_SETS, type Settings } from '../../shared/contract/index.ts';

export const DEFAULT_SETTINGS: Settings = {
  aeTitle: 'PHOSPHOR',
  port: 11112,
  acceptAnyone: false,
  durable: true,
  associationWorkers: 2,
  maxPDULength: 131_072,
  maxAssociations: 64,
  acceptPrivateSOPClasses: false,
  allowLossyConversion: false,
  callers: { userIdentity: 'ignored', jwtKeyFile: '', jwtIssuer: '', jwtAudience: '' },
  tls: { certificateFile: '', privateKeyFile: '', trustAnchorsFile: '', minimumVersion: '1.2', port: 0, clientCertificates: 'requested' },
  clocks: {
    connect: 10,
    tlsHandshake: 10,
    association: 30,
    release: 5,
    dimseResponse: 60,
    pduReceive: 60,
    writeProgress: 30,
    idle: 60,
    cancelGrace: 5,
    retrieveStall: 600,
    retrieveStallThirdParty: 3600,
    retrieveTotal: 0,
  },
  archiveFolder: '',
  fallbackCharacterSet: '',
  watch: { folder: '', everySeconds: 10, move: false },
  trashDays: 30,
  cleaning: { enabled: false, maxGigabytes: 0, minFreeGigabytes: 0, olderThanDays: 0, notOpenedForDays: 0, evenOnlyCopies: false },
  retry: { attempts: 5, delaysSeconds: [1, 5, 15, 60], missingRounds: 2 },
  viewer: { presets: {}, corners: {}, keys: {} },
};

type Comments<T> = {
  readonly [K in keyof T]: T[K] extends unknown[]
    ? string
    : string extends keyof T[K]
      ? string
      : T[K] extends object
        ? readonly [string, Comments<T[K]>]
        : string;
};

/** What stands above each entry in settings.jsonc. */
const COMMENTS: Comments<Settings> = {
  aeTitle: 'Our own AE title: 1 to 16 characters. Register it at every PACS that is to send to us. Default "PHOSPHOR".',
  port: 'Port on which images are received. Register it together with the title. Default 11112.',
  acceptAnyone: 'true: take images from anyone who calls us by our title. Leave it false unless the network is closed. Default false.',
  durable: 'true: an image is acknowledged only after it would survive a power cut. false is faster. Default true.',
  associationWorkers: 'Threads that talk to PACS, 1 to 16. Takes effect at the next start. Default 2.',
  maxPDULength: 'Largest PDU that we announce, in bytes, 4096 to 1048576; a PACS may have its own. Default 131072.',
  maxAssociations: 'Associations that the receiver takes at once, half of them from one address. Default 64.',
  acceptPrivateSOPClasses: 'true: store what a manufacturer has invented beside the standard too. Default false.',
  allowLossyConversion: 'true: send an image in an encoding that loses something where the PACS takes no other. Default false.',
  callers: [
    'What those who send to us must show of themselves, beside their title.',
    {
      userIdentity: '"ignored", "checked" (who shows one must show a right one) or "required". Default "ignored".',
      jwtKeyFile: 'PEM file of the key that JSON Web Tokens are checked with; "" takes none. Default "".',
      jwtIssuer: 'Issuer that a token must name; "" = any. Default "".',
      jwtAudience: 'Audience that a token must name; "" = any. Default "".',
    },
  ],
  tls: [
    'Encrypted connections.',
    {
      certificateFile: 'PEM file of our certificate and those that vouch for it. Default "".',
      privateKeyFile: 'PEM file of its key; nobody else should be able to read it. Default "".',
      trustAnchorsFile: 'PEM file of the certificates that we trust; "" = those of the system. Default "".',
      minimumVersion: '"1.2" or "1.3". Default "1.2".',
      port: 'Port on which encrypted connections are taken, usually 2762; 0 = none. Default 0.',
      clientCertificates: 'Of callers: "none", "requested" (checked where shown) or "required". Default "requested".',
    },
  ],
  clocks: [
    'How long we wait, in seconds.',
    {
      connect: 'For the connection to be taken. Default 10.',
      tlsHandshake: 'For the agreement on encryption. Default 10.',
      association: 'For the answer to an association request. Default 30.',
      release: 'For the answer to a release. Default 5.',
      dimseResponse: 'For a response to a request; every response starts it anew. Default 60.',
      pduReceive: 'From the first byte of a message to its last. Default 60.',
      writeProgress: 'For the other side to take bytes that we send. Default 30.',
      idle: 'Before an association without anything to do is closed. Default 60.',
      cancelGrace: 'For a peer to react to a cancel, before the association is broken off. Default 5.',
      retrieveStall: 'For the next image of a retrieve, or a changed count. Default 600.',
      retrieveStallThirdParty: 'The same where a PACS sends to another system and reports nothing meanwhile. Default 3600.',
      retrieveTotal: 'For a whole retrieve; 0 = no limit. Default 0.',
    },
  ],
  archiveFolder:
    'Folder of the archive, on any disk; "" = in the profile. Takes effect at the next start; to move an archive, close Phosphor, move its folder, then name the new place here. Default "".',
  fallbackCharacterSet: `How names and texts of stored images are read that do not say in which characters they are written, or say it wrongly: ${FALLBACK_CHARACTER_SETS.join(', ')}, or "" for none. A PACS may have its own. The files stay as they are. Takes effect at the next start, which reads the texts anew. Default "".`,
  watch: [
    'A folder that is watched: files are taken in when they did not change between two looks.',
    {
      folder: 'The folder; "" watches none. Default "".',
      everySeconds: 'Seconds between two looks, 1 to 86400. Default 10.',
      move: 'true: originals that were taken in go to the folder done in it. Default false: they stay.',
    },
  ],
  trashDays: 'Days for which what was deleted can be brought back; then it is removed for good. Default 30.',
  cleaning: [
    'Studies that leave the archive by themselves. Never one that is pinned or open, nor the only copy we know of. `phosphor archive clean --dry-run` shows which would go.',
    {
      enabled: 'true: the rules below are carried out in the background. Default false.',
      maxGigabytes: 'Room that the images may take, in GB; what was used longest ago is removed for good first. 0 = no limit. Default 0.',
      minFreeGigabytes: 'Room that stays free on the disk, in GB, in the same way. 0 = no limit. Default 0.',
      olderThanDays: 'Studies go to the trash so many days after their last image arrived. 0 = never. Default 0.',
      notOpenedForDays: 'The same, since a study was last opened; with both, both must have passed. 0 = never. Default 0.',
      evenOnlyCopies: 'true: also studies of which no other copy is known. Default false.',
    },
  ],
  retry: [
    'When a retrieve fails for a reason that may pass.',
    {
      attempts: 'Attempts in all; progress starts the count anew. Default 5.',
      delaysSeconds: 'Seconds before the second attempt, the third, and so on; the last one repeats. Default [1, 5, 15, 60].',
      missingRounds: 'Further rounds for images that a finished retrieve did not bring. Default 2.',
    },
  ],
  viewer: [
    'Habits of the reader, best edited in the viewer; what is not listed is as the program brings it.',
    {
      presets: 'Windows of the keys 1 to 9 by modality: {"CT": [{"label": "Bone", "center": 480, "width": 2500}]}. Default {}.',
      corners: 'What stands in the corners of images by modality ("*" = any), beside what always does. Default {}.',
      keys: 'Keys of commands: {"tool:length": ["L"]}. Default {}.',
    },
  ],
};

/** The whole settings file, every entry explained. */
export function settingsText(settings: Settings): string {
  return [
    '// Settings of Phosphor. Edit them here while it is closed, or in its window.',
    '// An entry that cannot be understood falls back to its default; this file is then kept aside under another name.',
    '{',
    ...entries(settings, COMMENTS, '  '),
    '}',
    '',
  ].join('\n');
}

function entries<T extends object>(values: T, comments: Comments<T>, indent: string): string[] {
  const keys = Object.keys(comments) as (keyof T & string)[];
  return keys.flatMap((key, i) => {
    const comma = i === keys.length - 1 ? '' : ',';
    const comment: unknown = comments[key];
    const value: unknown = values[key];
    if (isGroup(comment) && typeof value === 'object' && value !== null) {
      const inner = entries(value as Record<string, unknown>, comment[1], `${indent}  `);
      return [`${indent}// ${comment[0]}`, `${indent}"${key}": {`, ...inner, `${indent}}${comma}`];
    }
    return [`${indent}// ${String(comment)}`, `${indent}"${key}": ${JSON.stringify(value)}${comma}`];
  });
}

const isGroup = (comment: unknown): comment is [string, Comments<Record<string, unknown>>] => Array.isArray(comment);
