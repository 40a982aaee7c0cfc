import { expect, it } from 'vitest';
import type { AuditEvent } from '../../../electron/actions/types.ts';
import { RunningJob } from '../../../electron/archive/job.ts';
import type { Archive, CorrectSummary } from '../../../electron/archive/types.ts';
import { type ActionRequest, PhosphorError } from '../../../shared/contract/index.ts';
import { Scene } from './scripted-parts.ts';

const CORRECT: ActionRequest = { command: 'correct', studyInstanceUID: '1.2.3', changes: { patientName: 'Doe^Joan' } };
const DONE: CorrectSummary = {
  corrected: 2,
  unchanged: 0,
  failed: 0,
  bytes: 10,
  failedSOPInstanceUIDs: [],
  studyInstanceUID: '1.2.3',
  patientID: 'P1',
};

/** An archive whose job ends with what the test says. */
function archiveWith(result: Promise<CorrectSummary>) {
  const job = () =>
    new RunningJob(
      result,
      () => {},
      () => {},
    );
  return {
    present: async () => [],
    openStudies: () => [],
    settled: async () => {},
    markMissing: async () => {},
    import: job,
    verify: job,
    rebuild: job,
    job,
  } as unknown as Pick<Archive, 'present' | 'job' | 'openStudies' | 'import' | 'verify' | 'rebuild' | 'settled' | 'markMissing'>;
}

it('a correction is in the audit trail before anybody hears that it is done', async () => {
  const written = Promise.withResolvers<void>();
  const recorded: AuditEvent[] = [];
  const asked = Promise.withResolvers<void>();
  const audit = {
    record: (event: AuditEvent) => {
      recorded.push(event);
      asked.resolve();
      return written.promise;
    },
  };
  const scene = new Scene({ archive: archiveWith(Promise.resolve(DONE)), audit });
  const actionId = await scene.request(CORRECT);
  await asked.promise;
  expect(scene.events.some(({ type }) => type === 'ActionComplete')).toBe(false);
  written.resolve();
  expect(await scene.completed(actionId)).toMatchObject({ outcome: 'success', details: { corrected: 2 } });
  expect(recorded).toEqual([
    expect.objectContaining({
      actionId,
      action: 'U',
      success: true,
      what: 'correct',
      studies: [expect.objectContaining({ patientID: 'P1' })],
      instances: 2,
    }),
  ]);
  // Which attributes, never their values.
  expect(JSON.stringify(recorded)).not.toContain('Joan');
});

it('a correction that the audit trail does not take is not called a success', async () => {
  const audit = { record: () => Promise.reject(new PhosphorError('storage-full', 'the disk is full')) };
  const scene = new Scene({ archive: archiveWith(Promise.resolve(DONE)), audit });
  const complete = await scene.completed(await scene.request(CORRECT));
  expect(complete).toMatchObject({ outcome: 'failed', diagnosis: { error: { kind: 'storage-full' } } });
});

it.each([
  [CORRECT, 'not-found', 'This study is not in the archive.'],
  [{ command: 'undo-correction', correctionId: '11111111-1111-4111-8111-111111111111' }, 'not-found', 'There is no such correction'],
  [
    { command: 'deidentify', studyInstanceUID: '1.2.3', project: 'T', options: { retainUIDs: true } },
    'unsupported',
    'cannot stand beside it',
  ],
] as const)('what cannot be done is said in words that fit: %j', async (action, kind, sentence) => {
  const failed = Promise.reject(new PhosphorError(kind, kind));
  failed.catch(() => undefined);
  const scene = new Scene({ archive: archiveWith(failed) });
  const complete = await scene.completed(await scene.request(action));
  expect(complete).toMatchObject({ outcome: 'failed', diagnosis: { sentence: expect.stringContaining(sentence) } });
});
