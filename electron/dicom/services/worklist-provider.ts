import { Dataset, encodeDataset, formatPersonName, tagOf } from '../dataset/index.ts';
import { CommandField, type InboundRequest, type ServiceProvider, Status } from '../network/index.ts';
import { type DateTimePair, matches } from './attribute-matching.ts';
import { withIdentifier } from './find-provider.ts';
import { SOPClass } from './sop-classes.ts';
import { IDENTIFIER_SYNTAXES } from './transfer-syntaxes.ts';
import type { QueryRequest, WorklistEntry, WorklistQuery, WorklistSource } from './types.ts';
import { ORDER_KEYS, STEP_KEYS } from './worklist.ts';

/**
 * Modality Worklist C-FIND as SCP (PS3.4 annex K): the entries of a source that match, each with the attributes that were asked for. A key that entries do not
 * have is not matched, and the response says so (FF01).
 */
export function worklistProvider(source: WorklistSource): ServiceProvider {
  return {
    commandField: CommandField.cFindRQ,
    abstractSyntaxes: [SOPClass.ModalityWorklistFind],
    transferSyntaxes: IDENTIFIER_SYNTAXES,
    handle: (request) => withIdentifier(request, (query) => answer(source, request, query)),
  };
}

const STEPS = tagOf('ScheduledProcedureStepSequence') ?? 0;
const STEP_TIME: readonly DateTimePair[] = [['ScheduledProcedureStepStartDate', 'ScheduledProcedureStepStartTime']];

async function answer(source: WorklistSource, request: InboundRequest, { identifier, signal }: QueryRequest): Promise<void> {
  const { keys, isWhole } = knownKeys(identifier);
  const status = isWhole ? Status.pending : Status.pendingWithWarning;
  for await (const entry of source.entries(queryOf(keys))) {
    if (signal.aborted) break;
    const dataset = datasetOf(entry);
    if (!matches(dataset, keys, STEP_TIME)) continue;
    const wait = request.respond({ status }, encodeDataset(asked(dataset, identifier), request.context.transferSyntax));
    if (wait !== undefined) await wait;
  }
  void request.respond({ status: signal.aborted ? Status.cancel : Status.success });
}

/** The keys that entries have; false where another one had a value to be matched. */
function knownKeys(identifier: Dataset): { keys: Dataset; isWhole: boolean } {
  const keys = new Dataset();
  let isWhole = true;
  const sort = (from: Dataset, to: Dataset, known: ReadonlySet<number>) => {
    for (const element of from) {
      if (known.has(element.tag)) to.setElement(element);
      else if (element.tag !== CHARACTER_SET && element.tag !== STEPS && from.string(element.tag) !== '') isWhole = false;
    }
  };
  sort(identifier, keys, ORDER_TAGS);
  const [step] = identifier.items(STEPS);
  if (step) {
    const wanted = new Dataset();
    sort(step, wanted, STEP_TAGS);
    keys.set(STEPS, wanted);
  }
  return { keys, isWhole };
}

const CHARACTER_SET = tagOf('SpecificCharacterSet') ?? 0;
const ORDER_TAGS: ReadonlySet<number> = new Set(ORDER_KEYS.map(([keyword]) => tagOf(keyword) ?? 0));
const STEP_TAGS: ReadonlySet<number> = new Set(STEP_KEYS.map(([keyword]) => tagOf(keyword) ?? 0));

/** For a source that can narrow its search; what it gives is matched here in any case. */
function queryOf(keys: Dataset): WorklistQuery {
  const [step = new Dataset()] = keys.items(STEPS);
  const values = [...namedValues(keys, ORDER_KEYS), ...namedValues(step, STEP_KEYS)];
  return Object.fromEntries(values);
}

function namedValues(keys: Dataset, names: typeof ORDER_KEYS): [string, string][] {
  return names.flatMap(([keyword, name]) => {
    const value = keys.strings(tagOf(keyword) ?? 0).join('\\');
    return name === undefined || value === '' ? [] : [[name, value] as [string, string]];
  });
}

function datasetOf(entry: WorklistEntry): Dataset {
  const step = Dataset.of({
    Modality: entry.modality,
    ScheduledStationAETitle: [...entry.scheduledStationAETitles],
    ScheduledProcedureStepStartDate: entry.startDate,
    ScheduledProcedureStepStartTime: entry.startTime,
    ScheduledPerformingPhysicianName: formatPersonName(entry.performingPhysicianName),
    ScheduledProcedureStepDescription: entry.stepDescription,
    ScheduledProcedureStepID: entry.stepID,
    ScheduledStationName: entry.scheduledStationName,
    ScheduledProcedureStepLocation: entry.stepLocation,
  });
  return Dataset.of({
    AccessionNumber: entry.accessionNumber,
    ReferringPhysicianName: formatPersonName(entry.referringPhysicianName),
    PatientName: formatPersonName(entry.patientName),
    PatientID: entry.patientID,
    PatientBirthDate: entry.patientBirthDate,
    PatientSex: entry.patientSex,
    StudyInstanceUID: entry.studyInstanceUID,
    RequestedProcedureDescription: entry.requestedProcedureDescription,
    RequestedProcedureID: entry.requestedProcedureID,
    RequestedProcedurePriority: entry.requestedProcedurePriority,
    ScheduledProcedureStepSequence: step,
  });
}

/** Only what was asked for (PS3.4 C.4.1.1.3.2), in UTF-8. */
function asked(entry: Dataset, identifier: Dataset): Dataset {
  const response = picked(entry, identifier);
  response.set('SpecificCharacterSet', 'ISO_IR 192');
  return response;
}

function picked(entry: Dataset, keys: Dataset): Dataset {
  const response = new Dataset();
  for (const { tag, vr } of keys) {
    const element = entry.get(tag);
    if (element === undefined) response.set(tag, [], vr);
    else if (vr !== 'SQ') response.setElement(element);
    else {
      const [wanted] = keys.items(tag);
      const items = entry.items(tag);
      response.set(tag, wanted && wanted.size > 0 ? items.map((item) => picked(item, wanted)) : [...items], vr);
    }
  }
  return response;
}
