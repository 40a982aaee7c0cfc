import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { instanceUIDs, openedWorkstation, STUDY, scriptedPacs } from './scripted-pacs.ts';

// The deadlock of the blocking models: the caller's thread waits for the move, the store waits for the caller's thread.

test('one association worker, a peer that stores synchronously and answers the move last, both roles in one process: it completes', async () => {
  await using folder = await temporaryFolder('deadlock');
  await mkdir(folder.path, { recursive: true });
  await writeFile(join(folder.path, 'settings.jsonc'), '{ "associationWorkers": 1 }');
  await using it = await openedWorkstation({ profile: folder.path });
  expect((await it.workstation.invoke('session.snapshot', {})).settings.associationWorkers).toBe(1);
  await using pacs = await scriptedPacs({ instances: instanceUIDs(30), destinationPort: it.port });
  const node = await it.addNode(pacs.port);
  const action = { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY } as const;
  // Two of them, so that even a second move of the same study cannot stand in the way of the first.
  const asked = [
    await it.workstation.invoke('actions.request', { action, tag: 1 }),
    await it.workstation.invoke('actions.request', { action, tag: 2 }),
  ];
  for (const { actionId } of asked) {
    expect(await it.completed(actionId)).toMatchObject({ outcome: 'success', attempts: 1, counts: { received: 30 } });
  }
});
