import { expect, test } from 'vitest';
import { mainThreadTasks } from '../../../electron/actions/index.ts';
import { Dispatcher, type Handlers } from '../../../electron/workstation/dispatcher.ts';
import { firstMistake } from '../../../electron/workstation/sliced-validation.ts';
import { commands, type LocalStudy, PhosphorError } from '../../../shared/contract/index.ts';

const logged: object[] = [];
const log = { info: () => {}, warn: () => {}, error: (fields: object) => void logged.push(fields) };
const handlers = (changes: Partial<Handlers>): Handlers => {
  const missing = () => Promise.reject(new Error('not scripted'));
  const all = Object.fromEntries(Object.keys(commands).map((name) => [name, missing])) as unknown as Handlers;
  return { ...all, ...changes };
};
const invoke = (dispatcher: Dispatcher, command: string, args: unknown) => dispatcher.invoke(command as 'archive.stats', args as never);
const verify = { command: 'verify' } as const;

test('unknown commands and wrong arguments are refused with the short path of the mistake', async () => {
  const dispatcher = new Dispatcher(handlers({}), log);
  for (const command of ['no.such', 'constructor', '__proto__', 7 as unknown as string]) {
    await expect(invoke(dispatcher, command, {})).rejects.toMatchObject({ data: { kind: 'invalid-arguments' } });
  }
  await expect(invoke(dispatcher, 'archive.series', { studyInstanceUID: '../../etc/passwd\n' })).rejects.toMatchObject({
    data: { kind: 'invalid-arguments', message: expect.stringMatching(/^studyInstanceUID: /) },
  });
  await expect(invoke(dispatcher, 'archive.stats', { extra: 1 })).rejects.toMatchObject({ data: { kind: 'invalid-arguments' } });
});

test('a tag is bounded in length and in depth', async () => {
  const dispatcher = new Dispatcher(handlers({ 'actions.request': () => ({ actionId: crypto.randomUUID() }) }), log);
  const deep = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) as unknown;
  await expect(invoke(dispatcher, 'actions.request', { action: verify, tag: 'x'.repeat(65_536) })).rejects.toMatchObject({
    data: { kind: 'invalid-arguments' },
  });
  await expect(invoke(dispatcher, 'actions.request', { action: verify, tag: deep })).rejects.toMatchObject({
    data: { kind: 'invalid-arguments' },
  });
  await expect(invoke(dispatcher, 'actions.request', { action: verify, tag: 'x'.repeat(1000) })).resolves.toBeDefined();
});

test('whatever is thrown inside reaches neither the window nor the log with its text', async () => {
  const dispatcher = new Dispatcher(
    handlers({
      'archive.stats': () => {
        throw new Error('Doe^Jane 19620304');
      },
    }),
    log,
  );
  const thrown = await dispatcher.invoke('archive.stats', {}).catch((error) => error);
  expect(thrown).toBeInstanceOf(PhosphorError);
  expect(thrown.data).toMatchObject({ kind: 'internal' });
  expect(JSON.stringify([thrown.data, logged])).not.toContain('Doe');
});

test('a result outside the contract does not leave, and only the place of the mistake is told', async () => {
  const dispatcher = new Dispatcher(handlers({ 'archive.series': () => ({ series: [{ patient: 'Doe^Jane' }] as never }) }), log);
  const thrown = await dispatcher.invoke('archive.series', { studyInstanceUID: '1.2' }).catch((error) => error);
  expect(thrown.data).toMatchObject({ kind: 'internal', message: expect.stringContaining('series.0') });
  expect(thrown.data.message).not.toContain('Doe');
});

const study = (n: number): LocalStudy => ({
  level: 'study',
  studyInstanceUID: `1.2.${n}`,
  patientName: { alphabetic: 'A' },
  patientID: '',
  patientBirthDate: '',
  patientSex: '',
  studyDate: '',
  studyTime: '',
  accessionNumber: '',
  studyDescription: '',
  referringPhysicianName: { alphabetic: '' },
  studyID: '',
  modalities: [],
  numberOfSeries: 1,
  numberOfInstances: 1,
  bytes: 1,
  arrivedAt: 1,
});

