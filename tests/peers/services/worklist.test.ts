import { describe, expect, test } from 'vitest';
import { createAssociationPool, startListener } from '../../../electron/associations/index.ts';
import { connectSocket } from '../../../electron/associations/socket-transport.ts';
import { type Association, requestAssociation } from '../../../electron/dicom/network/index.ts';
import { findWorklist, type WorklistEntry, worklistContexts } from '../../../electron/dicom/services/index.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk, startWlmscpfs } from '../../support/dcmtk.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { writeWorklist } from '../../support/worklist-files.ts';

async function associate(port: number): Promise<Association> {
  const transport = await connectSocket('127.0.0.1', port, 5, AbortSignal.timeout(15_000));
  const titles = { callingAETitle: 'PHOSPHOR', calledAETitle: 'WORKLIST' };
  return await requestAssociation(transport, { ...titles, contexts: worklistContexts(), clocks: clocks() });
}

test("wlmscpfs's worklist is read and filtered by modality", async () => {
  await using folder = await temporaryFolder('worklist');
  await writeWorklist(`${folder.path}/WORKLIST`, 6);
  await using server = await startWlmscpfs(folder.path, 'WORKLIST');
  const association = await associate(server.port);
  const asked = async (query: Parameters<typeof findWorklist>[1]['query']) => {
    const entries: WorklistEntry[] = [];
    const outcome = await findWorklist(association, { query, onEntry: (entry) => void entries.push(entry) }).done;
    return { entries, outcome };
  };
  const everything = await asked({});
  expect(everything.outcome).toMatchObject({ status: 0, matches: 6, unusable: 0 });
  const { entries, outcome } = await asked({ modality: 'CT', startDate: '20261121' });
  expect(outcome).toMatchObject({ status: 0, matches: 3 });
  expect(entries.map(({ patientID }) => patientID).sort()).toEqual(['P1', 'P3', 'P5']);
  expect(entries.find(({ patientID }) => patientID === 'P3')).toMatchObject({
    patientName: { alphabetic: 'Müller^Jürgen' },
    accessionNumber: 'A3',
    modality: 'CT',
    scheduledStationAETitles: ['SCANNER'],
    startDate: '20261121',
    stepID: 'S3',
    requestedProcedureID: 'R3',
  });
  await association.release();
});

test("the pool reads wlmscpfs's worklist", async () => {
  await using folder = await temporaryFolder('worklist-pool');
  await writeWorklist(`${folder.path}/WORKLIST`, 6);
  await using server = await startWlmscpfs(folder.path, 'WORKLIST');
  const pool = createAssociationPool({ workers: 1 });
  const entries: WorklistEntry[] = [];
  const peer = { host: '127.0.0.1', port: server.port, calledAETitle: 'WORKLIST', callingAETitle: 'PHOSPHOR' };
  const onEntries = (batch: WorklistEntry[], acknowledge: () => void) => {
    entries.push(...batch);
    acknowledge();
  };
  const { done } = pool.worklist({ peer, clocks: clocks(), query: { patientName: 'M*' }, onEntries });
  expect(await done).toMatchObject({ ok: true, status: 0, matches: 6 });
  expect(entries.map(({ stepID }) => stepID).sort()).toEqual(['S1', 'S2', 'S3', 'S4', 'S5', 'S6']);
  const failed = pool.worklist({ peer: { ...peer, calledAETitle: 'NONE' }, clocks: clocks(), query: {}, onEntries });
  expect((await failed.done).ok).toBe(false);
  await pool.close();
});

