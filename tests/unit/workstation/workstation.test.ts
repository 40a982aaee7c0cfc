import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openArchive } from '../../../electron/archive/index.ts';
import type { AssociationPool } from '../../../electron/associations/index.ts';
import { createAssociationPool, moveMessageIds, startListener } from '../../../electron/associations/index.ts';
import { encodeFileMeta } from '../../../electron/dicom/dataset/index.ts';
import { composeWorkstation } from '../../../electron/workstation/compose.ts';
import { openWorkstation, type Workstation } from '../../../electron/workstation/index.ts';
import type { DemoFactory } from '../../../electron/workstation/types.ts';
import type { ContractEvent, PacsNode } from '../../../shared/contract/index.ts';
import { gate, instanceUIDs, openedWorkstation, STUDY, scriptedPacs } from '../../move-models/scripted-pacs.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Resolves when the list of nodes is so. */
async function until(workstation: Workstation, ready: (nodes: readonly PacsNode[]) => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = workstation.subscribe((event) => event.type === 'NodesChanged' && ready(event.nodes) && resolve());
  if (ready((await workstation.invoke('session.snapshot', {})).nodes)) resolve();
  await promise;
  stop();
}

const retrieve = (nodeId: string) => ({ command: 'retrieve', nodeId, studyInstanceUID: STUDY }) as const;

test('a fresh profile: closed to others, default title and port, nothing listening', async () => {
  await using folder = await temporaryFolder('fresh');
  const profile = join(folder.path, 'a', 'profile');
  const workstation = await openWorkstation({ profile, version: '9.9' });
  const snapshot = await workstation.invoke('session.snapshot', {});
  expect(snapshot).toMatchObject({
    version: '9.9',
    profile,
    settings: { aeTitle: 'PHOSPHOR', port: 11112 },
    nodes: [],
    listener: { state: 'off' },
    running: [],
    finished: [],
    notices: [],
  });
  await workstation.close();
  expect((await stat(profile)).mode & 0o777).toBe(0o700);
  for (const name of ['actions.db', 'index.db']) expect((await stat(join(profile, name))).mode & 0o077).toBe(0);
  await expect(workstation.invoke('archive.stats', {})).rejects.toMatchObject({ data: { kind: 'interrupted' } });
});

test('a second process on the same profile is told that it is busy, and changes nothing', async () => {
  await using it = await openedWorkstation();
  const before = await readdir(it.profile);
  await expect(openWorkstation({ profile: it.profile, version: 'test' })).rejects.toMatchObject({ data: { kind: 'busy' } });
  expect(await readdir(it.profile)).toEqual(before);
  expect(await it.workstation.invoke('archive.stats', {})).toMatchObject({ instances: 0 });
});

test('a profile that cannot be written gives one clear sentence', async () => {
  await using folder = await temporaryFolder('unwritable');
  const file = join(folder.path, 'file');
  await writeFile(file, 'not a folder');
  await expect(openWorkstation({ profile: join(file, 'profile'), version: 'test' })).rejects.toMatchObject({
    data: { kind: 'storage', message: expect.stringMatching(/^The profile folder cannot be written\./) },
  });
});

test('a damaged profile opens all the same: each file is kept aside and named in a notice', async () => {
  await using folder = await temporaryFolder('damaged');
  const profile = folder.path;
  await mkdir(profile, { recursive: true });
  for (const name of ['settings.jsonc', 'nodes.json', 'actions.db']) await writeFile(join(profile, name), 'damaged '.repeat(1000));
  const workstation = await openWorkstation({ profile, version: 'test' });
  const { notices, settings } = await workstation.invoke('session.snapshot', {});
  expect(settings.aeTitle).toBe('PHOSPHOR');
  expect(notices).toHaveLength(3);
  const [first] = notices;
  await workstation.invoke('notices.dismiss', { noticeId: first?.noticeId ?? '' });
  expect((await workstation.invoke('session.snapshot', {})).notices).toHaveLength(2);
  await workstation.close();
  const kept = (await readdir(profile)).filter((name) => name.includes('.damaged-'));
  expect(kept.map((name) => name.split('.damaged-')[0]).sort()).toEqual(['actions.db', 'nodes.json', 'settings.jsonc']);
});

test('adding a node opens the receiver, echoes the node and tells both', async () => {
  await using it = await openedWorkstation();
  await using pacs = await scriptedPacs({ instances: [], destinationPort: it.port });
  const node = await it.addNode(pacs.port);
  await it.until((events) => events.some((event) => event.type === 'NodeStateChanged' && event.state.echo === 'ok'));
  const { nodes, nodeStates, listener } = await it.workstation.invoke('session.snapshot', {});
  expect(nodes).toEqual([node]);
  expect(nodeStates).toMatchObject([{ nodeId: node.nodeId, echo: 'ok', latencyMs: expect.any(Number) }]);
  expect(listener).toMatchObject({ state: 'listening', port: it.port, aeTitle: 'PHOSPHOR' });
  await it.workstation.invoke('nodes.remove', { nodeId: node.nodeId });
  await it.until((events) => events.some((event) => event.type === 'ListenerChanged' && event.listener.state === 'off'));
});

