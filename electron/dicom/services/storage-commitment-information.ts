import { USABLE_UID } from '../../../shared/contract/limits.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { Dataset, tagOf, type ValueInput } from '../dataset/index.ts';
import { Status } from '../network/index.ts';

/** A SOP Instance as a reference names it. */
export interface SOPReference {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
}

/** Where a committed instance can be had; all of it optional, of the whole report or of one instance (PS3.4 table J.3-2). */
export interface CommittedWhere {
  readonly retrieveAETitle?: string;
  readonly storageMediaFileSetID?: string;
  readonly storageMediaFileSetUID?: string;
}

export type CommittedReference = SOPReference & CommittedWhere;

export interface FailedReference extends SOPReference {
  /** Failure Reason (0008,1197), see `commitmentFailureReason`. */
  readonly failureReason: number;
}

/** Action Information of a storage commitment request (PS3.4 table J.3-1). */
export interface CommitmentRequest {
  readonly transactionUID: string;
  readonly references: readonly SOPReference[];
}

/** Event Information of a storage commitment result (PS3.4 table J.3-2). Plain data: it may cross threads. */
export interface CommitmentReport extends CommittedWhere {
  readonly transactionUID: string;
  readonly committed: readonly CommittedReference[];
  readonly failed: readonly FailedReference[];
}

/** Instances in one request or report. A longer list is refused with 0213H, resource limitation. */
export const MAX_COMMITMENT_REFERENCES = 100_000;

/** Failure Reason (0008,1197) as PS3.3 C.14.1.1 defines it. */
export const FailureReason = {
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  classInstanceConflict: 0x0119,
  referencedSOPClassNotSupported: 0x0122,
  duplicateTransactionUID: 0x0131,
  resourceLimitation: 0x0213,
} as const;

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [FailureReason.processingFailure, 'Processing failure'],
  [FailureReason.noSuchObjectInstance, 'No such object instance'],
  [FailureReason.classInstanceConflict, 'Class / instance conflict'],
  [FailureReason.referencedSOPClassNotSupported, 'Referenced SOP Class not supported'],
  [FailureReason.duplicateTransactionUID, 'Duplicate transaction UID'],
  [FailureReason.resourceLimitation, 'Resource limitation'],
]);

/** Meaning of a Failure Reason, as the standard words it; undefined for one that it does not define. */
export function commitmentFailureReason(reason: number): string | undefined {
  return MEANINGS.get(reason);
}

/** Throws `invalid-arguments` for an empty or too long list and for UIDs that cannot be sent. */
export function checkCommitmentRequest({ transactionUID, references }: CommitmentRequest): void {
  if (references.length === 0) throw new PhosphorError('invalid-arguments', 'storage commitment of no instances');
  if (references.length > MAX_COMMITMENT_REFERENCES) {
    throw new PhosphorError('invalid-arguments', `storage commitment of more than ${MAX_COMMITMENT_REFERENCES} instances`);
  }
  const usable = references.every((one) => USABLE_UID.test(one.sopClassUID) && USABLE_UID.test(one.sopInstanceUID));
  if (!usable || !USABLE_UID.test(transactionUID)) throw new PhosphorError('invalid-arguments', 'a UID cannot be used');
}

/** Encodes a request. Throws `invalid-arguments`. */
export function requestInformation(request: CommitmentRequest): Dataset {
  checkCommitmentRequest(request);
  const { transactionUID, references } = request;
  return Dataset.of({ TransactionUID: transactionUID, ReferencedSOPSequence: references.map((one) => Dataset.of(referenceValues(one))) });
}

/** Reads a request; the same reference twice counts once. Throws `protocol` with the status to answer (0115H, 0213H). */
export function requestOf(information: Dataset = NOTHING): CommitmentRequest {
  const transactionUID = transactionOf(information);
  const items = bounded(information.items(TAGS.references), 0);
  const references = new Map<string, SOPReference>();
  for (const item of items) {
    const reference = referenceOf(item);
    references.set(referenceKey(reference), reference);
  }
  if (references.size === 0) throw refusal('no instance is referenced');
  return { transactionUID, references: [...references.values()] };
}

/** Encodes a report; sequences without items are left out. */
export function reportInformation(report: CommitmentReport): Dataset {
  const { transactionUID, committed, failed } = report;
  const information = Dataset.of({ TransactionUID: transactionUID, ...whereValues(report) });
  if (committed.length > 0) {
    information.set(
      'ReferencedSOPSequence',
      committed.map((one) => Dataset.of({ ...referenceValues(one), ...whereValues(one) })),
    );
  }
  if (failed.length > 0) {
    information.set(
      'FailedSOPSequence',
      failed.map((one) => Dataset.of({ ...referenceValues(one), FailureReason: one.failureReason })),
    );
  }
  return information;
}

