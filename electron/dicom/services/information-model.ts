import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { type Dataset, Tag } from '../dataset/index.ts';
import { type ExtendedNegotiation, Status } from '../network/index.ts';
import { SOPClass } from './sop-classes.ts';
import type { InformationModel, QueryRetrieveFlags } from './types.ts';

/** The SOP classes of a query/retrieve information model (PS3.4 C.6). */
export const MODELS: Readonly<Record<InformationModel, { readonly find: string; readonly move: string; readonly get: string }>> = {
  'patient-root': { find: SOPClass.PatientRootFind, move: SOPClass.PatientRootMove, get: SOPClass.PatientRootGet },
  'study-root': { find: SOPClass.StudyRootFind, move: SOPClass.StudyRootMove, get: SOPClass.StudyRootGet },
};

export function isPatientRoot(sopClassUID: string): boolean {
  return Object.values(MODELS['patient-root']).includes(sopClassUID);
}

type Flag = keyof QueryRetrieveFlags;

/** Bytes of the Service Class Application Information in their order (PS3.4 C.5.1.1, C.5.2.1, C.5.3.1); what is not there is 0. */
const FIND_FLAGS: readonly Flag[] = [
  'relational',
  'dateTimeMatching',
  'fuzzySemanticMatching',
  'timezoneQueryAdjustment',
  'enhancedMultiFrameConversion',
];
const RETRIEVE_FLAGS: readonly Flag[] = ['relational', 'enhancedMultiFrameConversion'];

function flagsOf(sopClassUID: string): readonly Flag[] {
  const isFind = Object.values(MODELS).some(({ find }) => find === sopClassUID);
  return isFind ? FIND_FLAGS : RETRIEVE_FLAGS;
}

/**
 * SOP Class Extended Negotiation of query/retrieve SOP classes (PS3.7 D.3.3.5): one sub-item each, or none where nothing is asked for. As the answer of an
 * SCP: pass what it supports of what was asked.
 */
export function queryRetrieveNegotiation(sopClassUIDs: Iterable<string>, wanted: QueryRetrieveFlags): ExtendedNegotiation[] {
  const items: ExtendedNegotiation[] = [];
  for (const sopClassUID of sopClassUIDs) {
    const flags = flagsOf(sopClassUID);
    if (!flags.some((flag) => wanted[flag])) continue;
    items.push({ sopClassUID, serviceClassApplicationInformation: Uint8Array.from(flags, (flag) => (wanted[flag] ? 1 : 0)) });
  }
  return items;
}

/** What a peer's sub-items say of a SOP class: as an SCU what both support, as an SCP what is asked for. A short field's missing bytes are 0. */
export function queryRetrieveFlags(items: readonly ExtendedNegotiation[], sopClassUID: string): QueryRetrieveFlags {
  const item = items.find((candidate) => candidate.sopClassUID === sopClassUID);
  const bytes = item?.serviceClassApplicationInformation ?? new Uint8Array(0);
  return Object.fromEntries(flagsOf(sopClassUID).map((flag, index) => [flag, bytes[index] === 1]));
}

/** What our own archives support of the flags: keys of every level are matched together anyway, so relational queries and retrieves cost nothing. */
const SUPPORTED: readonly Flag[] = ['relational'];

/** The flags that hold on an association where we are the SCP: what the peer asked for and we support. */
export function grantedFlags(items: readonly ExtendedNegotiation[], sopClassUID: string): QueryRetrieveFlags {
  const asked = queryRetrieveFlags(items, sopClassUID);
  return Object.fromEntries(SUPPORTED.map((flag) => [flag, asked[flag] ?? false]));
}

/** Our answer as SCP to what a peer asked for of the query/retrieve SOP classes; no longer than its question. Nothing granted = no sub-item. */
export function negotiationAnswer(items: readonly ExtendedNegotiation[]): ExtendedNegotiation[] {
  return items.flatMap(({ sopClassUID, serviceClassApplicationInformation: asked }) => {
    if (!Object.values(MODELS).some((model) => Object.values(model).includes(sopClassUID))) return [];
    const [answer] = queryRetrieveNegotiation([sopClassUID], grantedFlags(items, sopClassUID));
    const granted = answer?.serviceClassApplicationInformation.subarray(0, asked.length);
    return granted === undefined ? [] : [{ sopClassUID, serviceClassApplicationInformation: granted }];
  });
}

/** An identifier that does not fit its SOP class: 0xA900 with the element that is wrong (PS3.4 tables C.4-1 to C.4-3). */
export class IdentifierError extends PhosphorError {
  /** `ggggeeee`, lower-case hex. */
  readonly offendingElements: readonly string[];

  constructor(message: string, tag: number) {
    super('invalid-arguments', message, { status: Status.dataSetMismatch });
    this.offendingElements = [tag.toString(16).padStart(8, '0')];
  }
}

/** Levels from the top, each with its unique key (PS3.4 C.6.1.1, C.6.2.1). */
const HIERARCHY: readonly (readonly [level: string, uniqueKey: number, name: string])[] = [
  ['PATIENT', Tag.PatientID, 'Patient ID'],
  ['STUDY', Tag.StudyInstanceUID, 'Study Instance UID'],
  ['SERIES', Tag.SeriesInstanceUID, 'Series Instance UID'],
  ['IMAGE', Tag.SOPInstanceUID, 'SOP Instance UID'],
];

/**
 * Whether the identifier of a query or retrieve that came in fits its model: a level that the model has; one value for the unique key of each level above,
 * unless relational behaviour was agreed on (PS3.4 C.4.1.2.1, C.4.1.2.2.1, C.4.2.2.1); for a retrieve its own unique key too. Throws IdentifierError.
 */
export function checkIdentifier(identifier: Dataset, sopClassUID: string, { relational = false }: QueryRetrieveFlags): void {
  const levels = isPatientRoot(sopClassUID) ? HIERARCHY : HIERARCHY.slice(1);
  const at = levels.findIndex(([level]) => level === identifier.string(Tag.QueryRetrieveLevel));
  if (at < 0) throw new IdentifierError('the model has no such Query/Retrieve Level', Tag.QueryRetrieveLevel);
  if (!relational) {
    for (const [, tag, name] of levels.slice(0, at)) {
      const values = identifier.strings(tag).filter((value) => value !== '');
      if (values.length !== 1 || /[*?]/.test(values[0] ?? '')) throw new IdentifierError(`one ${name} is needed at this level`, tag);
    }
  }
  const [, ownKey, ownName] = levels[at] ?? ['', 0, ''];
  const isRetrieve = Object.values(MODELS).every(({ find }) => find !== sopClassUID);
  if (isRetrieve && identifier.strings(ownKey).every((value) => value === ''))
    throw new IdentifierError(`the ${ownName} is missing`, ownKey);
}
