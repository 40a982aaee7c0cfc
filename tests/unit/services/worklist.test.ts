import { describe, expect, test } from 'vitest';
import { Dataset, Tag, tagOf } from '../../../electron/dicom/dataset/index.ts';
import {
  findProvider,
  findWorklist,
  type QueryRequest,
  SOPClass,
  type WorklistEntry,
  type WorklistQuery,
  worklistContexts,
} from '../../../electron/dicom/services/index.ts';
import { associate } from '../network/associations.ts';

const STEPS = tagOf('ScheduledProcedureStepSequence') ?? 0;

function order(index: number): Dataset {
  return Dataset.of({
    SpecificCharacterSet: 'ISO_IR 192',
    PatientName: 'Müller^Jörg',
    PatientID: `P${index}`,
    StudyInstanceUID: `1.2.${index}`,
    ScheduledProcedureStepSequence: Dataset.of({ Modality: 'CT', ScheduledStationAETitle: ['CT1', 'CT2'], ScheduledProcedureStepID: 'S1' }),
  });
}

async function asking(answers: readonly Dataset[], query: WorklistQuery = {}) {
  let asked: Dataset | undefined;
  const find = async function* ({ identifier }: QueryRequest) {
    asked = identifier;
    yield* answers;
  };
  const provider = findProvider({ find, sopClassUIDs: [SOPClass.ModalityWorklistFind] });
  const { requestor } = await associate({ contexts: worklistContexts(), services: [provider] });
  const entries: WorklistEntry[] = [];
  const outcome = await findWorklist(requestor, { query, onEntry: (entry) => void entries.push(entry) }).done;
  await requestor.release();
  return { asked, entries, outcome };
}

describe('a worklist', () => {
  test('is read entry by entry, names in their character set', async () => {
    const { entries, outcome } = await asking([order(1), order(2)]);
    expect(outcome).toMatchObject({ status: 0, matches: 2, unusable: 0 });
    expect(entries[1]).toMatchObject({
      patientName: { alphabetic: 'Müller^Jörg' },
      patientID: 'P2',
      studyInstanceUID: '1.2.2',
      modality: 'CT',
      scheduledStationAETitles: ['CT1', 'CT2'],
      stepID: 'S1',
      startDate: '',
    });
  });

  test('is asked with the keys of the step inside its sequence, and has everything else as a return key', async () => {
    const { asked } = await asking([], { patientName: 'MÜ*', modality: 'CT', startDate: '20261121' });
    expect(asked?.string(Tag.PatientName)).toBe('MÜ*');
    expect(asked?.has(Tag.Modality)).toBe(false);
    expect(asked?.has(Tag.QueryRetrieveLevel)).toBe(false);
    expect(asked?.string(Tag.SpecificCharacterSet)).toBe('ISO_IR 192');
    const step = asked?.items(STEPS)[0];
    expect(step?.string(Tag.Modality)).toBe('CT');
    expect(step?.string(tagOf('ScheduledProcedureStepStartDate') ?? 0)).toBe('20261121');
    expect(step?.has(tagOf('ScheduledProcedureStepLocation') ?? 0)).toBe(true);
  });

  test('leaves out and counts what names no scheduled step', async () => {
    const { entries, outcome } = await asking([Dataset.of({ PatientID: 'X' }), order(1)]);
    expect(outcome).toMatchObject({ matches: 1, unusable: 1 });
    expect(entries).toHaveLength(1);
  });
});