test('a port in use: the window is told which and what to do; a retrieve fails at once with the same, and works once it is free', async () => {
  const blocker = createServer().listen(await freePort(), '::');
  await once(blocker, 'listening');
  const address = blocker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await using it = await openedWorkstation({ port });
  await using pacs = await scriptedPacs({ instances: instanceUIDs(1), destinationPort: port });
  const draft = { name: 'PACS', host: '127.0.0.1', port: pacs.port, aeTitle: 'SCRIPTED', method: 'move' } as const;
  const { node } = await it.workstation.invoke('nodes.add', { node: draft });
  const first = await it.workstation.invoke('actions.request', { action: retrieve(node.nodeId), tag: null });
  const failed = await it.completed(first.actionId);
  expect(failed).toMatchObject({ outcome: 'failed', attempts: 1, diagnosis: { error: { kind: 'port-in-use' } } });
  expect(failed.diagnosis?.sentence).toContain(`port ${port}`);
  expect((await it.workstation.invoke('session.snapshot', {})).listener).toMatchObject({
    state: 'failed',
    sentence: expect.stringContaining(`${port}`),
  });
  await new Promise((resolve) => blocker.close(resolve));
  const again = await it.workstation.invoke('actions.retry', { actionId: first.actionId });
  expect(await it.completed(again.actionId)).toMatchObject({ outcome: 'success' });
});

test('a killed association worker costs one attempt: the retrieve goes on and completes once', async () => {
  await using folder = await temporaryFolder('killed-worker');
  const port = await freePort();
  let pool: AssociationPool | undefined;
  const workstation = await composeWorkstation(
    { profile: folder.path, port, version: 'test' },
    {
      openArchive,
      startListener,
      messageIds: moveMessageIds,
      createAssociationPool: (options) => {
        pool = createAssociationPool(options);
        return pool;
      },
    },
  );
  const { settings } = await workstation.invoke('session.snapshot', {});
  await workstation.invoke('settings.update', { changes: { retry: { ...settings.retry, delaysSeconds: [0.05] } } });
  const middle = gate();
  let asked = 0;
  await using pacs = await scriptedPacs({
    instances: instanceUIDs(4),
    destinationPort: port,
    beforeEach: async (nth) => {
      asked += 1;
      if (nth !== 3 || asked > 3) return;
      for (const { threadId, operations } of pool?.workers() ?? []) if (operations > 0) await pool?.killWorker(threadId);
      middle.open();
    },
  });
  const completed = Promise.withResolvers<unknown>();
  let completions = 0;
  workstation.subscribe((event) => {
    if (event.type !== 'ActionComplete') return;
    completions += 1;
    completed.resolve(event);
  });
  const { node } = await workstation.invoke('nodes.add', {
    node: { name: 'PACS', host: '127.0.0.1', port: pacs.port, aeTitle: 'SCRIPTED', method: 'move' },
  });
  await workstation.invoke('actions.request', { action: retrieve(node.nodeId), tag: null });
  await middle.passed;
  expect(await completed.promise).toMatchObject({ outcome: 'success', attempts: 2, counts: { received: 4 } });
  await workstation.close();
  expect(completions).toBe(1);
});

test('a wrong port that is corrected while a retrieve waits for its next attempt: that attempt uses the new one', async () => {
  await using it = await openedWorkstation();
  await using pacs = await scriptedPacs({ instances: instanceUIDs(2), destinationPort: it.port });
  const { settings } = await it.workstation.invoke('session.snapshot', {});
  await it.workstation.invoke('settings.update', { changes: { retry: { ...settings.retry, delaysSeconds: [0.5] } } });
  const retrying = gate();
  it.workstation.subscribe((event) => {
    if (event.type === 'ActionUpdate' && event.state === 'retrying') retrying.open();
  });
  const { nodeId, kind: _, ...entered } = await it.addNode(await freePort());
  const { actionId } = await it.workstation.invoke('actions.request', { action: retrieve(nodeId), tag: null });
  await retrying.passed;
  await it.workstation.invoke('nodes.update', { nodeId, node: { ...entered, port: pacs.port } });
  expect(await it.completed(actionId)).toMatchObject({ outcome: 'success', attempts: 2, counts: { received: 2 } });
});

