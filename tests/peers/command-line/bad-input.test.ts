import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { writeProfile } from '../../support/profiles.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { type PhosphorRun, phosphor } from '../../support/workstation.ts';

// Each step starts a process of its own.
vi.setConfig({ testTimeout: 120_000 });

let orthanc: Orthanc;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('bad-input');
  orthanc = await startOrthanc({ folder: join(folder.path, 'orthanc') });
});

afterAll(async () => {
  await orthanc.stop();
  await folder[Symbol.asyncDispose]();
});

/** A profile with one node in it; `run` calls `phosphor` on that profile. */
async function profileWith(node: { host?: string; port?: number; ae?: string }) {
  const profile = await temporaryFolder('profile');
  const port = String(await freePort());
  const run = (...args: string[]) => phosphor([...args, '--profile', profile.path, '--port', port]);
  const { host = '127.0.0.1', port: nodePort = orthanc.dicomPort, ae = orthanc.aeTitle } = node;
  await writeProfile(profile.path, { name: 'MAIN', host, port: nodePort, aeTitle: ae });
  return { path: profile.path, port, run, [Symbol.asyncDispose]: () => profile[Symbol.asyncDispose]() };
}

/** One clear sentence for people: says what is wrong, shows no stack and no code of ours, exit code 1. */
function expectSentence(run: PhosphorRun, pattern: RegExp): void {
  expect(run.code, run.stdout + run.stderr).toBe(1);
  expect(run.stderr).toMatch(pattern);
  expect(run.stderr).not.toMatch(/\n\s+at |\.ts:\d+|undefined|\[object/);
}

describe('a person who mistypes is told what is wrong and what to do', () => {
  test('a host that does not exist', async () => {
    await using profile = await profileWith({ host: 'no-such-host.invalid' });
    expectSentence(await profile.run('echo', 'MAIN'), /no-such-host\.invalid/);
  });

  test('a port where nobody listens', async () => {
    const port = await freePort();
    await using profile = await profileWith({ port });
    expectSentence(await profile.run('echo', 'MAIN'), new RegExp(`refused|${port}`));
  });

  test('an AE title that the PACS does not have', async () => {
    await using profile = await profileWith({ ae: 'SOMEONEELSE' });
    expectSentence(await profile.run('echo', 'MAIN'), /SOMEONEELSE/);
  });

  test('a peer that hangs up', async () => {
    const server: Server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await using profile = await profileWith({ port: address.port });
    expectSentence(await profile.run('find', 'MAIN'), /closed|hung up|connection/i);
    server.close();
  });

  test('a node, a command and an option that do not exist', async () => {
    await using profile = await profileWith({});
    expectSentence(await profile.run('echo', 'MIAN'), /MIAN/);
    expectSentence(await profile.run('retreive', 'MAIN'), /retrieve/);
    expectSentence(await profile.run('find', 'MAIN', '--patientname', 'X'), /--patient-name/);
    expectSentence(await profile.run('find', 'MAIN', '--date', 'yesterday'), /date/i);
  });

  test('a retrieve while the receiving port is taken by another program', async () => {
    await using profile = await profileWith({});
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(Number(profile.port), '0.0.0.0', resolve));
    expectSentence(await profile.run('retrieve', 'MAIN', '--study', '1.2.3'), new RegExp(`${profile.port}`));
    taken.close();
  });

  test('a retrieve whose destination the PACS does not know names what its administrator must enter', async () => {
    await using profile = await profileWith({});
    const run = await profile.run('retrieve', 'MAIN', '--study', '1.2.3');
    expectSentence(run, /PHOSPHOR/);
    expect(run.stderr).toContain(profile.port);
  });

  test('what does not exist yet is refused with one sentence', async () => {
    await using profile = await profileWith({});
    for (const extra of [
      ['--method', 'get'],
      ['--method', 'auto'],
      ['--to', 'ELSEWHERE'],
    ]) {
      const run = await profile.run('retrieve', 'MAIN', '--study', '1.2.3', ...extra);
      expectSentence(run, /not |cannot/);
      expect(run.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
    }
  });
});

describe('a damaged profile is kept aside, and nothing is lost', () => {
  test('settings that cannot be read', async () => {
    await using profile = await profileWith({});
    const names = await readdir(profile.path);
    const settings = names.find((name) => name.startsWith('settings.')) ?? 'settings.jsonc';
    await writeFile(join(profile.path, settings), '{ "aeTitle": "MINE", ');
    const run = await profile.run('node', 'list');
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/^The settings could not be read, so the defaults are in use\. The old file was kept as /);
    const aside = (await readdir(profile.path)).filter((name) => name.includes('damaged'));
    expect(aside).toHaveLength(1);
    expect(await readFile(join(profile.path, aside[0] ?? ''), 'utf8')).toContain('MINE');
  });

  test('an index that is no database', async () => {
    await using profile = await profileWith({});
    const database = join(profile.path, 'index.db');
    await writeFile(database, 'this is no database, and long enough to be read as a header of one'.repeat(100));
    const run = await profile.run('list');
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/^The index of the archive was damaged\. It was set aside as /);
    expect((await readdir(profile.path)).some((name) => name.startsWith('index.db.damaged'))).toBe(true);
  });

  test('a profile that cannot be written', async () => {
    await using place = await temporaryFolder('file');
    const file = join(place.path, 'file');
    await writeFile(file, 'a file, not a folder');
    expectSentence(await phosphor(['list', '--profile', join(file, 'profile')]), /profile|folder|written|directory/i);
  });
});

test('an unreadable file and a file that is not DICOM are named, the rest is imported', async () => {
  await using place = await temporaryFolder('import');
  await mkdir(join(place.path, 'in'));
  await writeFile(join(place.path, 'in', 'letter.txt'), 'Dear colleague');
  await writeFile(join(place.path, 'in', 'secret.dcm'), 'x');
  await chmod(join(place.path, 'in', 'secret.dcm'), 0o000);
  const run = await phosphor([
    'import',
    join(place.path, 'in'),
    join(place.path, 'missing'),
    '--profile',
    join(place.path, 'profile'),
    '--json',
  ]);
  const items = run.lines.filter((line) => line.kind === 'file') as { path: string; result: string; error?: { kind: string } }[];
  expect(items.find((item) => item.path.endsWith('letter.txt'))).toMatchObject({ result: 'refused', error: { kind: 'not-dicom' } });
  expect(items.find((item) => item.path.endsWith('missing'))).toMatchObject({ result: 'refused', error: { kind: 'not-found' } });
});
