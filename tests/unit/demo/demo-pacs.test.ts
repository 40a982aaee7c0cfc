import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoPacs } from '../../../electron/demo/demo-pacs.ts';
import type { DemoPacs } from '../../../electron/workstation/types.ts';
import { freePort } from '../../support/free-port.ts';

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'phosphor-demo-'));
let pacs: DemoPacs;
let port = 0;

beforeAll(async () => {
  port = await freePort();
  pacs = await startDemoPacs({ directory, destination: { aeTitle: 'PHOSPHOR', host: '127.0.0.1', port } });
}, 180_000);

afterAll(async () => {
  await pacs?.close();
  rmSync(directory, { recursive: true, force: true });
});

const find = async (...keys: string[]): Promise<string> => {
  const args = [
    '-v',
    '-S',
    '-aet',
    'PHOSPHOR',
    '-aec',
    'DEMOPACS',
    '-k',
    'QueryRetrieveLevel=STUDY',
    ...keys.flatMap((key) => ['-k', key]),
  ];
  const { stdout, stderr } = await run('findscu', [...args, pacs.host, String(pacs.port)], { maxBuffer: 10_000_000 });
  return stdout + stderr;
};

it('answers an echo from this machine, by its title only', async () => {
  await run('echoscu', ['-aet', 'PHOSPHOR', '-aec', 'DEMOPACS', pacs.host, String(pacs.port)]);
  await expect(run('echoscu', ['-aet', 'PHOSPHOR', '-aec', 'NOBODY', pacs.host, String(pacs.port)])).rejects.toThrow();
});

it('finds nine studies of six patients, one of 500 images, and names in their scripts', async () => {
  const answer = await find('PatientName=', 'PatientID=', 'NumberOfStudyRelatedInstances=');
  expect(answer.match(/\(0010,0020\) LO \[PH-/g)?.length).toBe(9);
  expect(new Set(answer.match(/PH-\d{4}/g)).size).toBe(6);
  expect(answer).toMatch(/\(0020,1208\) IS \[500 ?\]/);
  expect(await find('PatientName=Yamada*')).toContain('山田^太郎');
});

it('moves a study to the workstation, and to where it moved to', async () => {
  const answer = await find('PatientID=PH-1003', 'StudyInstanceUID=');
  const study = /\(0020,000d\) UI \[([0-9.]+)\]/.exec(answer.slice(answer.indexOf('Find Response')))?.[1] ?? '';
  const received = join(directory, 'received');
  const elsewhere = await freePort();
  await pacs.setDestination('ELSEWHERE', '127.0.0.1', elsewhere);
  await run('mkdir', ['-p', received]);
  const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${study}`];
  const common = ['-S', '-aet', 'ELSEWHERE', '-aec', 'DEMOPACS', '-aem', 'ELSEWHERE', '--port', String(elsewhere), '-od', received];
  await run('movescu', [...common, ...keys, pacs.host, String(pacs.port)], { cwd: received });
  expect(readdirSync(received).length).toBe(1);
}, 120_000);

it('is there at once the second time, and leaves nothing behind it but its archive', async () => {
  await pacs.close();
  const started = performance.now();
  pacs = await startDemoPacs({ directory, destination: { aeTitle: 'PHOSPHOR', host: '127.0.0.1', port } });
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(existsSync(join(directory, 'generated'))).toBe(false);
});
