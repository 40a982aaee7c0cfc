import type { ExtendedNegotiation } from '../network/index.ts';
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
