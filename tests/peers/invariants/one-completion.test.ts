import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import { createAssociationPool, moveMessageIds, startListener } from '../../../electron/associations/index.ts';
import { composeWorkstation } from '../../../electron/workstation/compose.ts';
import type { ActionComplete, ContractEvent } from '../../../shared/contract/index.ts';
import { gate, instanceUIDs, openedWorkstation, STUDY, scriptedPacs } from '../../move-models/scripted-pacs.ts';
import { freePort } from '../../support/free-port.ts';
import { startPhosphor } from '../../support/long-running.ts';
import { scriptedCaller, smallInstance, UIDs } from '../../support/scripted-peer.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

const COUNT = 6;

test('`phosphor retrieve` killed with SIGKILL, three times over: each action has one completion, `aborted`, in actions.db and in the list', {
  timeout: 120_000,
}, async () => {
  await using folder = await temporaryFolder('killed');
  const profile = join(folder.path, 'profile');
  const port = await freePort();
  let kill: (() => void) | undefined;
  let at = 1;
  await using pacs = await scriptedPacs({
    instances: instanceUIDs(COUNT),
    destinationPort: port,
    beforeEach: async (nth) => {
      if (nth !== at || kill === undefined) return;
      kill();
      await new Promise(() => {});
    },
  });
  await phosphor(['node', 'add', 'PACS', '--host', '127.0.0.1', '--port', String(pacs.port), '--ae', 'SCRIPTED', '--profile', profile]);
  // Before the first instance, between two, before the last.
  for (const moment of [1, 3, COUNT]) {
    at = moment;
    const running = startPhosphor(['retrieve', 'PACS', '--study', STUDY, '--profile', profile, '--port', String(port)]);
    kill = () => void running.kill('SIGKILL');
    await running.ended;
    kill = undefined;
    expect(running.lines().filter((line) => line.type === 'ActionComplete')).toEqual([]);
  }
  for (let start = 1; start <= 2; start += 1) {
    await using it = await openedWorkstation({ profile, port });
    const { finished, running } = await it.workstation.invoke('session.snapshot', {});
    expect(running).toEqual([]);
    expect(finished.map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted', 'aborted']);
    expect(new Set(finished.map(({ actionId }) => actionId)).size).toBe(3);
    const { instances } = await it.workstation.invoke('archive.instances', { studyInstanceUID: STUDY });
    expect(instances).toHaveLength(COUNT - 1);
  }
  const database = new DatabaseSync(join(profile, 'actions.db'), { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
  const rows = tables.flatMap(({ name }) =>
    database
      .prepare(`SELECT * FROM "${name}"`)
      .all()
      .map((row) => JSON.stringify(row)),
  );
  database.close();
  expect(rows.filter((row) => row.includes('aborted'))).toHaveLength(3);
  // What was cut off can simply be asked for again.
  const again = await phosphor(['retrieve', 'PACS', '--study', STUDY, '--profile', profile, '--port', String(port), '--json']);
  expect(again.lines.at(-1)).toMatchObject({ type: 'ActionComplete', outcome: 'success', counts: { received: COUNT } });
});

/** A workstation whose listener thread a test can end as a crash would. */
async function withListenerThread(profile: string, port: number) {
  let thread: Worker | undefined;
  const workstation = await composeWorkstation(
    { profile, port, version: 'test' },
    {
      openArchive,
      createAssociationPool,
      messageIds: moveMessageIds,
      startListener: (options) =>
        startListener(options, (worker, isBeside) => {
          if (!isBeside) thread = worker;
        }),
    },
  );
  const events: ContractEvent[] = [];
  const done = Promise.withResolvers<ActionComplete>();
  workstation.subscribe((event) => {
    events.push(event);
    if (event.type === 'ActionComplete') done.resolve(event);
  });
  return { workstation, events, complete: done.promise, killListener: async () => void (await thread?.terminate()) };
}

test('a listener thread killed in the middle of a retrieve: one completion, and every instance is there in the end', async () => {
  await using folder = await temporaryFolder('listener-killed');
  const port = await freePort();
  const it = await withListenerThread(join(folder.path, 'profile'), port);
  const { settings } = await it.workstation.invoke('session.snapshot', {});
  await it.workstation.invoke('settings.update', {
    changes: {
      retry: { ...settings.retry, delaysSeconds: [0.05] },
      clocks: { ...settings.clocks, retrieveStall: 2, cancelGrace: 0.2, release: 0.5 },
    },
  });
  let killed = false;
  // Its association to us breaks with the thread, as a real PACS notices: it counts the rest as failed and says so.
  await using pacs = await scriptedPacs({
    instances: instanceUIDs(COUNT),
    destinationPort: port,
    onMove: async (connection, message) => {
      let completed = 0;
      const store = await scriptedCaller(port);
      try {
        await store.associate({ calledAETitle: 'PHOSPHOR', callingAETitle: 'SCRIPTED', abstractSyntaxes: [UIDs.secondaryCaptureStorage] });
        for (const [index, uid] of instanceUIDs(COUNT).entries()) {
          if (index === 3 && !killed) {
            killed = true;
            await it.killListener();
          }
          const status = await store.store(smallInstance(STUDY, `${STUDY}.1`, uid), {
            messageID: index + 1,
            moveOriginatorAETitle: 'PHOSPHOR',
            ...(message.command.messageID === undefined ? {} : { moveOriginatorMessageID: message.command.messageID }),
          });
          if (status !== 0) break;
          completed += 1;
        }
      } catch {
        // The listener went away while it was being spoken to.
      }
      store.socket.destroy();
      const failed = COUNT - completed;
      connection.respond(message, { status: failed === 0 ? 0 : 0xb000, completed, failed, warning: 0 });
    },
  });
  const { node } = await it.workstation.invoke('nodes.add', {
    node: { name: 'PACS', host: '127.0.0.1', port: pacs.port, aeTitle: 'SCRIPTED', method: 'move' },
  });
  await it.workstation.invoke('actions.request', { action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY }, tag: 7 });
  const complete = await it.complete;
  expect(complete).toMatchObject({ outcome: 'success', tag: 7, counts: { received: COUNT } });
  const { instances } = await it.workstation.invoke('archive.instances', { studyInstanceUID: STUDY });
  expect(instances).toHaveLength(COUNT);
  await it.workstation.close();
  expect(it.events.filter(({ type }) => type === 'ActionComplete')).toHaveLength(1);
  expect(killed).toBe(true);
});

test('a window that looks away for the whole retrieve finds its one completion afterwards', async () => {
  await using it = await openedWorkstation();
  const last = gate();
  await using pacs = await scriptedPacs({
    instances: instanceUIDs(COUNT),
    destinationPort: it.port,
    beforeEach: async (nth) => {
      if (nth === COUNT) await last.passed;
    },
  });
  const node = await it.addNode(pacs.port);
  const { epoch, seq } = await it.workstation.invoke('session.snapshot', {});
  const heard: ContractEvent[] = [];
  const close = it.workstation.subscribe((event) => heard.push(event));
  const action = { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID: STUDY } as const;
  const { actionId } = await it.workstation.invoke('actions.request', { action, tag: null });
  close();
  last.open();
  await it.completed(actionId);
  const since = await it.workstation.invoke('session.since', { epoch, seq });
  expect(since.gap).toBe(false);
  expect(since.events.filter((event) => event.type === 'ActionComplete')).toMatchObject([{ actionId, outcome: 'success' }]);
  expect(heard.some((event) => event.type === 'ActionComplete')).toBe(false);
});

test('two retrieves of two studies from one peer that names no Move Originator: each action counts its own instances', async () => {
  await using it = await openedWorkstation();
  const studies = ['1.2.840.31', '1.2.840.32'] as const;
  const both = gate();
  let moving = 0;
  await using pacs = await scriptedPacs({
    instances: [],
    destinationPort: it.port,
    onMove: async (connection, message) => {
      const study = studies.find((uid) => message.dataSet?.includes(uid)) ?? '';
      const count = study === studies[0] ? 7 : 4;
      moving += 1;
      if (moving === 2) both.open();
      await both.passed;
      const store = await scriptedCaller(it.port);
      await store.associate({ calledAETitle: 'PHOSPHOR', callingAETitle: 'SCRIPTED', abstractSyntaxes: [UIDs.secondaryCaptureStorage] });
      for (let n = 1; n <= count; n += 1) expect(await store.store(smallInstance(study, `${study}.1`, `${study}.1.${n}`))).toBe(0);
      await store.release();
      connection.respond(message, { status: 0, completed: count, failed: 0, warning: 0 });
    },
  });
  const node = await it.addNode(pacs.port);
  const asked = studies.map((studyInstanceUID) =>
    it.workstation.invoke('actions.request', {
      action: { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID },
      tag: studyInstanceUID,
    }),
  );
  const completions = await Promise.all((await Promise.all(asked)).map(({ actionId }) => it.completed(actionId)));
  expect(completions.map(({ tag, counts }) => [tag, counts.received, counts.completed])).toEqual([
    [studies[0], 7, 7],
    [studies[1], 4, 4],
  ]);
});