test('killed with kill -9 in the middle of a retrieve: at the next start the action is completed once, as aborted, and what arrived is there', async () => {
  await using folder = await temporaryFolder('kill9');
  const profile = join(folder.path, 'profile');
  const port = await freePort();
  const third = gate();
  await using pacs = await scriptedPacs({
    instances: instanceUIDs(4),
    destinationPort: port,
    beforeEach: async (nth) => {
      if (nth < 3) return;
      third.open();
      await new Promise(() => {});
    },
  });
  const script = fileURLToPath(new URL('./killed-workstation.ts', import.meta.url));
  const child = spawn(process.execPath, [script, profile, String(port), String(pacs.port), STUDY], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ actionId }] = (await once(child, 'message')) as [{ actionId: string }];
  await third.passed;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  for (let start = 1; start <= 2; start += 1) {
    await using it = await openedWorkstation({ profile, port });
    const { finished, running } = await it.workstation.invoke('session.snapshot', {});
    expect(running).toEqual([]);
    expect(finished).toMatchObject([
      {
        actionId,
        tag: 'kept',
        outcome: 'aborted',
        action: retrieve(finished[0]?.action.command === 'retrieve' ? finished[0].action.nodeId : ''),
      },
    ]);
    expect(finished[0]?.diagnosis?.sentence).toBe('The workstation was closed while this was running.');
    const { instances } = await it.workstation.invoke('archive.instances', { studyInstanceUID: STUDY });
    expect(instances).toHaveLength(2);
  }
});

test('closing in the middle of a retrieve ends it as aborted, delivered to whoever listens', async () => {
  const it = await openedWorkstation();
  const second = gate();
  await using pacs = await scriptedPacs({
    instances: instanceUIDs(3),
    destinationPort: it.port,
    beforeEach: async (nth) => {
      if (nth !== 2) return;
      second.open();
      await new Promise(() => {});
    },
  });
  const node = await it.addNode(pacs.port);
  const { settings } = await it.workstation.invoke('session.snapshot', {});
  await it.workstation.invoke('settings.update', { changes: { clocks: { ...settings.clocks, cancelGrace: 0.2, release: 0.5 } } });
  const { actionId } = await it.workstation.invoke('actions.request', { action: retrieve(node.nodeId), tag: null });
  await second.passed;
  await it.workstation.close();
  expect(await it.completed(actionId)).toMatchObject({ outcome: 'aborted', counts: { received: 1 } });
  await it[Symbol.asyncDispose]();
});

test('two retrieves at once from one peer: each is credited with its own instances', async () => {
  await using it = await openedWorkstation();
  const both = gate();
  let moving = 0;
  const wait = async (nth: number) => {
    if (nth !== 1) return;
    moving += 1;
    if (moving === 2) both.open();
    await both.passed;
  };
  await using first = await scriptedPacs({ instances: instanceUIDs(6), destinationPort: it.port, beforeEach: wait });
  await using second = await scriptedPacs({ instances: instanceUIDs(9).slice(6), destinationPort: it.port, beforeEach: wait });
  const nodes = [await it.addNode(first.port), await it.addNode(second.port)];
  const asked = nodes.map((node) => it.workstation.invoke('actions.request', { action: retrieve(node.nodeId), tag: null }));
  const completions = await Promise.all((await Promise.all(asked)).map(({ actionId }) => it.completed(actionId)));
  expect(completions.map(({ outcome, counts }) => [outcome, counts.received])).toEqual([
    ['success', 6],
    ['success', 3],
  ]);
});

test('rows of a search come in batches, and a reload in between loses no completion', async () => {
  await using it = await openedWorkstation();
  await using pacs = await scriptedPacs({ instances: instanceUIDs(150), destinationPort: it.port });
  const node = await it.addNode(pacs.port);
  const { epoch, seq } = await it.workstation.invoke('session.snapshot', {});
  const { actionId } = await it.workstation.invoke('actions.request', {
    action: { command: 'find', nodeId: node.nodeId, query: { level: 'image', studyInstanceUID: STUDY, seriesInstanceUID: `${STUDY}.1` } },
    tag: null,
  });
  expect(await it.completed(actionId)).toMatchObject({ outcome: 'success', counts: { received: 150 } });
  const batches = it.events.filter((event) => event.type === 'ActionItems');
  expect(batches.flatMap(({ items }) => items)).toHaveLength(150);
  expect(Math.max(...batches.map(({ items }) => items.length))).toBeLessThanOrEqual(64);
  const since = await it.workstation.invoke('session.since', { epoch, seq });
  expect(since.gap).toBe(false);
  expect(since.events.filter(({ type }) => type === 'ActionComplete')).toHaveLength(1);
  expect(since.events.filter(({ type }) => type === 'ActionItems')).toEqual([]);
});

