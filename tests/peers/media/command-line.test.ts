import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dcmtk } from '../../support/dcmtk.ts';
import { filesBelow } from '../../support/dicom-data.ts';
import { writeSeries } from '../../support/instances.ts';
import { canMountSmallVolume, smallVolume } from '../../support/small-volume.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

const STUDY = '1.2.840.77';

async function imported(folder: string, count = 3, size = 16): Promise<string> {
  const profile = join(folder, 'profile');
  await writeSeries(join(folder, 'in'), { study: STUDY, count, size });
  await phosphor(['import', join(folder, 'in'), '--profile', profile]);
  return profile;
}

/** `phosphor` with something on its standard input. */
async function phosphorReading(input: string, args: readonly string[]): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(process.execPath, ['build/bin/phosphor.mjs', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout };
}

describe('phosphor export', () => {
  test('writes what DCMTK reads: files, a medium, pictures; and says what is not here', { timeout: 120_000 }, async () => {
    await using folder = await temporaryFolder('export');
    const profile = await imported(folder.path);
    const to = (name: string) => join(folder.path, name);
    const files = await phosphor([
      'export',
      '--study',
      STUDY,
      '--to',
      to('files'),
      '--template',
      '{PatientID}/{InstanceNumber:3}',
      '--profile',
      profile,
      '--json',
    ]);
    expect(files.lines.at(-1)).toMatchObject({
      outcome: 'success',
      counts: { expected: 3, completed: 3 },
      details: { exported: 3, converted: 0 },
    });
    expect(filesBelow(to('files')).map((file) => file.slice(to('files').length))).toEqual(
      ['001', '002', '003'].map((name) => `/P-${STUDY}/${name}.dcm`),
    );
    expect((await dcmtk('dcmdump', '-q', ...filesBelow(to('files')))).code).toBe(0);

    const medium = await phosphor([
      'export',
      '--series',
      `${STUDY}.1,9.9`,
      '--to',
      to('medium'),
      '--form',
      'media',
      '--profile',
      profile,
      '--json',
    ]);
    expect([medium.code, medium.lines.at(-1)]).toMatchObject([2, { outcome: 'partial', details: { exported: 3, failed: 1 } }]);
    expect(medium.lines.filter((line) => line.kind === 'export-failed')).toMatchObject([
      { level: 'series', name: '9.9', error: { kind: 'not-found' } },
    ]);
    expect(medium.stderr).toContain('1 of 4 were not exported');
    expect((await dcmtk('dcmdump', '+P', '0004,1500', join(to('medium'), 'DICOMDIR'))).output.match(/DICOM\\/g)).toHaveLength(3);

    const again = await phosphor(['export', '--study', STUDY, '--to', to('medium'), '--form', 'media', '--profile', profile, '--json']);
    expect(again.lines.at(-1)).toMatchObject({ outcome: 'failed' });
    expect(again.stderr).toContain('there already');
    expect((await readdir(to('medium'))).sort()).toEqual(['DICOM', 'DICOMDIR', 'README.TXT']);

    const pictures = await phosphor(['export', '--study', STUDY, '--to', to('png'), '--form', 'png', '--text', '--profile', profile]);
    expect(pictures.code, pictures.stderr).toBe(0);
    for (const file of filesBelow(to('png'))) expect((await readFile(file)).subarray(1, 4).toString()).toBe('PNG');

    const nothing = await phosphor(['export', '--to', to('x'), '--profile', profile]);
    expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining('--study UID')]);
  });

  test('reads the password of a ZIP file from standard input and keeps it nowhere', { timeout: 120_000 }, async () => {
    await using folder = await temporaryFolder('export');
    const profile = await imported(folder.path);
    const zip = join(folder.path, 'out.zip');
    const password = 'correct horse 93';
    const args = ['export', '--study', STUDY, '--to', zip, '--zip', '--password', '--profile', profile, '--json'];
    const { code, stdout } = await phosphorReading(`${password}\n`, args);
    expect([code, stdout.includes(password)]).toEqual([0, false]);
    // General purpose bit 0 of the first entry, and compression method 99 (AES).
    const bytes = await readFile(zip);
    expect([bytes.readUInt16LE(6) & 1, bytes.readUInt16LE(8)]).toEqual([1, 99]);
    for (const file of filesBelow(profile)) expect((await readFile(file)).includes(password), file).toBe(false);
  });

  test('says what is wrong with a template and with a form before anything is written', { timeout: 120_000 }, async () => {
    await using folder = await temporaryFolder('export');
    const profile = join(folder.path, 'profile');
    const base = ['export', '--study', STUDY, '--to', join(folder.path, 'x'), '--profile', profile];
    for (const [options, sentence] of [
      [['--template', '{Patient}'], 'PatientName'],
      [['--form', 'iso'], '--form is'],
      [['--media-profile', 'CD'], 'STD-GEN-CD'],
      [['--password'], '--zip'],
    ] as const) {
      const { code, stderr } = await phosphor([...base, ...options]);
      expect([code, stderr]).toEqual([1, expect.stringContaining(sentence)]);
    }
    expect(await readdir(folder.path)).toEqual(['profile']);
  });
});

// Where no file system can be mounted this is named among the tests that did not run.
describe.runIf(await canMountSmallVolume())('a full disk', () => {
  test('under an export: one sentence says so, and what is there is whole', { timeout: 120_000 }, async () => {
    await using folder = await temporaryFolder('export');
    await using volume = await smallVolume('2m');
    const profile = await imported(folder.path, 20, 300);
    const target = volume.profile;
    const run = await phosphor([
      'export',
      '--study',
      STUDY,
      '--to',
      target,
      '--template',
      '{InstanceNumber}',
      '--profile',
      profile,
      '--json',
    ]);
    expect([run.code, run.lines.at(-1)]).toMatchObject([1, { outcome: 'failed' }]);
    expect(run.stderr).toMatch(/disk that was exported to is full/);
    const written = filesBelow(target);
    expect(written.length).toBeGreaterThan(0);
    expect((await dcmtk('dcmdump', '-q', ...written)).code).toBe(0);
    expect(written.every((file) => file.endsWith('.dcm'))).toBe(true);
    volume.resize('64m');
    const again = await phosphor([
      'export',
      '--study',
      STUDY,
      '--to',
      target,
      '--template',
      '{InstanceNumber}',
      '--replace',
      '--profile',
      profile,
    ]);
    expect(again.code).toBe(0);
    expect(filesBelow(target)).toHaveLength(20);
  });
});
