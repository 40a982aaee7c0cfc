import type { PersonName } from '../../../shared/contract/index.ts';
import { Dataset, decodeDataset, encodeDataset, tagOf } from '../dataset/index.ts';
import { type Association, CommandField, Priority, type ProposedContext } from '../network/index.ts';
import { finalStatusOf, requireContext, serviceOperation } from './final-status.ts';
import { SOPClass } from './sop-classes.ts';
import { IDENTIFIER_LIMITS, UNCOMPRESSED } from './transfer-syntaxes.ts';
import type { FindOutcome, ServiceOperation, WorklistEntry, WorklistQuery, WorklistSCURequest } from './types.ts';

/** Modality Worklist C-FIND as SCU (PS3.4 annex K). Throws `no-presentation-context`, `invalid-arguments`. */
export function findWorklist(association: Association, request: WorklistSCURequest): ServiceOperation<FindOutcome> {
  const { query, onEntry } = request;
  const context = requireContext(association, [SOPClass.ModalityWorklistFind]);
  let matches = 0;
  let unusable = 0;
  const operation = association.send({
    context,
    command: { commandField: CommandField.cFindRQ, affectedSOPClassUID: context.abstractSyntax, priority: Priority.medium },
    dataSet: encodeDataset(worklistIdentifier(query), context.transferSyntax),
    onPending: (_response, identifier) => {
      const entry = identifier && entryOf(identifier, context.transferSyntax);
      if (entry === undefined) {
        unusable += 1;
        return undefined;
      }
      matches += 1;
      return onEntry(entry);
    },
  });
  const done = operation.done.then(({ command }) => ({ ...finalStatusOf(command), matches, unusable }));
  return serviceOperation(operation, done);
}

export function worklistContexts(): ProposedContext[] {
  return [{ abstractSyntax: SOPClass.ModalityWorklistFind, transferSyntaxes: UNCOMPRESSED }];
}

type Keys<Part> = readonly (readonly [keyword: string, matchedWith?: keyof Part])[];

/** Attributes of the order and the patient, and of the step inside Scheduled Procedure Step Sequence (PS3.4 table K.6-1). */
export const ORDER_KEYS: Keys<WorklistQuery> = [
  ['AccessionNumber', 'accessionNumber'],
  ['ReferringPhysicianName'],
  ['PatientName', 'patientName'],
  ['PatientID', 'patientID'],
  ['PatientBirthDate'],
  ['PatientSex'],
  ['StudyInstanceUID'],
  ['RequestedProcedureDescription'],
  ['RequestedProcedureID', 'requestedProcedureID'],
  ['RequestedProcedurePriority'],
];
export const STEP_KEYS: Keys<WorklistQuery> = [
  ['Modality', 'modality'],
  ['ScheduledStationAETitle', 'scheduledStationAETitle'],
  ['ScheduledProcedureStepStartDate', 'startDate'],
  ['ScheduledProcedureStepStartTime', 'startTime'],
  ['ScheduledPerformingPhysicianName', 'performingPhysicianName'],
  ['ScheduledProcedureStepDescription'],
  ['ScheduledProcedureStepID'],
  ['ScheduledStationName'],
  ['ScheduledProcedureStepLocation'],
];

/** The identifier of a worklist query: matching keys of the query, all else of an entry as empty return keys. */
function worklistIdentifier(query: WorklistQuery): Dataset {
  const filled = (keys: Keys<WorklistQuery>) =>
    Dataset.of(
      Object.fromEntries(keys.map(([keyword, matchedWith]) => [keyword, matchedWith === undefined ? '' : (query[matchedWith] ?? '')])),
    );
  const identifier = filled(ORDER_KEYS).set('ScheduledProcedureStepSequence', filled(STEP_KEYS));
  const isASCII = Object.values(query).every((value) => /^[\x20-\x7e]*$/.test(value));
  if (!isASCII) identifier.set('SpecificCharacterSet', 'ISO_IR 192');
  return identifier;
}

/** Values of a peer are cut there. */
const MAX_TEXT = 1024;

/** One answer; undefined where it cannot be read or names no scheduled step. */
function entryOf(bytes: Uint8Array, transferSyntaxUID: string): WorklistEntry | undefined {
  let order: Dataset;
  try {
    order = decodeDataset(bytes, transferSyntaxUID, IDENTIFIER_LIMITS);
  } catch {
    return undefined;
  }
  const step = order.items(tag('ScheduledProcedureStepSequence'))[0];
  if (step === undefined) return undefined;
  return {
    patientName: name(order, 'PatientName'),
    patientID: text(order, 'PatientID'),
    patientBirthDate: text(order, 'PatientBirthDate'),
    patientSex: text(order, 'PatientSex'),
    accessionNumber: text(order, 'AccessionNumber'),
    referringPhysicianName: name(order, 'ReferringPhysicianName'),
    studyInstanceUID: text(order, 'StudyInstanceUID'),
    requestedProcedureID: text(order, 'RequestedProcedureID'),
    requestedProcedureDescription: text(order, 'RequestedProcedureDescription'),
    requestedProcedurePriority: text(order, 'RequestedProcedurePriority'),
    modality: text(step, 'Modality'),
    scheduledStationAETitles: values(step, 'ScheduledStationAETitle'),
    scheduledStationName: text(step, 'ScheduledStationName'),
    startDate: text(step, 'ScheduledProcedureStepStartDate'),
    startTime: text(step, 'ScheduledProcedureStepStartTime'),
    performingPhysicianName: name(step, 'ScheduledPerformingPhysicianName'),
    stepDescription: text(step, 'ScheduledProcedureStepDescription'),
    stepID: text(step, 'ScheduledProcedureStepID'),
    stepLocation: text(step, 'ScheduledProcedureStepLocation'),
  };
}

function text(dataset: Dataset, keyword: string): string {
  return dataset.string(tag(keyword)).slice(0, MAX_TEXT);
}

function values(dataset: Dataset, keyword: string): string[] {
  return dataset
    .strings(tag(keyword))
    .slice(0, 64)
    .map((value) => value.slice(0, MAX_TEXT));
}

function name(dataset: Dataset, keyword: string): PersonName {
  const { alphabetic, ideographic, phonetic } = dataset.personName(tag(keyword));
  return {
    alphabetic: alphabetic.slice(0, MAX_TEXT),
    ...(ideographic === undefined ? {} : { ideographic: ideographic.slice(0, MAX_TEXT) }),
    ...(phonetic === undefined ? {} : { phonetic: phonetic.slice(0, MAX_TEXT) }),
  };
}

/** The keywords above are the dictionary's. */
function tag(keyword: string): number {
  return tagOf(keyword) ?? 0;
}