test('the demo PACS: one node, started once, told where to send, and started again at the next start', async () => {
  await using folder = await temporaryFolder('demo');
  const calls: { directory: string; destinations: string[]; closed: boolean }[] = [];
  const demo: DemoFactory = async ({ directory, destination }) => {
    const call = { directory, destinations: [`${destination.aeTitle}@${destination.host}:${destination.port}`], closed: false };
    calls.push(call);
    return {
      host: '127.0.0.1',
      port: 40_000 + calls.length,
      aeTitle: 'DEMOPACS',
      setDestination: async (aeTitle, host, port) => void call.destinations.push(`${aeTitle}@${host}:${port}`),
      close: async () => {
        call.closed = true;
      },
    };
  };
  const options = { profile: folder.path, port: await freePort(), version: 'test', demo };
  const workstation = await openWorkstation(options);
  const nodes = await Promise.all([workstation.invoke('demo.start', {}), workstation.invoke('demo.start', {})]);
  expect(nodes[0]).toEqual(nodes[1]);
  expect(nodes[0].node).toMatchObject({ kind: 'demo', name: 'Demo PACS', host: '127.0.0.1' });
  await until(workstation, (all) => all[0]?.port === 40_001);
  expect(calls).toMatchObject([{ directory: join(folder.path, 'demo'), destinations: [`PHOSPHOR@127.0.0.1:${options.port}`] }]);
  const { node } = await workstation.invoke('nodes.update', {
    nodeId: nodes[0].node.nodeId,
    node: { name: 'Teaching', host: 'elsewhere', port: 1, aeTitle: 'X', method: 'move' },
  });
  expect(node).toMatchObject({ name: 'Teaching', host: '127.0.0.1', port: 40_001, kind: 'demo' });
  await workstation.close();
  expect(calls[0]?.closed).toBe(true);
  const again = await openWorkstation(options);
  await until(again, (all) => all[0]?.port === 40_002);
  expect((await again.invoke('session.snapshot', {})).nodes).toMatchObject([{ name: 'Teaching', port: 40_002 }]);
  await again.close();
});

test('while the demo PACS is being made, its node is there at once, a search waits for it and can be cancelled', async () => {
  await using folder = await temporaryFolder('demo-slow');
  const generating = gate();
  const demo: DemoFactory = async () => {
    await generating.passed;
    throw new Error('never up');
  };
  const workstation = await openWorkstation({ profile: folder.path, port: await freePort(), version: 'test', demo });
  const completed = Promise.withResolvers<ContractEvent>();
  workstation.subscribe((event) => event.type === 'ActionComplete' && completed.resolve(event));
  const { node } = await workstation.invoke('demo.start', {});
  const { actionId } = await workstation.invoke('actions.request', {
    action: { command: 'find', nodeId: node.nodeId, query: { level: 'study' } },
    tag: null,
  });
  await workstation.invoke('actions.cancel', { actionId });
  expect(await completed.promise).toMatchObject({ actionId, outcome: 'cancelled' });
  generating.open();
  await workstation.close();
});

test('without a demo in the program, demo.start says so in one sentence', async () => {
  await using it = await openedWorkstation();
  await expect(it.workstation.invoke('demo.start', {})).rejects.toMatchObject({ data: { kind: 'unsupported' } });
});

test('import, verify and rebuild run as actions with items, counts and one completion', async () => {
  await using it = await openedWorkstation();
  const folder = join(it.profile, 'to import');
  await mkdir(folder);
  await writeFile(join(folder, 'readme.txt'), 'no image');
  const directory = { sopClassUID: '1.2.840.10008.1.3.10', sopInstanceUID: '1.2.9', transferSyntaxUID: '1.2.840.10008.1.2.1' };
  await writeFile(join(folder, 'DICOMDIR'), encodeFileMeta(directory));
  const run = async (action: { command: 'verify' } | { command: 'rebuild' } | { command: 'import'; paths: string[] }) => {
    const { actionId } = await it.workstation.invoke('actions.request', { action, tag: null });
    return await it.completed(actionId);
  };
  const told = [
    expect.objectContaining({ kind: 'file', result: 'refused', error: expect.objectContaining({ kind: 'not-dicom' }) }),
    expect.objectContaining({ kind: 'file', result: 'media-directory' }),
  ];
  expect(await run({ command: 'import', paths: [folder] })).toMatchObject({
    outcome: 'success',
    counts: { received: 2, failed: 0 },
    details: { refused: 1, 'refused: not-dicom': 1, DICOMDIR: 1 },
    files: expect.arrayContaining(told),
  });
  const items = it.events.filter((event) => event.type === 'ActionItems').flatMap((event) => event.items);
  expect(items).toHaveLength(2);
  expect(items).toEqual(expect.arrayContaining(told));
  expect(await run({ command: 'verify' })).toMatchObject({ outcome: 'success', verifiedBy: 'local', details: { checked: 0, problems: 0 } });
  expect(await run({ command: 'rebuild' })).toMatchObject({ outcome: 'success', details: { problems: 0 } });
  await rm(folder, { recursive: true });
});
