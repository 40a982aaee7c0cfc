/** What a DIMSE status means for the operation (PS3.7 annex C). */
export type StatusCategory = 'success' | 'pending' | 'cancel' | 'warning' | 'failure';

export type StatusService = 'verification' | 'storage' | 'find' | 'worklist' | 'move' | 'get' | 'storage-commitment' | 'n-service';

/** What a response with a status may bring beside it, by the keywords of CommandSet; `counts` are the numbers of sub-operations. */
export type StatusField =
  | 'affectedSOPClassUID'
  | 'affectedSOPInstanceUID'
  | 'attributeIdentifierList'
  | 'actionTypeID'
  | 'counts'
  | 'errorComment'
  | 'errorID'
  | 'eventTypeID'
  | 'failedSOPInstanceUIDs'
  | 'identifier'
  | 'offendingElements';

export interface StatusMeaning {
  readonly category: StatusCategory;
  /** As the standard words it. */
  readonly meaning: string;
  readonly fields: readonly StatusField[];
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
  const row = TABLES[service].find(([from, to]) => status >= from && status <= to);
  const [, , category, meaning, fields] = row ??
    GENERAL.find(([code]) => status === code) ?? [0, 0, categoryOf(status), 'Unknown status', ELEMENTS];
  return { category, meaning, fields };
}

/** PS3.7 annex C: by the code alone. */
function categoryOf(status: number): StatusCategory {
  if (status === 0) return 'success';
  if (isPending(status)) return 'pending';
  if (status === Status.cancel) return 'cancel';
  if (status === 0x0001 || status === 0x0107 || status === 0x0116 || status >> 12 === 0xb) return 'warning';
  return 'failure';
}

type Row = readonly [from: number, to: number, category: StatusCategory, meaning: string, fields: readonly StatusField[]];

const NOTHING: readonly StatusField[] = [];
const COMMENT: readonly StatusField[] = ['errorComment'];
const ELEMENTS: readonly StatusField[] = ['offendingElements', 'errorComment'];
const COUNTS: readonly StatusField[] = ['counts'];
/** A C-MOVE or C-GET that did not succeed in everything names the instances (PS3.4 C.4.2.1.4.2, C.4.3.1.3.2). */
const FAILED: readonly StatusField[] = ['counts', 'failedSOPInstanceUIDs'];
const CLASS: readonly StatusField[] = ['affectedSOPClassUID'];
const INSTANCE: readonly StatusField[] = ['affectedSOPInstanceUID'];
const CLASS_AND_INSTANCE: readonly StatusField[] = ['affectedSOPClassUID', 'affectedSOPInstanceUID'];
const ATTRIBUTES: readonly StatusField[] = ['attributeIdentifierList'];

/** PS3.7 annex C: statuses of every service. */
const GENERAL: readonly Row[] = [
  [0x0000, 0x0000, 'success', 'Success', NOTHING],
  [0x0001, 0x0001, 'warning', 'Requested optional attributes are not supported', NOTHING],
  [0x0105, 0x0105, 'failure', 'No such attribute', ATTRIBUTES],
  [0x0106, 0x0106, 'failure', 'Invalid attribute value', NOTHING],
  [0x0107, 0x0107, 'warning', 'Attribute list error', [...CLASS_AND_INSTANCE, ...ATTRIBUTES]],
  [0x0110, 0x0110, 'failure', 'Processing failure', [...CLASS_AND_INSTANCE, 'errorComment', 'errorID']],
  [0x0111, 0x0111, 'failure', 'Duplicate SOP Instance', INSTANCE],
  [0x0112, 0x0112, 'failure', 'No such SOP Instance', INSTANCE],
  [0x0113, 0x0113, 'failure', 'No such event type', [...CLASS, 'eventTypeID']],
  [0x0114, 0x0114, 'failure', 'No such argument', [...CLASS, 'eventTypeID', 'actionTypeID']],
  [0x0115, 0x0115, 'failure', 'Invalid argument value', [...CLASS_AND_INSTANCE, 'eventTypeID', 'actionTypeID']],
  [0x0116, 0x0116, 'warning', 'Attribute value out of range', NOTHING],
  [0x0117, 0x0117, 'failure', 'Invalid SOP Instance', INSTANCE],
  [0x0118, 0x0118, 'failure', 'No such SOP Class', CLASS],
  [0x0119, 0x0119, 'failure', 'Class-instance conflict', CLASS_AND_INSTANCE],
  [0x0120, 0x0120, 'failure', 'Missing attribute', ATTRIBUTES],
  [0x0121, 0x0121, 'failure', 'Missing attribute value', NOTHING],
  [0x0122, 0x0122, 'failure', 'Refused: SOP Class not supported', COMMENT],
  [0x0123, 0x0123, 'failure', 'No such action type', [...CLASS, 'actionTypeID']],
  [0x0124, 0x0124, 'failure', 'Refused: not authorized', COMMENT],
  [0x0210, 0x0210, 'failure', 'Duplicate invocation', NOTHING],
  [0x0211, 0x0211, 'failure', 'Unrecognized operation', NOTHING],
  [0x0212, 0x0212, 'failure', 'Mistyped argument', NOTHING],
  [0x0213, 0x0213, 'failure', 'Resource limitation', NOTHING],
  [0xfe00, 0xfe00, 'cancel', 'Cancelled', NOTHING],
  [0xff00, 0xff00, 'pending', 'Pending', NOTHING],
];

