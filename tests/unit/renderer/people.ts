import type { ActionComplete, ActionUpdate, LocalStudy, StudyRow } from '../../../shared/contract/index.ts';

/** A made-up study; `number` makes it one of many. */
export function studyRow(number: number, changes: Partial<StudyRow> = {}): StudyRow {
  return {
    level: 'study',
    studyInstanceUID: `1.2.3.${number}`,
    patientName: { alphabetic: `Patient${String(number).padStart(6, '0')}^Test` },
    patientID: `P${number}`,
    patientBirthDate: '19620304',
    patientSex: 'F',
    studyDate: '20261118',
    studyTime: '081500',
    accessionNumber: '',
    studyDescription: 'Thorax',
    referringPhysicianName: { alphabetic: '' },
    studyID: '1',
    modalities: ['CT'],
    numberOfInstances: 500,
    ...changes,
  };
}

export function localStudy(number: number, images: number, changes: Partial<StudyRow> = {}): LocalStudy {
  return { ...studyRow(number, changes), numberOfSeries: 1, numberOfInstances: images, bytes: images * 526_000, arrivedAt: 1 };
}

const retrieve = { command: 'retrieve', nodeId: '00000000-0000-4000-8000-000000000001', studyInstanceUID: '1.2.3.1' } as const;

export function update(seq: number, received: number, changes: Partial<ActionUpdate> = {}): ActionUpdate {
  return {
    type: 'ActionUpdate',
    actionId: '00000000-0000-4000-8000-00000000000a',
    tag: null,
    seq,
    action: retrieve,
    state: 'running',
    attempt: 1,
    counts: { expected: 500, received, completed: received, failed: 0, warning: 0 },
    bytes: received * 500_000,
    startedAt: 0,
    ...changes,
  };
}

export function complete(seq: number, outcome: ActionComplete['outcome'], changes: Partial<ActionComplete> = {}): ActionComplete {
  return {
    type: 'ActionComplete',
    actionId: '00000000-0000-4000-8000-00000000000a',
    tag: null,
    seq,
    action: retrieve,
    outcome,
    counts: { expected: 500, received: 500, completed: 500, failed: 0, warning: 0 },
    bytes: 250_000_000,
    failedSOPInstanceUIDs: [],
    offendingElements: [],
    verifiedBy: 'listing',
    attempts: 1,
    startedAt: 0,
    finishedAt: 4000,
    ...changes,
  };
}
