import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeSeries } from '../../support/instances.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

test('a report lists every file of an import, and no name in it is a formula to a spreadsheet', async () => {
  await using folder = await temporaryFolder('report');
  const source = join(folder.path, 'in');
  await mkdir(source);
  const [one] = await writeSeries(source, { study: '1.2.3', count: 1 });
  await writeFile(join(source, '=HYPERLINK("http:,x")'), 'no image');
  const [csv, json] = [join(folder.path, 'r.csv'), join(folder.path, 'r.json')];
  const profile = join(folder.path, 'profile');
  const first = await phosphor(['import', source, '--report', csv, '--profile', profile, '--json']);
  expect(first.code).toBe(0);
  const rows = (await readFile(csv, 'utf8')).trimEnd().split('\r\n');
  expect(rows).toHaveLength(3);
  expect(rows.some((row) => row.startsWith(`${one?.path},imported,${one?.sopInstanceUID},`))).toBe(true);
  expect(rows.some((row) => row.includes('""http:,x""') && row.includes('not-dicom'))).toBe(true);
  await phosphor(['import', one?.path ?? '', '--report', json, '--profile', profile, '--json']);
  expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject([{ result: 'known', sopInstanceUID: one?.sopInstanceUID }]);
  const wrong = await phosphor(['import', source, '--report', join(folder.path, 'r.txt'), '--profile', profile]);
  expect(wrong.code).not.toBe(0);
});
