import { TransferSyntaxUID } from '../dataset/index.ts';
import { type Association, CommandField, type ProposedContext } from '../network/index.ts';
import { LIMITS } from '../network/limits.ts';
import { requestRetrieve } from './move.ts';
import { SOPClass } from './sop-classes.ts';
import { RETIRED_STORAGE_SOP_CLASSES, STORAGE_SOP_CLASSES } from './storage-sop-classes.ts';
import { UNCOMPRESSED } from './transfer-syntaxes.ts';
import type { GetContextsOptions, GetOutcome, GetSCURequest, ServiceOperation } from './types.ts';

/**
 * C-GET as SCU (PS3.4 C.4.3). The association was requested with `getContexts` and with a `storageProvider` among its services: that takes in the
 * C-STORE sub-operations, which come on the same association. No clock of the association runs while it is outstanding: the caller's stall clock
 * ends it with `cancel(error)`. Throws `no-presentation-context`, `invalid-arguments`.
 */
export function get(association: Association, request: GetSCURequest): ServiceOperation<GetOutcome> {
  const { sopClassUID = SOPClass.StudyRootGet } = request;
  return requestRetrieve(association, request, sopClassUID, { commandField: CommandField.cGetRQ });
}

/**
 * The presentation contexts of a C-GET: the query/retrieve model's, and storage contexts in which we are the SCP (PS3.7 D.3.3.4). Every SOP class has one
 * with the uncompressed transfer syntaxes first; what is left of the 128 goes to the compressed ones, the likeliest SOP classes first. SOP classes past
 * the 128th context are not offered: their instances come back in the failed list, and `furtherGetContexts` has them.
 */
export function getContexts(options: GetContextsOptions = {}): ProposedContext[] {
  const { sopClassUID = SOPClass.StudyRootGet, storageSOPClassUIDs = byLikelihood(), transferSyntaxUIDs = COMPRESSED } = options;
  const contexts: ProposedContext[] = [{ abstractSyntax: sopClassUID, transferSyntaxes: UNCOMPRESSED }];
  const classes = [...new Set(storageSOPClassUIDs)];
  const offer = (abstractSyntax: string, transferSyntaxes: readonly string[]) => {
    if (contexts.length < LIMITS.presentationContexts)
      contexts.push({ abstractSyntax, transferSyntaxes, roles: { scu: false, scp: true } });
  };
  const reserve = options.storageSOPClassUIDs === undefined && transferSyntaxUIDs.length > 0 ? COMPRESSED_RESERVE : 0;
  for (const uid of classes.slice(0, LIMITS.presentationContexts - 1 - reserve)) offer(uid, UNCOMPRESSED);
  for (const uid of classes) for (const transferSyntax of transferSyntaxUIDs) offer(uid, [transferSyntax]);
  return contexts;
}

/**
 * The storage classes that `getContexts` does not offer when none are named, as further associations' worth of presentation contexts: a C-GET on each
 * brings what failed for want of its class, and nothing that came before. Of each class one context for what is uncompressed and one where the peer
 * chooses how it is compressed.
 */
export function furtherGetContexts(sopClassUID: string): ProposedContext[][] {
  const rest = byLikelihood().slice(LIMITS.presentationContexts - 1 - COMPRESSED_RESERVE);
  const each = Math.floor((LIMITS.presentationContexts - 1) / 2);
  const roles = { scu: false, scp: true };
  const parts: ProposedContext[][] = [];
  for (let at = 0; at < rest.length; at += each) {
    const classes = rest.slice(at, at + each);
    parts.push([
      { abstractSyntax: sopClassUID, transferSyntaxes: UNCOMPRESSED },
      ...classes.map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes: UNCOMPRESSED, roles })),
      ...classes.map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes: ENCAPSULATED, roles })),
    ]);
  }
  return parts;
}

/** What images of radiology are kept in, the most frequent first. */
const COMPRESSED: readonly string[] = [
  TransferSyntaxUID.JPEGLosslessSV1,
  TransferSyntaxUID.JPEG2000Lossless,
  TransferSyntaxUID.JPEGBaseline8Bit,
  TransferSyntaxUID.JPEG2000,
  TransferSyntaxUID.RLELossless,
  TransferSyntaxUID.JPEGLSLossless,
];

/** For the rarer classes, of which some are video: MPEG-2, H.264 and HEVC as they are kept most. */
const ENCAPSULATED: readonly string[] = [
  ...COMPRESSED,
  ...'102 103 100 101 104 107'.split(' ').map((suffix) => `1.2.840.10008.1.2.4.${suffix}`),
];

/** Contexts kept for compressed images when every SOP class is wanted: these matter more than the rarest SOP classes. */
const COMPRESSED_RESERVE = 48;

/** Suffixes below 1.2.840.10008.5.1.4.1.1 of what hospitals keep most of. */
const LIKELIEST: readonly string[] = (
  '2 4 1 1.1 6.1 3.1 7 12.1 128 20 1.2 2.1 4.1 66.4 88.11 88.22 88.33 88.59 88.67 11.1 104.1 481.1 481.2 481.3 481.5 ' +
  '7.1 7.2 7.3 7.4 12.2 1.1.1 1.2.1 1.3 13.1.3 6.2 3 6 130 9.1.1 9.1.2 77.1.4 77.1.1 77.1.2 77.1.6 66.1 66.2 66.3 66.5 68.1'
)
  .split(' ')
  .map((suffix) => `1.2.840.10008.5.1.4.1.1.${suffix}`);

function byLikelihood(): string[] {
  const current = [...STORAGE_SOP_CLASSES.keys()].filter((uid) => !RETIRED_STORAGE_SOP_CLASSES.has(uid));
  return [...new Set([...LIKELIEST, ...current, ...RETIRED_STORAGE_SOP_CLASSES])];
}
