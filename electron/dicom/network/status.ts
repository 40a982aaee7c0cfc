/** What a DIMSE status means for the operation (PS3.7 annex C). */
export type StatusCategory = 'success' | 'pending' | 'cancel' | 'warning' | 'failure';

export type StatusService = 'verification' | 'find' | 'move' | 'get' | 'storage' | 'n-service';

export interface StatusMeaning {
  readonly category: StatusCategory;
  /** As the standard words it. */
  readonly meaning: string;
}

/** Codes that our own code names. */
export const Status = {
  success: 0x0000,
  pending: 0xff00,
  pendingWithWarning: 0xff01,
  cancel: 0xfe00,
  noSuchAttribute: 0x0105,
  processingFailure: 0x0110,
  duplicateSOPInstance: 0x0111,
  noSuchSOPInstance: 0x0112,
  noSuchEventType: 0x0113,
  invalidArgumentValue: 0x0115,
  noSuchSOPClass: 0x0118,
  classInstanceConflict: 0x0119,
  missingAttribute: 0x0120,
  sopClassNotSupported: 0x0122,
  noSuchActionType: 0x0123,
  notAuthorized: 0x0124,
  duplicateInvocation: 0x0210,
  unrecognizedOperation: 0x0211,
  mistypedArgument: 0x0212,
  resourceLimitation: 0x0213,
  outOfResources: 0xa700,
  outOfResourcesMatches: 0xa701,
  outOfResourcesSubOperations: 0xa702,
  moveDestinationUnknown: 0xa801,
  dataSetMismatch: 0xa900,
  subOperationsWithFailures: 0xb000,
  unableToProcess: 0xc000,
} as const;

export function isPending(status: number): boolean {
  return status === Status.pending || status === Status.pendingWithWarning;
}

/** Category and meaning of a status of a service; a code that no table knows is sorted by its range (PS3.7 §C.1). */
export function statusOf(service: StatusService, status: number): StatusMeaning {
  for (const [from, to, category, meaning] of TABLES[service]) if (status >= from && status <= to) return { category, meaning };
  for (const [from, to, category, meaning] of GENERAL) if (status >= from && status <= to) return { category, meaning };
  return { category: categoryOf(status), meaning: 'Unknown status' };
}

/** PS3.7 annex C: by the code alone. */
function categoryOf(status: number): StatusCategory {
  if (status === 0) return 'success';
  if (isPending(status)) return 'pending';
  if (status === Status.cancel) return 'cancel';
  if (status === 0x0001 || status === 0x0107 || status === 0x0116 || status >> 12 === 0xb) return 'warning';
  return 'failure';
}

type Row = readonly [from: number, to: number, category: StatusCategory, meaning: string];

/** PS3.7 annex C: statuses of every service. */
const GENERAL: readonly Row[] = [
  [0x0000, 0x0000, 'success', 'Success'],
  [0x0105, 0x0105, 'failure', 'No such attribute'],
  [0x0106, 0x0106, 'failure', 'Invalid attribute value'],
  [0x0107, 0x0107, 'warning', 'Attribute list error'],
  [0x0110, 0x0110, 'failure', 'Processing failure'],
  [0x0111, 0x0111, 'failure', 'Duplicate SOP Instance'],
  [0x0112, 0x0112, 'failure', 'No such SOP Instance'],
  [0x0113, 0x0113, 'failure', 'No such event type'],
  [0x0114, 0x0114, 'failure', 'No such argument'],
  [0x0115, 0x0115, 'failure', 'Invalid argument value'],
  [0x0116, 0x0116, 'warning', 'Attribute value out of range'],
  [0x0117, 0x0117, 'failure', 'Invalid SOP Instance'],
  [0x0118, 0x0118, 'failure', 'No such SOP Class'],
  [0x0119, 0x0119, 'failure', 'Class-instance conflict'],
  [0x0120, 0x0120, 'failure', 'Missing attribute'],
  [0x0121, 0x0121, 'failure', 'Missing attribute value'],
  [0x0122, 0x0122, 'failure', 'SOP Class not supported'],
  [0x0123, 0x0123, 'failure', 'No such action type'],
  [0x0124, 0x0124, 'failure', 'Not authorized'],
  [0x0210, 0x0210, 'failure', 'Duplicate invocation'],
  [0x0211, 0x0211, 'failure', 'Unrecognized operation'],
  [0x0212, 0x0212, 'failure', 'Mistyped argument'],
  [0x0213, 0x0213, 'failure', 'Resource limitation'],
  [0xfe00, 0xfe00, 'cancel', 'Cancelled'],
];

/** PS3.4 tables B.2-1 (storage), C.4-1 (find), C.4-2 (move), C.4-3 (get). */
const TABLES: Readonly<Record<StatusService, readonly Row[]>> = {
  verification: [],
  'n-service': [],
  storage: [
    [0xa700, 0xa7ff, 'failure', 'Refused: out of resources'],
    [0xa900, 0xa9ff, 'failure', 'Error: data set does not match SOP Class'],
    [0xb000, 0xb000, 'warning', 'Coercion of data elements'],
    [0xb006, 0xb006, 'warning', 'Elements discarded'],
    [0xb007, 0xb007, 'warning', 'Data set does not match SOP Class'],
    [0xc000, 0xcfff, 'failure', 'Error: cannot understand'],
  ],
  find: [
    [0xa700, 0xa700, 'failure', 'Refused: out of resources'],
    [0xa900, 0xa900, 'failure', 'Error: data set does not match SOP Class'],
    [0xc000, 0xcfff, 'failure', 'Failed: unable to process'],
    [0xff00, 0xff00, 'pending', 'Matches are continuing'],
    [0xff01, 0xff01, 'pending', 'Matches are continuing; one or more optional keys were not supported'],
  ],
  move: [
    [0xa701, 0xa701, 'failure', 'Refused: out of resources, unable to calculate number of matches'],
    [0xa702, 0xa702, 'failure', 'Refused: out of resources, unable to perform sub-operations'],
    [0xa801, 0xa801, 'failure', 'Refused: move destination unknown'],
    [0xa900, 0xa900, 'failure', 'Error: data set does not match SOP Class'],
    [0xb000, 0xb000, 'warning', 'Sub-operations complete, one or more failures or warnings'],
    [0xc000, 0xcfff, 'failure', 'Failed: unable to process'],
    [0xff00, 0xff00, 'pending', 'Sub-operations are continuing'],
  ],
  get: [
    [0xa701, 0xa701, 'failure', 'Refused: out of resources, unable to calculate number of matches'],
    [0xa702, 0xa702, 'failure', 'Refused: out of resources, unable to perform sub-operations'],
    [0xa900, 0xa900, 'failure', 'Error: data set does not match SOP Class'],
    [0xb000, 0xb000, 'warning', 'Sub-operations complete, one or more failures or warnings'],
    [0xc000, 0xcfff, 'failure', 'Failed: unable to process'],
    [0xff00, 0xff00, 'pending', 'Sub-operations are continuing'],
  ],
};
