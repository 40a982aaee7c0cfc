import { describe, expect, test } from 'vitest';
import { Dataset, Tag } from '../../../electron/dicom/dataset/index.ts';
import {
  checkIdentifier,
  find,
  findContexts,
  findProvider,
  type InformationModel,
  MODELS,
  move,
  moveContexts,
  moveProvider,
  negotiationAnswer,
  type QueryRetrieveFlags,
  queryRetrieveFlags,
  queryRetrieveNegotiation,
} from '../../../electron/dicom/services/index.ts';
import { associate } from '../network/associations.ts';

const JANE = { studyInstanceUID: '1.2', destinationAETitle: 'US', onPending: () => {} };

/** An archive that agrees to `granted`, and what it was asked. */
async function retrieving(model: InformationModel, wanted: QueryRetrieveFlags = {}, granted: QueryRetrieveFlags = {}) {
  const asked: Dataset[] = [];
  let proposed: QueryRetrieveFlags = {};
  const uid = MODELS[model].move;
  const pair = await associate({
    contexts: moveContexts(model),
    services: [
      moveProvider({
        instances: async ({ identifier }) => {
          asked.push(identifier);
          return [];
        },
        connect: () => Promise.reject(new Error('nothing to send')),
      }),
    ],
    requestor: { extendedNegotiation: queryRetrieveNegotiation([uid], wanted) },
    acceptor: {
      authorize: ({ extendedNegotiation }) => {
        proposed = queryRetrieveFlags(extendedNegotiation, uid);
        return { extendedNegotiation: queryRetrieveNegotiation([uid], granted) };
      },
    },
  });
  return { ...pair, uid, asked, proposed };
}

describe('the Patient Root model', () => {
  test('a retrieve names the patient', async () => {
    const { requestor, uid, asked } = await retrieving('patient-root');
    expect((await move(requestor, { ...JANE, sopClassUID: uid, patientID: 'P1' }).done).status).toBe(0);
    expect(asked[0]?.string(Tag.PatientID)).toBe('P1');
    expect(asked[0]?.string(Tag.StudyInstanceUID)).toBe('1.2');
  });

  test('a retrieve without the patient is an error of ours, before anything is sent', async () => {
    const { requestor, uid, asked } = await retrieving('patient-root');
    expect(() => move(requestor, { ...JANE, sopClassUID: uid })).toThrow(expect.objectContaining({ kind: 'invalid-arguments' }));
    expect(asked).toHaveLength(0);
  });

  test('a retrieve without the patient is possible where relational retrieves were agreed on', async () => {
    const { requestor, uid, asked } = await retrieving('patient-root', { relational: true }, { relational: true });
    expect((await move(requestor, { ...JANE, sopClassUID: uid }).done).status).toBe(0);
    expect(asked[0]?.has(Tag.PatientID)).toBe(false);
  });

  test('one that asked for relational retrieves and got no answer may not leave the patient out', async () => {
    const { requestor, uid } = await retrieving('patient-root', { relational: true });
    expect(() => move(requestor, { ...JANE, sopClassUID: uid })).toThrow(expect.objectContaining({ kind: 'invalid-arguments' }));
  });

  test('a search below study level names the patient where it is known', async () => {
    for (const model of ['patient-root', 'study-root'] as const) {
      let asked: Dataset | undefined;
      const provider = findProvider({
        find: async function* ({ identifier }) {
          asked = identifier;
          yield Dataset.of({ SeriesInstanceUID: '1.3', StudyInstanceUID: '1.2' });
        },
      });
      const { requestor } = await associate({ contexts: findContexts('series', model), services: [provider] });
      const query = { level: 'series', patientID: 'P1', studyInstanceUID: '1.2' } as const;
      const outcome = await find(requestor, { query, sopClassUID: MODELS[model].find, onMatch: () => {} }).done;
      expect(outcome.matches).toBe(1);
      expect(asked?.string(Tag.PatientID)).toBe(model === 'patient-root' ? 'P1' : '');
    }
  });
});

describe('the Study Root model', () => {
  test('a retrieve names no patient, which is no level of it', async () => {
    const { requestor, uid, asked } = await retrieving('study-root');
    await move(requestor, { ...JANE, sopClassUID: uid, patientID: 'P1' }).done;
    expect(asked[0]?.has(Tag.PatientID)).toBe(false);
  });
});

