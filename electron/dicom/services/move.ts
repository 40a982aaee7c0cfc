import { decodeDataset, encodeDataset, Tag } from '../dataset/index.ts';
import { type Association, CommandField, type CommandSet, type FinalMessage, Priority, type ProposedContext } from '../network/index.ts';
import { finalStatusOf, requireContext, serviceOperation } from './final-status.ts';
import { MODELS } from './information-model.ts';
import { retrieveIdentifierIn } from './query-identifier.ts';
import { SOPClass } from './sop-classes.ts';
import { IDENTIFIER_LIMITS, UNCOMPRESSED } from './transfer-syntaxes.ts';
import type { GetSCURequest, InformationModel, MoveOutcome, MoveSCURequest, ServiceOperation, SubOperationCounts } from './types.ts';

/**
 * C-MOVE as SCU (PS3.4 C.4.2). No clock of the association runs while it is outstanding: the caller's stall clock ends it with `cancel(error)`.
 * Throws `no-presentation-context`, `invalid-arguments`.
 */
export function move(association: Association, request: MoveSCURequest): ServiceOperation<MoveOutcome> {
  const { destinationAETitle, sopClassUID = SOPClass.StudyRootMove } = request;
  return requestRetrieve(association, request, sopClassUID, { commandField: CommandField.cMoveRQ, moveDestination: destinationAETitle });
}

/** What C-MOVE and C-GET have in common as SCU: identifier, pending responses, final response. */
export function requestRetrieve(
  association: Association,
  request: GetSCURequest,
  sopClassUID: string,
  command: { readonly commandField: number; readonly moveDestination?: string },
): ServiceOperation<MoveOutcome> {
  const { messageID, priority = Priority.medium, onPending } = request;
  const context = requireContext(association, [sopClassUID]);
  let sawPending = false;
  const operation = association.send({
    context,
    command: { ...command, affectedSOPClassUID: sopClassUID, priority },
    dataSet: encodeDataset(retrieveIdentifierIn(association, sopClassUID, request), context.transferSyntax),
    ...(messageID === undefined ? {} : { messageID }),
    responseClock: false,
    onPending: (response) => {
      sawPending = true;
      onPending(subOperationCounts(response));
    },
  });
  const done = operation.done.then((final) => ({ ...retrieveOutcome(final, context.transferSyntax), sawPending }));
  return serviceOperation(operation, done);
}

/** What the final response of a C-MOVE or C-GET says. */
function retrieveOutcome({ command, identifier }: FinalMessage, transferSyntaxUID: string): Omit<MoveOutcome, 'sawPending'> {
  return {
    ...finalStatusOf(command),
    subOperations: subOperationCounts(command),
    failedSOPInstanceUIDs: usableUIDs(listedUIDs(identifier, transferSyntaxUID) ?? command.failedSOPInstanceUIDs ?? []),
  };
}

export function moveContexts(model: InformationModel = 'study-root'): ProposedContext[] {
  return [{ abstractSyntax: MODELS[model].move, transferSyntaxes: UNCOMPRESSED }];
}

/** Number of … Sub-operations (PS3.7 §9.3.4.2), as far as the response has them. */
export function subOperationCounts(response: Readonly<CommandSet>): SubOperationCounts {
  const remaining = response.numberOfRemainingSuboperations;
  const completed = response.numberOfCompletedSuboperations;
  const failed = response.numberOfFailedSuboperations;
  const warning = response.numberOfWarningSuboperations;
  return {
    ...(remaining === undefined ? {} : { remaining }),
    ...(completed === undefined ? {} : { completed }),
    ...(failed === undefined ? {} : { failed }),
    ...(warning === undefined ? {} : { warning }),
  };
}

/** Failed SOP Instance UID List (0008,0058) of a final response's identifier (PS3.4 C.4.2.1.4.2); undefined where there is none that can be read. */
function listedUIDs(identifier: Uint8Array | undefined, transferSyntaxUID: string): string[] | undefined {
  if (identifier === undefined) return undefined;
  try {
    const dataset = decodeDataset(identifier, transferSyntaxUID, IDENTIFIER_LIMITS);
    return dataset.has(Tag.FailedSOPInstanceUIDList) ? dataset.strings(Tag.FailedSOPInstanceUIDList) : undefined;
  } catch {
    return undefined;
  }
}

function usableUIDs(uids: readonly string[]): string[] {
  return uids.filter((uid) => UID.test(uid)).slice(0, MAX_UIDS);
}

const UID = /^[\x21-\x5b\x5d-\x7e]{1,128}$/;
const MAX_UIDS = 100_000;
