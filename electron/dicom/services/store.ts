import { type Association, CommandField, Priority } from '../network/index.ts';
import { finalStatusOf, requireContext, serviceOperation } from './final-status.ts';
import type { FinalStatus, ServiceOperation, StoreSCURequest } from './types.ts';

/**
 * C-STORE as SCU (PS3.4 annex B, PS3.7 §9.3.1). The context is found by SOP class and transfer syntax: the data set goes out as it is. Throws
 * `no-presentation-context` before any byte is sent.
 */
export function store(association: Association, request: StoreSCURequest): ServiceOperation<FinalStatus> {
  const { sopClassUID, sopInstanceUID, transferSyntaxUID, dataSet, priority = Priority.medium } = request;
  const { messageID, moveOriginatorAETitle, moveOriginatorMessageID } = request;
  const context = requireContext(association, [sopClassUID], transferSyntaxUID);
  const operation = association.send({
    context,
    command: {
      commandField: CommandField.cStoreRQ,
      affectedSOPClassUID: sopClassUID,
      affectedSOPInstanceUID: sopInstanceUID,
      priority,
      ...(moveOriginatorAETitle ? { moveOriginatorAETitle, moveOriginatorMessageID: moveOriginatorMessageID ?? 0 } : {}),
    },
    dataSet,
    ...(messageID === undefined ? {} : { messageID }),
  });
  return serviceOperation(
    operation,
    operation.done.then(({ command }) => finalStatusOf(command)),
  );
}