describe('extended negotiation', () => {
  test('what is asked for arrives, and what is answered comes back', async () => {
    const { requestor, uid, proposed } = await retrieving(
      'study-root',
      { relational: true, enhancedMultiFrameConversion: true },
      { enhancedMultiFrameConversion: true },
    );
    expect(proposed).toEqual({ relational: true, enhancedMultiFrameConversion: true });
    expect(queryRetrieveFlags(requestor.extendedNegotiation, uid)).toEqual({ relational: false, enhancedMultiFrameConversion: true });
  });

  test('where nothing is asked for nothing is sent', () => {
    expect(queryRetrieveNegotiation([MODELS['study-root'].find], {})).toEqual([]);
    expect(queryRetrieveNegotiation([MODELS['study-root'].move], { fuzzySemanticMatching: true })).toEqual([]);
  });

  test('the bytes stand in the order of PS3.4 C.5', () => {
    const bytes = (uid: string, flags: QueryRetrieveFlags) => [
      ...(queryRetrieveNegotiation([uid], flags)[0]?.serviceClassApplicationInformation ?? []),
    ];
    expect(bytes(MODELS['study-root'].find, { relational: true })).toEqual([1, 0, 0, 0, 0]);
    expect(bytes(MODELS['patient-root'].find, { dateTimeMatching: true, timezoneQueryAdjustment: true })).toEqual([0, 1, 0, 1, 0]);
    expect(bytes(MODELS['patient-root'].find, { fuzzySemanticMatching: true, enhancedMultiFrameConversion: true })).toEqual([
      0, 0, 1, 0, 1,
    ]);
    expect(bytes(MODELS['patient-root'].get, { enhancedMultiFrameConversion: true })).toEqual([0, 1]);
  });

  test('a short field of an old peer, an odd value and a missing one all mean no', () => {
    const uid = MODELS['study-root'].find;
    const item = (...bytes: number[]) => [{ sopClassUID: uid, serviceClassApplicationInformation: Uint8Array.from(bytes) }];
    expect(queryRetrieveFlags(item(1), uid)).toMatchObject({ relational: true, dateTimeMatching: false, fuzzySemanticMatching: false });
    expect(queryRetrieveFlags(item(2, 1), uid)).toMatchObject({ relational: false, dateTimeMatching: true });
    expect(queryRetrieveFlags([], uid)).toMatchObject({ relational: false });
    expect(queryRetrieveFlags(item(1), MODELS['study-root'].move)).toMatchObject({ relational: false });
  });
});

describe('an archive of ours', () => {
  const FIND = MODELS['study-root'].find;
  const MOVE = MODELS['patient-root'].move;
  const items = (sopClassUID: string, ...bytes: number[]) => [{ sopClassUID, serviceClassApplicationInformation: Uint8Array.from(bytes) }];

  test('grants relational behaviour and nothing else, in an answer no longer than the question', () => {
    expect(negotiationAnswer(items(FIND, 1, 1, 1, 1, 1))).toEqual(items(FIND, 1, 0, 0, 0, 0));
    expect(negotiationAnswer(items(FIND, 1))).toEqual(items(FIND, 1));
    expect(negotiationAnswer(items(FIND, 0, 1))).toEqual([]);
    expect(negotiationAnswer(items('1.2.3', 1))).toEqual([]);
  });

  test.each([
    ['the patient of a study', MOVE, { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2' }, '00100020'],
    ['the study of a series', FIND, { QueryRetrieveLevel: 'SERIES' }, '0020000d'],
    ['one study, not two', FIND, { QueryRetrieveLevel: 'SERIES', StudyInstanceUID: ['1.2', '1.3'] }, '0020000d'],
    ['the series of an image', FIND, { QueryRetrieveLevel: 'IMAGE', StudyInstanceUID: '1.2' }, '0020000e'],
    ['a patient level', FIND, { QueryRetrieveLevel: 'PATIENT' }, '00080052'],
    ['a level at all', FIND, { StudyInstanceUID: '1.2' }, '00080052'],
    ['what to retrieve', MOVE, { QueryRetrieveLevel: 'PATIENT' }, '00100020'],
  ])('refuses an identifier that lacks %s, and names the element', (_, sopClassUID, values, tag) => {
    const error = expect.objectContaining({ data: expect.objectContaining({ status: 0xa900 }), offendingElements: [tag] });
    expect(() => checkIdentifier(Dataset.of(values), sopClassUID, {})).toThrow(error);
  });

  test('takes what is whole, and less where relational behaviour was agreed on', () => {
    const image = { QueryRetrieveLevel: 'IMAGE', SOPInstanceUID: ['1.2.3', '1.2.4'] };
    const whole = { ...image, StudyInstanceUID: '1.2', SeriesInstanceUID: '1.3', PatientID: 'P' };
    for (const uid of [FIND, MOVE]) expect(() => checkIdentifier(Dataset.of(whole), uid, {})).not.toThrow();
    for (const uid of [FIND, MOVE]) expect(() => checkIdentifier(Dataset.of(image), uid, { relational: true })).not.toThrow();
    const nothing = Dataset.of({ QueryRetrieveLevel: 'IMAGE' });
    expect(() => checkIdentifier(nothing, MOVE, { relational: true })).toThrow(expect.objectContaining({ kind: 'invalid-arguments' }));
  });
});