/** Reads a report. Throws `protocol` with the status to answer (0115H, 0213H). */
export function reportOf(information: Dataset = NOTHING): CommitmentReport {
  const transactionUID = transactionOf(information);
  const failedItems = bounded(information.items(TAGS.failed), 0);
  const items = bounded(information.items(TAGS.references), failedItems.length);
  return {
    transactionUID,
    ...whereOf(information),
    committed: items.map((item) => ({ ...referenceOf(item), ...whereOf(item) })),
    failed: failedItems.map((item) => ({
      ...referenceOf(item),
      failureReason: item.number(TAGS.failureReason) ?? FailureReason.processingFailure,
    })),
  };
}

/** The same for two references of one instance under one SOP class. */
export function referenceKey({ sopClassUID, sopInstanceUID }: SOPReference): string {
  return `${sopClassUID} ${sopInstanceUID}`;
}

/** A message without a data set. */
const NOTHING = new Dataset();

function transactionOf(information: Dataset): string {
  const transactionUID = information.uid(TAGS.transaction);
  if (!USABLE_UID.test(transactionUID)) throw refusal('no Transaction UID that can be used');
  return transactionUID;
}

function bounded(items: readonly Dataset[], others: number): readonly Dataset[] {
  if (items.length + others <= MAX_COMMITMENT_REFERENCES) return items;
  throw new PhosphorError('limit-exceeded', 'too many instances are referenced', { status: Status.resourceLimitation });
}

function referenceOf(item: Dataset): SOPReference {
  const sopClassUID = item.uid(TAGS.sopClass);
  const sopInstanceUID = item.uid(TAGS.sopInstance);
  if (!USABLE_UID.test(sopClassUID) || !USABLE_UID.test(sopInstanceUID)) throw refusal('a reference without UIDs that can be used');
  return { sopClassUID, sopInstanceUID };
}

/** Optional and for information only: what is longer than the standard allows is left out. */
function whereOf(dataset: Dataset): CommittedWhere {
  const retrieveAETitle = dataset.string(TAGS.retrieveAETitle);
  const storageMediaFileSetID = dataset.string(TAGS.fileSetID);
  const storageMediaFileSetUID = dataset.uid(TAGS.fileSetUID);
  return {
    ...(SHORT_TEXT.test(retrieveAETitle) ? { retrieveAETitle } : {}),
    ...(SHORT_TEXT.test(storageMediaFileSetID) ? { storageMediaFileSetID } : {}),
    ...(USABLE_UID.test(storageMediaFileSetUID) ? { storageMediaFileSetUID } : {}),
  };
}

/** AE and SH hold at most 16 characters (PS3.5 table 6.2-1). */
const SHORT_TEXT = /^[^\p{Cc}]{1,16}$/u;

function whereValues({ retrieveAETitle, storageMediaFileSetID, storageMediaFileSetUID }: CommittedWhere): Record<string, ValueInput> {
  return {
    ...(retrieveAETitle === undefined ? {} : { RetrieveAETitle: retrieveAETitle }),
    ...(storageMediaFileSetID === undefined ? {} : { StorageMediaFileSetID: storageMediaFileSetID }),
    ...(storageMediaFileSetUID === undefined ? {} : { StorageMediaFileSetUID: storageMediaFileSetUID }),
  };
}

function referenceValues({ sopClassUID, sopInstanceUID }: SOPReference): Record<string, ValueInput> {
  return { ReferencedSOPClassUID: sopClassUID, ReferencedSOPInstanceUID: sopInstanceUID };
}

/** "Invalid argument value": of the statuses that N-ACTION and N-EVENT-REPORT know the one for information that is not as it should be. */
function refusal(message: string): PhosphorError {
  return new PhosphorError('protocol', message, { status: Status.invalidArgumentValue });
}

const TAGS = {
  transaction: tag('TransactionUID'),
  references: tag('ReferencedSOPSequence'),
  failed: tag('FailedSOPSequence'),
  failureReason: tag('FailureReason'),
  sopClass: tag('ReferencedSOPClassUID'),
  sopInstance: tag('ReferencedSOPInstanceUID'),
  retrieveAETitle: tag('RetrieveAETitle'),
  fileSetID: tag('StorageMediaFileSetID'),
  fileSetUID: tag('StorageMediaFileSetUID'),
} as const;

/** The keywords above are the dictionary's. */
function tag(keyword: string): number {
  return tagOf(keyword) ?? 0;
}