/** PS3.4 tables C.4-1 and K.4-1: C-FIND, of the worklist too. */
const FIND: readonly Row[] = [
  [0xa700, 0xa700, 'failure', 'Refused: out of resources', COMMENT],
  [0xa900, 0xa900, 'failure', 'Error: data set does not match SOP Class', ELEMENTS],
  [0xc000, 0xcfff, 'failure', 'Failed: unable to process', ELEMENTS],
  [0xfe00, 0xfe00, 'cancel', 'Matching terminated by a cancel request', NOTHING],
  [0xff00, 0xff00, 'pending', 'Matches are continuing', ['identifier']],
  [0xff01, 0xff01, 'pending', 'Matches are continuing; one or more optional keys were not supported', ['identifier']],
];

/** PS3.4 table C.4-3: C-GET; C-MOVE knows one more. */
const RETRIEVE: readonly Row[] = [
  [0x0000, 0x0000, 'success', 'Sub-operations complete, no failures or warnings', COUNTS],
  [0xa701, 0xa701, 'failure', 'Refused: out of resources, unable to calculate number of matches', COMMENT],
  [0xa702, 0xa702, 'failure', 'Refused: out of resources, unable to perform sub-operations', FAILED],
  [0xa900, 0xa900, 'failure', 'Error: data set does not match SOP Class', ELEMENTS],
  [0xb000, 0xb000, 'warning', 'Sub-operations complete, one or more failures or warnings', FAILED],
  [0xc000, 0xcfff, 'failure', 'Failed: unable to process', ELEMENTS],
  [0xfe00, 0xfe00, 'cancel', 'Sub-operations terminated by a cancel request', FAILED],
  [0xff00, 0xff00, 'pending', 'Sub-operations are continuing', COUNTS],
];

/** What a service class adds to the general statuses: PS3.4 tables B.2-1 (storage), C.4-1 (find), C.4-2 (move), C.4-3 (get), K.4-1 (worklist). */
const TABLES: Readonly<Record<StatusService, readonly Row[]>> = {
  verification: [],
  // PS3.4 J.3.2.1.4 and J.3.3.1.4 leave N-ACTION and N-EVENT-REPORT with the general ones.
  'storage-commitment': [],
  'n-service': [],
  storage: [
    [0xa700, 0xa7ff, 'failure', 'Refused: out of resources', COMMENT],
    [0xa900, 0xa9ff, 'failure', 'Error: data set does not match SOP Class', ELEMENTS],
    [0xb000, 0xb000, 'warning', 'Coercion of data elements', ELEMENTS],
    [0xb006, 0xb006, 'warning', 'Elements discarded', ELEMENTS],
    [0xb007, 0xb007, 'warning', 'Data set does not match SOP Class', ELEMENTS],
    [0xc000, 0xcfff, 'failure', 'Error: cannot understand', ELEMENTS],
  ],
  // A newer SCP may stop at a bound of its own and say so.
  find: [...FIND, [0xb001, 0xb001, 'warning', 'Matching reached response limit, a further request may return additional matches', COMMENT]],
  worklist: FIND,
  move: [...RETRIEVE, [0xa801, 0xa801, 'failure', 'Refused: move destination unknown', COMMENT]],
  get: RETRIEVE,
};
