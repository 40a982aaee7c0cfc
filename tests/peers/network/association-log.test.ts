import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createAssociationPool, startListener } from '../../../electron/associations/index.ts';
import { openedWorkstation } from '../../move-models/scripted-pacs.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk } from '../../support/dcmtk.ts';

const NAME = /^(\S+)->(\S+)\((\d+)\) /;

test('every line names its association; those of two workers and a listener have numbers of their own', async () => {
  const heard: string[] = [];
  const onLog = (lines: string[]) => void heard.push(...lines);
  const pool = createAssociationPool({ workers: 2, onLog });
  const listener = await startListener({
    host: '127.0.0.1',
    port: 0,
    clocks: clocks(),
    access: { aeTitle: 'HERE', knownAETitles: [], knownHosts: [], acceptAnyone: true },
    events: { onStored() {}, onRefused() {}, onAssociations() {}, onState() {}, onLog },
  });
  const peer = { host: '127.0.0.1', port: listener.port, calledAETitle: 'HERE', callingAETitle: 'US' };
  await Promise.all(Array.from({ length: 4 }, () => pool.echo({ peer, clocks: clocks() }).done));
  await pool.echo({ peer: { ...peer, calledAETitle: 'OTHER' }, clocks: clocks() }).done;
  await pool.close();
  await listener.close();
  const names = heard.map((line) => NAME.exec(line));
  expect(names.every((name) => name !== null)).toBe(true);
  const associations = new Map(names.map((name) => [name?.[3], `${name?.[1]}->${name?.[2]}`]));
  const ends = [...associations.values()].sort();
  expect(ends.filter((end) => end === 'US->HERE')).toHaveLength(4);
  expect(ends.filter((end) => end === 'HERE->US')).toHaveLength(4);
  expect(heard.some((line) => line.startsWith('US->OTHER(') && line.includes('7'))).toBe(true);
});

test('the workstation writes them to the log of its profile', async () => {
  await using it = await openedWorkstation();
  await it.workstation.invoke('listener.start', {});
  const port = String(it.port);
  expect((await dcmtk('echoscu', '-aet', 'NOBODY', '-aec', 'PHOSPHOR', '127.0.0.1', port)).code).not.toBe(0);
  await it.workstation.close();
  const lines = (await readFile(join(it.profile, 'logs', 'phosphor.log'), 'utf8')).trim().split('\n');
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages.find((message) => NAME.test(message))).toMatch(/^PHOSPHOR->NOBODY\(\d+\) /);
});
