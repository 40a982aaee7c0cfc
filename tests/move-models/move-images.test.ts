import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { instanceUIDs, openedWorkstation, STUDY, scriptedPacs } from './scripted-pacs.ts';

// MoveImages: in the background, and the caller asks for no result.

test('a retrieve whose caller looks away completes, is logged without patient data and stays in the list', async () => {
  await using it = await openedWorkstation();
  await using pacs = await scriptedPacs({ instances: instanceUIDs(5), destinationPort: it.port });
  const node = await it.addNode(pacs.port);
  void it.workstation.invoke('actions.request', {
    action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY, label: 'Doe, Jane' },
    tag: null,
  });
  await it.until((events) => events.some(({ type }) => type === 'ActionComplete'));
  const { finished, running } = await it.workstation.invoke('session.snapshot', {});
  expect(running).toEqual([]);
  expect(finished).toMatchObject([{ outcome: 'success', counts: { received: 5 }, action: { label: 'Doe, Jane' } }]);
  await it.workstation.close();
  const log = await readFile(join(it.profile, 'logs', 'phosphor.log'), 'utf8');
  expect(log).toContain(`"actionId":"${finished[0]?.actionId}"`);
  expect(log).toContain('"outcome":"success"');
  expect(log).not.toContain('Doe');
  expect(log).not.toContain('P1"');
});
