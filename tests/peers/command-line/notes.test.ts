import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { writeSeries } from '../../support/instances.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

// One process after the other.
vi.setConfig({ testTimeout: 120_000 });

test('what is noted on studies by the command line is shown, and studies are found by it', async () => {
  await using folder = await temporaryFolder('notes');
  const profile = ['--profile', join(folder.path, 'profile')];
  const source = join(folder.path, 'source');
  for (const study of ['1.2.3', '1.2.4']) await writeSeries(join(source, study), { study, count: 1 });
  await phosphor(['import', source, ...profile]);
  const note = await phosphor([
    'note',
    '--study',
    '1.2.3',
    '--add-label',
    'Teaching,Chest',
    '--pin',
    '--mark',
    'read',
    '--comment',
    'Look',
    '--json',
    ...profile,
  ]);
  const noted = { ok: true, labels: ['Chest', 'Teaching'], pinned: true, readState: 'read', comments: [{ text: 'Look' }] };
  expect(note.lines.at(-1)).toMatchObject(noted);
  await phosphor(['note', '--study', '1.2.3', '--remove-label', 'chest', '--unpin', ...profile]);
  const shown = await phosphor(['note', '--study', '1.2.3', '--json', ...profile]);
  expect(shown.lines.at(-1)).toMatchObject({ ...noted, labels: ['Teaching'], pinned: false });
  const found = async (...options: string[]) => {
    const { lines } = await phosphor(['list', ...options, '--json', ...profile]);
    return lines.flatMap((line) => (typeof line.studyInstanceUID === 'string' ? [line.studyInstanceUID] : []));
  };
  expect(await found('--label', 'teaching')).toEqual(['1.2.3']);
  expect(await found('--mark', 'unread')).toEqual(['1.2.4']);
  expect(await found('--words', 'head ser')).toHaveLength(2);
  expect(await found('--series-description', 'None*')).toEqual([]);
  expect((await phosphor(['list', '--age', 'old', ...profile])).stderr).toContain('--age');
  expect((await phosphor(['note', '--study', '1.9', ...profile])).code).toBe(1);
});

test('an export by a project leaves no identity behind', async () => {
  await using folder = await temporaryFolder('export-deidentified');
  const profile = ['--profile', join(folder.path, 'profile')];
  const [source, out] = [join(folder.path, 'source'), join(folder.path, 'out')];
  await writeSeries(source, { study: '1.2.3', count: 2, patientName: 'Doe^Jane' });
  await phosphor(['import', source, ...profile]);
  const done = await phosphor([
    'export',
    '--study',
    '1.2.3',
    '--to',
    out,
    '--deidentify',
    'TRIAL',
    '--dates',
    'shift',
    '--json',
    ...profile,
  ]);
  expect(done.lines.at(-1)).toMatchObject({ outcome: 'success', details: { exported: 2 } });
  const entries = (await readdir(out, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(entries).toHaveLength(2);
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    expect(file.slice(out.length)).not.toMatch(/Doe|Jane/);
    expect((await readFile(file)).toString('latin1')).not.toMatch(/Doe|P-1\.2\.3|20261118/);
  }
  const { stdout } = await phosphor(['pseudonyms', '--project', 'TRIAL', ...profile]);
  expect(stdout).toContain('P-1.2.3');
});
