import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { AcceptedContext, Association, CommandSet, OutboundOperation } from '../network/index.ts';
import { Status } from '../network/index.ts';
import { IdentifierError } from './information-model.ts';
import { sopClassName } from './sop-classes.ts';
import type { FinalStatus, ServiceOperation } from './types.ts';

/** Status, error comment and offending elements of a final response (PS3.7 annex C). */
export function finalStatusOf(command: Readonly<CommandSet>): FinalStatus {
  const { status = 0, errorComment, offendingElements = [] } = command;
  return { status, offendingElements, ...(errorComment ? { errorComment } : {}) };
}

/** The first of these contexts that was accepted. Throws PhosphorError `no-presentation-context` before any byte is sent. */
export function requireContext(association: Association, sopClassUIDs: readonly string[], transferSyntaxUID?: string): AcceptedContext {
  for (const uid of sopClassUIDs) {
    const context = association.contextFor(uid, transferSyntaxUID);
    if (context) return context;
  }
  const names = sopClassUIDs.map((uid) => sopClassName(uid) ?? uid).join(' or ');
  const encoding = transferSyntaxUID === undefined ? '' : ` in transfer syntax ${transferSyntaxUID}`;
  throw new PhosphorError('no-presentation-context', `the peer accepted no presentation context for ${names}${encoding}`);
}

export function serviceOperation<Result>(operation: OutboundOperation, done: Promise<Result>): ServiceOperation<Result> {
  done.catch(() => {});
  return { messageID: operation.messageID, done, cancel: (because) => operation.cancel(because) };
}

/** What an SCP answers for an error: the error's own status, else by its kind (PS3.4 tables B.2-1, C.4-1, C.4-2). */
export function statusOfError(error: PhosphorError): number {
  return error.data.status ?? STATUS_BY_KIND[error.kind] ?? Status.processingFailure;
}

const STATUS_BY_KIND: Readonly<Partial<Record<PhosphorError['kind'], number>>> = {
  'storage-full': Status.outOfResources,
  storage: Status.outOfResources,
  'limit-exceeded': Status.outOfResources,
  busy: Status.outOfResources,
  'not-dicom': Status.unableToProcess,
  damaged: Status.unableToProcess,
  unreadable: Status.unableToProcess,
  'invalid-arguments': Status.dataSetMismatch,
  unsupported: Status.sopClassNotSupported,
  rejected: Status.notAuthorized,
  cancelled: Status.cancel,
};

/** Status and comment of a failure, as command elements. Messages of PhosphorErrors hold no patient data. */
export function failureResponse(thrown: unknown): {
  status: number;
  errorComment: string;
  offendingElements?: readonly string[];
  error: PhosphorError;
} {
  const error = thrown instanceof PhosphorError ? thrown : new PhosphorError('internal', 'unexpected error', {}, { cause: thrown });
  // LO holds 64 characters of the default repertoire.
  const errorComment = error.message.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?').slice(0, 64);
  const offending = error instanceof IdentifierError ? { offendingElements: error.offendingElements } : {};
  return { status: statusOfError(error), errorComment, ...offending, error };
}
