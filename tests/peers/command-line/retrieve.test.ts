import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { generateSyntheticStudies } from '../../../electron/demo/phantom/synthetic.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { freePort } from '../../support/free-port.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { writeProfile } from '../../support/profiles.ts';
import { startRecordingProxy } from '../../support/recording-proxy.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

// Each step starts a process of its own.
vi.setConfig({ testTimeout: 120_000 });

let orthanc: Orthanc;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const INSTANCES = 40;

beforeAll(async () => {
  folder = await temporaryFolder('retrieve');
  orthanc = await startOrthanc({ folder: join(folder.path, 'orthanc'), noDelay: true });
  const studies = join(folder.path, 'studies');
  await generateSyntheticStudies(
    { patients: 2, studiesPerPatient: 1, seriesPerStudy: 2, instancesPerSeries: INSTANCES / 2, rows: 64, columns: 64, seed: 7 },
    studies,
  );
  await orthanc.upload(filesBelow(studies));
});

afterAll(async () => {
  await orthanc.stop();
  await folder[Symbol.asyncDispose]();
});

async function freshProfile() {
  const profile = await temporaryFolder('profile');
  const port = await freePort();
  const run = (...args: string[]) => phosphor([...args, '--profile', profile.path, '--port', String(port)]);
  await writeProfile(profile.path, { name: 'MAIN', host: '127.0.0.1', port: orthanc.dicomPort, aeTitle: orthanc.aeTitle });
  return { path: profile.path, port, run, [Symbol.asyncDispose]: () => profile[Symbol.asyncDispose]() };
}

interface StudyMatch {
  readonly studyInstanceUID: string;
  readonly numberOfInstances?: number;
}

async function firstStudy(run: (...args: string[]) => ReturnType<typeof phosphor>): Promise<string> {
  const found = await run('find', 'MAIN', '--level', 'study', '--json');
  expect(found.code, found.stderr).toBe(0);
  const rows = found.lines.filter((line) => line.level === 'study') as unknown as StudyMatch[];
  expect(rows).toHaveLength(2);
  return rows[0]?.studyInstanceUID ?? '';
}

test('search, retrieve, list, verify and rebuild work from the command line, and every stored data set is what was on the wire', async () => {
  await using profile = await freshProfile();
  await using proxy = await startRecordingProxy({ port: profile.port });
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', proxy.port);
  expect((await profile.run('echo', 'MAIN')).code).toBe(0);

  const study = await firstStudy(profile.run);
  const retrieved = await profile.run('retrieve', 'MAIN', '--study', study, '--json');
  expect(retrieved.code, retrieved.stderr).toBe(0);
  expect(retrieved.lines.filter((line) => line.type === 'ActionComplete')).toHaveLength(1);
  expect(retrieved.lines.at(-1)).toMatchObject({
    type: 'ActionComplete',
    outcome: 'success',
    status: 0,
    verifiedBy: 'listing',
    counts: { expected: INSTANCES, received: INSTANCES, completed: INSTANCES, failed: 0 },
  });

  expect(proxy.stores).toHaveLength(INSTANCES);
  for (const store of proxy.stores) {
    const name = createHash('sha256').update(store.sopInstanceUID).digest('hex');
    const file = (await readdir(profile.path, { recursive: true })).find((path) => path.endsWith(`${name}.dcm`));
    expect(file, store.sopInstanceUID).toBeDefined();
    expect(await storedDataSetHash(join(profile.path, file ?? ''))).toBe(store.sha256);
  }

  const listed = await profile.run('list', '--study', study, '--json');
  expect(listed.stdout).toContain(study);
  const verified = await profile.run('archive', 'verify', '--json');
  expect(verified.code, verified.stderr).toBe(0);
  const before = await profile.run('archive', 'stats', '--json');
  const rebuilt = await profile.run('archive', 'rebuild', '--json');
  expect(rebuilt.code, rebuilt.stderr).toBe(0);
  const after = await profile.run('archive', 'stats', '--json');
  const countsOf = (line: Record<string, unknown> | undefined) => ({ ...line, freeBytes: 0 });
  expect(countsOf(after.lines.at(-1))).toEqual(countsOf(before.lines.at(-1)));
  expect(JSON.stringify(after.lines.at(-1))).toContain(`"instances":${INSTANCES}`);
});

test('a second retrieve of the same study finds everything known and stores nothing twice', async () => {
  await using profile = await freshProfile();
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', profile.port);
  const study = await firstStudy(profile.run);
  expect((await profile.run('retrieve', 'MAIN', '--study', study)).code).toBe(0);
  const files = filesBelow(join(profile.path, 'archive')).filter((path) => path.endsWith('.dcm'));
  const again = await profile.run('retrieve', 'MAIN', '--study', study, '--json');
  expect(again.lines.at(-1)).toMatchObject({ outcome: 'success' });
  expect(filesBelow(join(profile.path, 'archive')).filter((path) => path.endsWith('.dcm'))).toEqual(files);
});

test('no name of a patient reaches the logs', async () => {
  await using profile = await freshProfile();
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', profile.port);
  const study = await firstStudy(profile.run);
  const found = await profile.run('find', 'MAIN', '--study', study, '--json');
  const match = /"alphabetic":"([^"]+)"/.exec(found.stdout)?.[1] ?? '';
  expect(match.length).toBeGreaterThan(3);
  const retrieved = await profile.run('retrieve', 'MAIN', '--study', study);
  const family = match.split('^')[0] ?? '';
  expect(retrieved.stderr).not.toContain(family);
  const logs = existsSync(join(profile.path, 'logs')) ? filesBelow(join(profile.path, 'logs')) : [];
  expect(logs.length).toBeGreaterThan(0);
  for (const log of logs) expect(await readFile(log, 'utf8')).not.toContain(family);
});
