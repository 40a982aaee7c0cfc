import { expect, test } from 'vitest';
import type { Settings } from '../../shared/contract/index.ts';
import { gate, instanceUIDs, openedWorkstation, STUDY, scriptedPacs } from './scripted-pacs.ts';

// DicomConnection.Move: a C-MOVE in the background, and one completion event.

test('a move runs in the background and ends with exactly one ActionComplete', async () => {
  await using it = await openedWorkstation();
  const instances = instanceUIDs(20);
  await using pacs = await scriptedPacs({ instances, destinationPort: it.port });
  const node = await it.addNode(pacs.port);
  const before = performance.now();
  const { actionId } = await it.workstation.invoke('actions.request', {
    action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY },
    tag: null,
  });
  expect(performance.now() - before).toBeLessThan(1000);
  const complete = await it.completed(actionId);
  expect(complete).toMatchObject({
    outcome: 'success',
    status: 0,
    verifiedBy: 'listing',
    attempts: 1,
    counts: { expected: 20, received: 20, completed: 20, failed: 0 },
    failedSOPInstanceUIDs: [],
  });
  const { studies } = await it.workstation.invoke('archive.search', {
    query: {},
    sort: { by: 'studyDate', descending: true },
    offset: 0,
    limit: 10,
  });
  expect(studies).toMatchObject([{ studyInstanceUID: STUDY, numberOfInstances: 20 }]);
  expect(it.events.filter(({ type }) => type === 'ActionComplete')).toHaveLength(1);
  expect(it.events.map(({ seq }) => seq)).toEqual(it.events.map((_, i) => i + (it.events[0]?.seq ?? 0)));
  expect(pacs.failures).toEqual([]);
});

test('while a peer is in the middle of a move, the workstation answers everything else at once', async () => {
  await using it = await openedWorkstation();
  const middle = gate();
  const goOn = gate();
  await using pacs = await scriptedPacs({
    instances: instanceUIDs(4),
    destinationPort: it.port,
    beforeEach: async (nth) => {
      if (nth !== 3) return;
      middle.open();
      await goOn.passed;
    },
  });
  const node = await it.addNode(pacs.port);
  const { actionId } = await it.workstation.invoke('actions.request', {
    action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY },
    tag: null,
  });
  await middle.passed;
  const find = await it.workstation.invoke('actions.request', {
    action: { command: 'find', nodeId: node.nodeId, query: { level: 'study' } },
    tag: null,
  });
  expect(await it.completed(find.actionId)).toMatchObject({ outcome: 'success' });
  await it.until((events) => events.some((event) => event.type === 'ActionUpdate' && event.counts.received === 2));
  const { running } = await it.workstation.invoke('session.snapshot', {});
  expect(running).toMatchObject([{ actionId, state: 'running', counts: { received: 2 }, source: 'store-scp' }]);
  goOn.open();
  expect(await it.completed(actionId)).toMatchObject({ outcome: 'success', counts: { received: 4 } });
});

const impatient = (settings: Settings): Partial<Settings> => ({
  retry: { attempts: 2, delaysSeconds: [0.05], missingRounds: 0 },
  clocks: { ...settings.clocks, retrieveStall: 0.4, cancelGrace: 0.2, release: 0.5 },
});

test('a peer that is gone in the middle ends every attempt, and the action once', async () => {
  await using it = await openedWorkstation();
  const { settings } = await it.workstation.invoke('session.snapshot', {});
  await it.workstation.invoke('settings.update', { changes: impatient(settings) });
  await using pacs = await scriptedPacs({
    instances: instanceUIDs(3),
    destinationPort: it.port,
    onMove: async (connection) => void connection.socket.destroy(),
  });
  const node = await it.addNode(pacs.port);
  const { actionId } = await it.workstation.invoke('actions.request', {
    action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY },
    tag: null,
  });
  const complete = await it.completed(actionId);
  expect(complete).toMatchObject({ outcome: 'aborted', attempts: 2, diagnosis: { error: { kind: 'connection-lost' } } });
  expect(it.events.filter(({ type }) => type === 'ActionComplete')).toHaveLength(1);
});

test('a peer that sends the same pending response for ever is ended by the stall clock, which the sentence names', async () => {
  await using it = await openedWorkstation();
  const { settings } = await it.workstation.invoke('session.snapshot', {});
  await it.workstation.invoke('settings.update', { changes: impatient(settings) });
  await using pacs = await scriptedPacs({
    instances: instanceUIDs(3),
    destinationPort: it.port,
    onMove: async (connection, message) => {
      const pending = setInterval(
        () => connection.respond(message, { status: 0xff00, remaining: 3, completed: 0, failed: 0, warning: 0 }),
        30,
      );
      connection.socket.once('close', () => clearInterval(pending));
    },
  });
  const node = await it.addNode(pacs.port);
  const { actionId } = await it.workstation.invoke('actions.request', {
    action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY },
    tag: null,
  });
  const complete = await it.completed(actionId);
  expect(complete).toMatchObject({
    outcome: 'timed-out',
    attempts: 2,
    diagnosis: { error: { kind: 'timed-out', clock: 'retrieve-stall' } },
  });
  expect(complete.diagnosis?.sentence).toMatch(/^Nothing arrived from node \d+ for /);
});

test('a peer that says success and sent less gets no success', async () => {
  await using it = await openedWorkstation();
  const { settings } = await it.workstation.invoke('session.snapshot', {});
  await it.workstation.invoke('settings.update', { changes: { retry: { ...settings.retry, missingRounds: 0 } } });
  const instances = instanceUIDs(5);
  await using pacs = await scriptedPacs({ instances, destinationPort: it.port, sends: 3 });
  const node = await it.addNode(pacs.port);
  const { actionId } = await it.workstation.invoke('actions.request', {
    action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY },
    tag: null,
  });
  const complete = await it.completed(actionId);
  expect(complete).toMatchObject({ outcome: 'unconfirmed', verifiedBy: 'listing', failedSOPInstanceUIDs: instances.slice(3) });
  expect(complete.diagnosis?.sentence).toContain('only 3 of 5 instances are here');
});

test('a peer that sends no Move Originator: its instances are credited all the same', async () => {
  await using it = await openedWorkstation();
  await using pacs = await scriptedPacs({ instances: instanceUIDs(3), destinationPort: it.port, moveOriginator: false });
  const node = await it.addNode(pacs.port);
  const { actionId } = await it.workstation.invoke('actions.request', {
    action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY },
    tag: null,
  });
  expect(await it.completed(actionId)).toMatchObject({ outcome: 'success', counts: { received: 3 } });
});