describe('our own worklist', () => {
  const step = (number: number, changes: Partial<WorklistEntry> = {}): WorklistEntry => ({
    patientName: { alphabetic: 'Müller^Jürgen', ideographic: '山田^太郎' },
    patientID: `P${number}`,
    patientBirthDate: '19600102',
    patientSex: 'M',
    accessionNumber: `A${number}`,
    referringPhysicianName: { alphabetic: '' },
    studyInstanceUID: `1.2.826.63.${number}`,
    requestedProcedureID: `R${number}`,
    requestedProcedureDescription: 'CT head',
    requestedProcedurePriority: 'ROUTINE',
    modality: number % 2 === 0 ? 'MR' : 'CT',
    scheduledStationAETitles: ['SCANNER', 'OTHER'],
    scheduledStationName: '',
    startDate: `202611${20 + number}`,
    startTime: `${8 + number}15`.padStart(4, '0'),
    performingPhysicianName: { alphabetic: 'Doctor^A' },
    stepDescription: 'Head',
    stepID: `S${number}`,
    stepLocation: '',
    ...changes,
  });
  const STEP = 'ScheduledProcedureStepSequence[0]';

  async function listening(worklist?: readonly WorklistEntry[]) {
    return await startListener({
      host: '127.0.0.1',
      port: 0,
      clocks: clocks(),
      access: { aeTitle: 'WORKLIST', knownAETitles: [], knownHosts: [], acceptAnyone: true },
      ...(worklist === undefined ? {} : { worklist }),
      events: { onStored() {}, onRefused() {}, onAssociations() {}, onState() {} },
    });
  }

  test('is searched by findscu: names, wildcards, spans of time, and only what was asked for comes back', async () => {
    const listener = await listening([1, 2, 3, 4].map((number) => step(number)));
    const search = async (...keys: string[]) => {
      const all = [...keys, 'PatientID'].flatMap((key) => ['-k', key]);
      const { code, output } = await dcmtk('findscu', '-v', '-W', '-aec', 'WORKLIST', ...all, '127.0.0.1', String(listener.port));
      expect(code).toBe(0);
      return { found: [...output.matchAll(/LO \[(P\d) ?\]/g)].map(([, id]) => id), output };
    };
    expect((await search()).found).toEqual(['P1', 'P2', 'P3', 'P4']);
    expect((await search('PatientName=m?ller*')).found).toHaveLength(4);
    expect((await search('PatientName=m?er*')).found).toHaveLength(0);
    expect((await search('PatientName=M*JÜRGEN', 'SpecificCharacterSet=ISO_IR 192')).found).toHaveLength(4);
    expect((await search(`${STEP}.Modality=CT`)).found).toEqual(['P1', 'P3']);
    expect((await search(`${STEP}.ScheduledStationAETitle=OTHER`, 'AccessionNumber=A2')).found).toEqual(['P2']);
    const span = [`${STEP}.ScheduledProcedureStepStartDate=20261121-20261123`, `${STEP}.ScheduledProcedureStepStartTime=1000-1100`];
    expect((await search(...span)).found).toEqual(['P2']);
    expect((await search(span[0] ?? '')).found).toEqual(['P1', 'P2', 'P3']);
    const { output } = await search(`${STEP}.ScheduledProcedureStepID=S1`);
    expect(output).toContain('S1');
    for (const word of ['Doctor', 'A1', 'SCANNER']) expect(output).not.toContain(`[${word}`);
    await listener.close();
  });

  test('is read whole by our own pool, and is not offered where there is none', async () => {
    const listener = await listening(Array.from({ length: 1200 }, (_, index) => step(index % 8)));
    const none = await listening();
    const pool = createAssociationPool({ workers: 1 });
    const read = (port: number, query = {}) => {
      const entries: WorklistEntry[] = [];
      const { done } = pool.worklist({
        peer: { host: '127.0.0.1', port, calledAETitle: 'WORKLIST', callingAETitle: 'PHOSPHOR' },
        clocks: clocks(),
        query,
        onEntries: (batch, acknowledge) => {
          expect(batch.length).toBeLessThanOrEqual(64);
          entries.push(...batch);
          setImmediate(acknowledge);
        },
      });
      return done.then((result) => ({ result, entries }));
    };
    const whole = await read(listener.port);
    expect(whole.result).toMatchObject({ ok: true, status: 0, matches: 1200 });
    expect(whole.entries[1]).toEqual(step(1));
    expect((await read(listener.port, { patientName: '山田*', startDate: '20261122' })).entries).toHaveLength(150);
    expect((await read(none.port)).result).toMatchObject({ ok: false, error: { kind: 'no-presentation-context' } });
    await pool.close();
    await Promise.all([listener.close(), none.close()]);
  });
});
