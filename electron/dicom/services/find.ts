import type { QueryLevel } from '../../../shared/contract/index.ts';
import { encodeDataset, IdentifierReader } from '../dataset/index.ts';
import { type Association, CommandField, Priority, type ProposedContext } from '../network/index.ts';
import { finalStatusOf, requireContext, serviceOperation } from './final-status.ts';
import { isPatientRoot, MODELS } from './information-model.ts';
import { matchRowOf } from './match-row.ts';
import { findIdentifier } from './query-identifier.ts';
import { SOPClass } from './sop-classes.ts';
import { IDENTIFIER_LIMITS, UNCOMPRESSED } from './transfer-syntaxes.ts';
import type { FindOutcome, FindSCURequest, InformationModel, ServiceOperation } from './types.ts';

/** C-FIND as SCU (PS3.4 C.4.1). Throws `no-presentation-context`, `invalid-arguments`. */
export function find(association: Association, request: FindSCURequest): ServiceOperation<FindOutcome> {
  const { query, sopClassUID, onMatch } = request;
  const context = requireContext(association, sopClassUID === undefined ? modelsOf(query.level) : [sopClassUID]);
  let matches = 0;
  let unusable = 0;
  const reader = new IdentifierReader(context.transferSyntax, IDENTIFIER_LIMITS, request.fallbackCharacterSet);
  const operation = association.send({
    context,
    command: { commandField: CommandField.cFindRQ, affectedSOPClassUID: context.abstractSyntax, priority: Priority.medium },
    dataSet: encodeDataset(
      findIdentifier(query, isPatientRoot(context.abstractSyntax) ? 'patient-root' : 'study-root'),
      context.transferSyntax,
    ),
    onPending: (_response, identifier) => {
      const row = identifier && rowOf(reader, identifier, request);
      if (row === undefined) {
        unusable += 1;
        return undefined;
      }
      matches += 1;
      return onMatch(row);
    },
  });
  const done = operation.done.then(({ command }) => ({ ...finalStatusOf(command), matches, unusable }));
  return serviceOperation(operation, done);
}

/** In the model asked for; else at patient level Patient Root, below Study Root, with the other one for archives that know only that. */
export function findContexts(level: QueryLevel = 'study', model?: InformationModel): ProposedContext[] {
  const sopClassUIDs = model === undefined ? modelsOf(level) : [MODELS[model].find];
  return sopClassUIDs.map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes: UNCOMPRESSED }));
}

function modelsOf(level: QueryLevel): readonly string[] {
  return level === 'patient' ? [SOPClass.PatientRootFind] : [SOPClass.StudyRootFind, SOPClass.PatientRootFind];
}

/** One match that cannot be read does not spoil the others. */
function rowOf(reader: IdentifierReader, identifier: Uint8Array, { query }: FindSCURequest) {
  try {
    return matchRowOf(query.level, reader.read(identifier), query);
  } catch {
    return undefined;
  }
}
