import { type Association, CommandField, Priority, type ProposedContext } from '../network/index.ts';
import { LIMITS } from '../network/limits.ts';
import { finalStatusOf, requireContext, serviceOperation } from './final-status.ts';
import { UNCOMPRESSED } from './transfer-syntaxes.ts';
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
      ...(moveOriginatorAETitle === undefined ? {} : { moveOriginatorAETitle }),
      ...(moveOriginatorMessageID === undefined ? {} : { moveOriginatorMessageID }),
    },
    dataSet,
    ...(messageID === undefined ? {} : { messageID }),
  });
  return serviceOperation(
    operation,
    operation.done.then(({ command }) => finalStatusOf(command)),
  );
}

/**
 * One context per SOP class and stored transfer syntax, since the acceptor chooses inside a context; then one per SOP class with the uncompressed syntaxes
 * that are not stored, as a fall-back. At most 128: fall-backs go first.
 */
export function storageContexts(instances: Iterable<{ sopClassUID: string; transferSyntaxUID: string }>): ProposedContext[] {
  const stored = new Map<string, Set<string>>();
  for (const { sopClassUID, transferSyntaxUID } of instances) {
    const syntaxes = stored.get(sopClassUID) ?? new Set();
    stored.set(sopClassUID, syntaxes.add(transferSyntaxUID));
  }
  const contexts: ProposedContext[] = [];
  for (const [abstractSyntax, syntaxes] of stored) for (const uid of syntaxes) contexts.push({ abstractSyntax, transferSyntaxes: [uid] });
  for (const [abstractSyntax, syntaxes] of stored) {
    const transferSyntaxes = UNCOMPRESSED.filter((uid) => !syntaxes.has(uid));
    if (transferSyntaxes.length > 0) contexts.push({ abstractSyntax, transferSyntaxes });
  }
  return contexts.slice(0, LIMITS.presentationContexts);
}