test('long results are validated to the last element, with room for other work in between', async () => {
  mainThreadTasks.reset();
  const schema = commands['archive.instances'].result;
  const instances = Array.from({ length: 60_000 }, (_, n) => ({
    seriesInstanceUID: '1.2',
    sopInstanceUID: `1.2.${n}`,
    sopClassUID: '1.3',
  }));
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 1);
  expect(await firstMistake(schema, { instances })).toBeUndefined();
  clearInterval(counting);
  expect(turns).toBeGreaterThan(1);
  const report = mainThreadTasks.report();
  expect(report.longestTask.name).toBe('result validation');
  expect(report.longestTask.ms).toBeLessThan(50);
  const wrong = instances.with(59_999, { seriesInstanceUID: '1.2', sopInstanceUID: 'no uid', sopClassUID: '1.3' });
  expect(await firstMistake(schema, { instances: wrong })).toBe('instances.59999.sopInstanceUID');
  expect(await firstMistake(schema, { instances, extra: 1 })).toBe('extra');
});

test('a list longer than the contract allows is refused', async () => {
  const studies = Array.from({ length: 1001 }, (_, n) => study(n));
  expect(await firstMistake(commands['archive.search'].result, { total: 1001, studies })).toBe('studies');
  expect(await firstMistake(commands['archive.search'].result, { total: 1000, studies: studies.slice(1) })).toBeUndefined();
});

test('the meter counts own CPU time of each command, and waiting costs nothing', async () => {
  mainThreadTasks.reset();
  const dispatcher = new Dispatcher(
    handlers({
      'archive.stats': () => {
        const before = process.threadCpuUsage();
        while (process.threadCpuUsage(before).user < 30_000);
        throw new PhosphorError('busy', 'enough');
      },
      'archive.series': () => new Promise((resolve) => setTimeout(() => resolve({ series: [] }), 60)),
    }),
    log,
  );
  await dispatcher.invoke('archive.series', { studyInstanceUID: '1.2' });
  expect(mainThreadTasks.report().longestTask.ms).toBeLessThan(20);
  await dispatcher.invoke('archive.stats', {}).catch(() => undefined);
  const { longestTask, tasks, histogram } = mainThreadTasks.report();
  expect(longestTask.name).toBe('command archive.stats');
  expect(longestTask.ms).toBeGreaterThanOrEqual(30);
  // Two commands, and the validation of the one result.
  expect(tasks).toBe(3);
  expect(histogram.reduce((sum, bucket) => sum + bucket.tasks, 0)).toBe(3);
});

test('a multi-frame image with many fragments is validated in slices too, down to the last of them', async () => {
  const schema = commands['archive.manifest'].result;
  const frames = Array.from({ length: 30_000 }, (_, n) => [[n, 1]]);
  const image = {
    rows: 1,
    columns: 1,
    samplesPerPixel: 1,
    photometricInterpretation: 'MONOCHROME2',
    planarConfiguration: 0,
    bitsAllocated: 8,
    bitsStored: 8,
    highBit: 7,
    pixelRepresentation: 0,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    rescaleType: '',
    windows: [],
    lossy: false,
    pixelData: { encoding: 'encapsulated', frames },
  };
  const instance = { sopInstanceUID: '1.1', sopClassUID: '1.2', transferSyntaxUID: '1.3', numberOfFrames: 30_000, fileBytes: 1, image };
  const series = {
    level: 'series',
    studyInstanceUID: '1.2.1',
    seriesInstanceUID: '1.2.1.1',
    modality: 'US',
    seriesDescription: '',
    bodyPartExamined: '',
    seriesDate: '',
    numberOfInstances: 1,
    bytes: 1,
  };
  const manifest = { study: study(1), series, instances: [instance] };
  expect(await firstMistake(schema, { manifest })).toBeUndefined();
  frames[29_999] = [[-1, 1]];
  expect(await firstMistake(schema, { manifest })).toBe('manifest.instances.0.image.pixelData.frames.29999.0.0');
  expect(await firstMistake(schema, { manifest: null })).toBeUndefined();
});
