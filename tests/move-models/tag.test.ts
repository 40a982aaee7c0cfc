import { expect, test } from 'vitest';
import { instanceUIDs, openedWorkstation, STUDY, scriptedPacs } from './scripted-pacs.ts';

// Tag: the event carries the value at the time of the call, whatever the caller does with its object afterwards.

test('every event of an action carries the tag as it was when the action was requested', async () => {
  await using it = await openedWorkstation();
  await using pacs = await scriptedPacs({ instances: instanceUIDs(3), destinationPort: it.port });
  const node = await it.addNode(pacs.port);
  const tag = { viewport: 2, list: ['a'] };
  const asked = it.workstation.invoke('actions.request', {
    action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY },
    tag,
  });
  tag.viewport = 3;
  tag.list.push('b');
  const { actionId } = await asked;
  await it.completed(actionId);
  const own = it.events.filter((event) => 'actionId' in event && event.actionId === actionId);
  expect(own.length).toBeGreaterThan(1);
  for (const event of own) expect('tag' in event && event.tag).toEqual({ viewport: 2, list: ['a'] });
});

test('the completion of an earlier run keeps its tag', async () => {
  let profile = '';
  let actionId = '';
  const port = await (async () => {
    const it = await openedWorkstation();
    profile = it.profile;
    await using pacs = await scriptedPacs({ instances: instanceUIDs(1), destinationPort: it.port });
    const node = await it.addNode(pacs.port);
    ({ actionId } = await it.workstation.invoke('actions.request', {
      action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY },
      tag: [1, null, 'x'],
    }));
    await it.completed(actionId);
    await it.workstation.close();
    return it.port;
  })();
  await using again = await openedWorkstation({ profile, port });
  const { finished } = await again.workstation.invoke('session.snapshot', {});
  expect(finished).toMatchObject([{ actionId, tag: [1, null, 'x'], outcome: 'success' }]);
});
