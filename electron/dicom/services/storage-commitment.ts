import type { Association, ProposedContext, ServiceProvider } from '../network/index.ts';
import { Status } from '../network/index.ts';
import {
  type NormalizedIndication,
  type NormalizedOutcome,
  nAction,
  nActionProvider,
  nEventReport,
  nEventReportProvider,
} from './normalized.ts';
import { SOPClass } from './sop-classes.ts';
import {
  type CommitmentReport,
  type CommitmentRequest,
  reportInformation,
  reportOf,
  requestInformation,
  requestOf,
} from './storage-commitment-information.ts';
import { UNCOMPRESSED } from './transfer-syntaxes.ts';
import type { ServiceOperation } from './types.ts';

/** Storage Commitment Push Model SOP Instance, well-known (PS3.4 J.3.5). */
const INSTANCE = '1.2.840.10008.1.20.1.1';

/** PS3.4 table J.3-1: Request Storage Commitment. */
const ACTION_TYPE = 1;

/** PS3.4 table J.3-2: Storage Commitment Request Successful; … Complete – Failures Exist. */
const EventType = { successful: 1, failuresExist: 2 } as const;

/**
 * Asks an archive to commit to the storage of these instances (PS3.4 J.3.2, N-ACTION). A success says that it will look and report, nothing more. Throws
 * `no-presentation-context`, `invalid-arguments`.
 */
export function requestCommitment(association: Association, request: CommitmentRequest): ServiceOperation<NormalizedOutcome> {
  return nAction(association, { ...SUBJECT, typeID: ACTION_TYPE, information: requestInformation(request) });
}

/** Reports to the requestor what we commit to (PS3.4 J.3.3, N-EVENT-REPORT). Throws `no-presentation-context` where we are not SCP. */
export function reportCommitment(association: Association, report: CommitmentReport): ServiceOperation<NormalizedOutcome> {
  const typeID = report.failed.length === 0 ? EventType.successful : EventType.failuresExist;
  return nEventReport(association, { ...SUBJECT, typeID, information: reportInformation(report) });
}

/** For the SCU of storage commitment, or for the SCP that opens an association for its report: then the role is proposed (PS3.7 D.3.3.4). */
export function commitmentContexts(role: 'scu' | 'scp' = 'scu'): ProposedContext[] {
  const context = { abstractSyntax: SOPClass.StorageCommitmentPushModel, transferSyntaxes: UNCOMPRESSED };
  return role === 'scu' ? [context] : [{ ...context, roles: { scu: false, scp: true } }];
}

export interface CommitmentProviderOptions {
  /** Takes a request that can be read, or refuses it: the status of the N-ACTION-RSP. */
  readonly take: (request: CommitmentRequest, association: Association) => number;
  /** The N-ACTION-RSP of a request that was taken was given to the transport. */
  readonly onTaken: (request: CommitmentRequest, association: Association) => void;
}

/** Storage commitment as SCP: takes requests. The report is the caller's business, see `reportCommitment`. */
export function commitmentProvider({ take, onTaken }: CommitmentProviderOptions): ServiceProvider {
  const taken = new WeakMap<NormalizedIndication, CommitmentRequest>();
  return nActionProvider({
    abstractSyntaxes: [SOPClass.StorageCommitmentPushModel],
    answer: (indication) => {
      const wrong = wrongSubject(indication) ?? (indication.typeID === ACTION_TYPE ? undefined : Status.noSuchActionType);
      if (wrong !== undefined) return { status: wrong };
      const request = requestOf(indication.information);
      const status = take(request, indication.association);
      if (status === Status.success) taken.set(indication, request);
      return { status };
    },
    onAnswered: (indication) => {
      const request = taken.get(indication);
      if (request) onTaken(request, indication.association);
    },
  });
}

/**
 * Takes the reports that an archive sends (N-EVENT-REPORT), whichever side opened the association.
 *
 * @param take the status of the N-EVENT-REPORT-RSP: 0000H once the report is safe with whoever waits for it
 */
export function commitmentReportProvider(
  take: (report: CommitmentReport, association: Association) => number | Promise<number>,
): ServiceProvider {
  return nEventReportProvider({
    abstractSyntaxes: [SOPClass.StorageCommitmentPushModel],
    answer: async (indication) => {
      const known = indication.typeID === EventType.successful || indication.typeID === EventType.failuresExist;
      const wrong = wrongSubject(indication) ?? (known ? undefined : Status.noSuchEventType);
      return { status: wrong ?? (await take(reportOf(indication.information), indication.association)) };
    },
  });
}

const SUBJECT = { sopClassUID: SOPClass.StorageCommitmentPushModel, sopInstanceUID: INSTANCE } as const;

function wrongSubject({ sopClassUID, sopInstanceUID }: NormalizedIndication): number | undefined {
  if (sopClassUID !== SUBJECT.sopClassUID) return Status.noSuchSOPClass;
  return sopInstanceUID === SUBJECT.sopInstanceUID ? undefined : Status.noSuchSOPInstance;
}
