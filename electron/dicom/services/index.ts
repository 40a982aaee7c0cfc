export { find, findContexts } from './find.ts';
export { findProvider } from './find-provider.ts';
export { furtherGetContexts, get, getContexts } from './get.ts';
export { getProvider } from './get-provider.ts';
export {
  checkIdentifier,
  isPatientRoot,
  MODELS,
  negotiationAnswer,
  queryRetrieveFlags,
  queryRetrieveNegotiation,
} from './information-model.ts';
export { jwtKey } from './json-web-token.ts';
export { matchRowOf } from './match-row.ts';
export { move, moveContexts } from './move.ts';
export { moveProvider } from './move-provider.ts';
export { findIdentifier, retrieveIdentifier } from './query-identifier.ts';
export { type SendPart, sendPlan } from './send-plan.ts';
export { SOPClass, sopClassName } from './sop-classes.ts';
export {
  commitmentContexts,
  commitmentProvider,
  commitmentReportProvider,
  reportCommitment,
  requestCommitment,
} from './storage-commitment.ts';
export {
  type CommitmentReport,
  type CommitmentRequest,
  type CommittedReference,
  checkCommitmentRequest,
  commitmentFailureReason,
  type FailedReference,
  FailureReason,
  MAX_COMMITMENT_REFERENCES,
  referenceKey,
  type SOPReference,
} from './storage-commitment-information.ts';
export { storageProvider } from './storage-provider.ts';
export { mayBePrivateStorage, STORAGE_SOP_CLASSES } from './storage-sop-classes.ts';
export { store } from './store.ts';
export type * from './types.ts';
export { IdentityCheck, userIdentity } from './user-identity.ts';
export { echo, verificationContexts, verificationProvider } from './verification.ts';
export { findWorklist, worklistContexts } from './worklist.ts';
export { worklistProvider } from './worklist-provider.ts';
