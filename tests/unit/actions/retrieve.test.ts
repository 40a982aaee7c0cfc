import { expect, test } from 'vitest';
import type { Settings } from '../../../shared/contract/index.ts';
import { failure, moved, NODE, RETRIEVE, Scene, SERIES, STUDY } from './scripted-parts.ts';

const uids = (n: number, from = 1) => Array.from({ length: n }, (_, i) => `1.2.3.1.${from + i}`);
const retry = (changes: Partial<Settings['retry']>, scene: Scene) => {
  scene.settings = { ...scene.settings, retry: { ...scene.settings.retry, ...changes } };
};

test('a retrieve that brings everything on the listing is a success, verified by it', async () => {
  const scene = new Scene();
  scene.listing = uids(3);
  const id = await scene.request();
  const move = await scene.move(1);
  expect(move.request).toMatchObject({ destinationAETitle: 'PHOSPHOR', studyInstanceUID: STUDY, thirdParty: false });
  expect(scene.expectations[0]).toMatchObject({ actionId: id, messageId: move.request.messageId, moveOriginatorAETitle: 'PHOSPHOR' });
  scene.arrive(id, uids(3));
  expect(move.progress).toBe(1);
  move.end(moved(0));
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({
    outcome: 'success',
    verifiedBy: 'listing',
    status: 0,
    attempts: 1,
    bytes: 300,
    counts: { expected: 3, received: 3, failed: 0, remaining: 0 },
    failedSOPInstanceUIDs: [],
  });
  expect(complete.diagnosis).toBeUndefined();
});

test('the request goes out only after the receiver knows what to expect', async () => {
  let known = () => {};
  const scene: Scene = new Scene({
    receiver: {
      address: () => ({ aeTitle: 'PHOSPHOR', port: 11112 }),
      expect: () =>
        new Promise<void>((resolve) => {
          known = resolve;
        }),
      unexpect: async () => ({ credited: 0 }),
    },
  });
  await scene.request();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(scene.moves).toHaveLength(0);
  known();
  await scene.move(1);
});

test('a peer that says success and sent less: what is missing is fetched again, then the list names it', async () => {
  const scene = new Scene();
  scene.listing = uids(4);
  const id = await scene.request();
  const first = await scene.move(1);
  scene.arrive(id, uids(2));
  first.end(moved(0, { subOperations: { completed: 4, failed: 0, warning: 0 } }));
  const second = await scene.move(2);
  scene.arrive(id, uids(1, 3));
  second.end(moved(0));
  (await scene.move(3)).end(moved(0));
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({ outcome: 'unconfirmed', verifiedBy: 'listing', attempts: 3, failedSOPInstanceUIDs: ['1.2.3.1.4'] });
  expect(complete.counts).toMatchObject({ expected: 4, received: 3, failed: 1, remaining: 1 });
  expect(complete.diagnosis?.sentence).toContain('3 of 4 instances');
});

test('a missing series is fetched again by itself, not with the whole study', async () => {
  const scene = new Scene();
  scene.listing = ['1.1', '1.2', '2.1'];
  scene.seriesOf = (uid) => (uid.startsWith('1.') ? SERIES : '1.2.3.2');
  const id = await scene.request();
  const first = await scene.move(1);
  scene.arrive(id, ['1.1', '1.2']);
  first.end(moved(0));
  const second = await scene.move(2);
  expect(second.request.seriesInstanceUID).toBe('1.2.3.2');
  scene.arrive(id, ['2.1']);
  second.end(moved(0));
  expect(await scene.completed(id)).toMatchObject({ outcome: 'success', verifiedBy: 'listing', attempts: 2 });
});

test('without a listing the counts of the peer decide', async () => {
  const scene = new Scene();
  const id = await scene.request();
  const move = await scene.move(1);
  scene.arrive(id, uids(2));
  move.end(moved(0, { subOperations: { completed: 2, failed: 0, warning: 0 } }));
  expect(await scene.completed(id)).toMatchObject({ outcome: 'success', verifiedBy: 'counts' });
});

test('without a listing and with fewer arrivals than the peer counts, nobody calls it a success', async () => {
  const scene = new Scene();
  retry({ missingRounds: 0 }, scene);
  const id = await scene.request();
  const move = await scene.move(1);
  scene.arrive(id, uids(2));
  move.end(moved(0, { subOperations: { completed: 3, failed: 0, warning: 0 } }));
  expect(await scene.completed(id)).toMatchObject({ outcome: 'unconfirmed', verifiedBy: 'counts' });
});

test('success but nothing came: the sentence says what to register', async () => {
  const scene = new Scene();
  const id = await scene.request();
  (await scene.move(1)).end(moved(0));
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({ outcome: 'unconfirmed', verifiedBy: 'none' });
  expect(complete.diagnosis?.copyable).toBe('AE title: PHOSPHOR\nHost: 127.0.0.1\nPort: 11112');
});

test('a study that the PACS does not have is no success', async () => {
  const scene = new Scene();
  scene.listing = [];
  const id = await scene.request();
  (await scene.move(1)).end(moved(0, { subOperations: { completed: 0, failed: 0, warning: 0 } }));
  const complete = await scene.completed(id);
  expect(complete.outcome).toBe('failed');
  expect(complete.diagnosis?.sentence).toBe('MAIN has no images of this study.');
});

test('a study that grows is listed once more, completed, and named as growing', async () => {
  const scene = new Scene();
  scene.listing = uids(2);
  const id = await scene.request();
  const move = await scene.move(1);
  await scene.until(() => scene.updates(id).some(({ counts }) => counts.expected === 2));
  scene.listing = uids(3);
  scene.arrive(id, uids(3));
  move.end(moved(0));
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({ outcome: 'success', verifiedBy: 'listing', counts: { expected: 3, received: 3 } });
  expect(complete.diagnosis?.sentence).toContain('still growing');
  expect(scene.listingsAsked).toBe(2);
});

test('an unknown move destination ends at once and names our title, host and port', async () => {
  const scene = new Scene();
  const id = await scene.request();
  (await scene.move(1)).end(moved(0xa801, { errorComment: 'who?' }));
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({ outcome: 'failed', status: 0xa801, attempts: 1, errorComment: 'who?' });
  expect(complete.diagnosis?.sentence).toBe('MAIN does not know PHOSPHOR as a move destination (A801). The PACS says: “who?”');
  expect(complete.diagnosis?.copyable).toContain('Port: 11112');
});

test('a worker that dies costs one attempt, not the action', async () => {
  const scene = new Scene();
  retry({ delaysSeconds: [0.15] }, scene);
  scene.listing = uids(2);
  const id = await scene.request();
  const first = await scene.move(1);
  scene.arrive(id, uids(1));
  first.end(failure('worker-died'));
  const second = await scene.move(2);
  expect(scene.updates(id).find(({ state }) => state === 'retrying')?.retry?.diagnosis.sentence).toContain('started again');
  scene.arrive(id, uids(2));
  second.end(moved(0));
  expect(await scene.completed(id)).toMatchObject({ outcome: 'success', attempts: 2, counts: { received: 2 } });
  expect(scene.events.filter(({ type }) => type === 'ActionComplete')).toHaveLength(1);
});

test('attempts end after as many failures in a row as the setting says; progress starts the count anew', async () => {
  const scene = new Scene();
  retry({ attempts: 2 }, scene);
  const id = await scene.request();
  (await scene.move(1)).end(failure('connection-lost'));
  const second = await scene.move(2);
  scene.arrive(id, uids(1));
  second.end(failure('connection-lost'));
  (await scene.move(3)).end(failure('connection-lost'));
  expect(await scene.completed(id)).toMatchObject({ outcome: 'aborted', attempts: 3, counts: { received: 1 } });
});

test('a node that refuses us for good is asked once', async () => {
  const scene = new Scene();
  const id = await scene.request();
  (await scene.move(1)).end(failure('rejected', { upperLayer: { result: 1, source: 1, reason: 3 } }));
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({ outcome: 'rejected', attempts: 1 });
  expect(complete.diagnosis?.sentence).toBe(
    'MAIN does not know our AE title, PHOSPHOR (rejected permanently by the service user: calling AE title not recognized, 1/1/3).',
  );
});

test('a port in use fails the retrieve with a sentence that names the port', async () => {
  const scene = new Scene({
    receiver: {
      address: () => ({ aeTitle: 'PHOSPHOR', port: 11112 }),
      expect: () => Promise.reject(Object.assign(new Error('in use'))),
      unexpect: async () => ({ credited: 0 }),
    },
  });
  const id = await scene.request();
  expect((await scene.completed(id)).outcome).toBe('failed');
  expect(scene.moves).toHaveLength(0);
});

test('when our own disk is full the sentence says so, whatever the peer makes of it', async () => {
  const scene = new Scene();
  retry({ missingRounds: 0 }, scene);
  scene.listing = uids(2);
  const id = await scene.request();
  const move = await scene.move(1);
  scene.arrive(id, uids(1));
  scene.refuse(id, { kind: 'storage-full', message: 'full', retryable: true, code: 'ENOSPC' });
  move.end(moved(0xb000, { subOperations: { completed: 1, failed: 1, warning: 0 }, failedSOPInstanceUIDs: ['1.2.3.1.2'] }));
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({ outcome: 'partial', failedSOPInstanceUIDs: ['1.2.3.1.2'] });
  expect(complete.diagnosis?.sentence).toBe('The disk of this workstation is full.');
});

test('cancel while moving: the peer is asked to stop, what arrived stays, no further attempt', async () => {
  const scene = new Scene();
  scene.listing = uids(3);
  const id = await scene.request();
  const move = await scene.move(1);
  scene.arrive(id, uids(1));
  scene.engine.cancel(id);
  scene.engine.cancel(id);
  expect(move.cancelled).toBe(true);
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({ outcome: 'cancelled', attempts: 1, counts: { received: 1 } });
  expect(scene.onDisk.size).toBe(1);
  expect(scene.moves).toHaveLength(1);
});

test('cancel while waiting for the next attempt ends at once', async () => {
  const scene = new Scene();
  retry({ delaysSeconds: [3600] }, scene);
  const id = await scene.request();
  (await scene.move(1)).end(failure('connection-lost'));
  await scene.until(() => scene.updates(id).some(({ state }) => state === 'retrying'));
  scene.engine.cancel(id);
  expect(await scene.completed(id)).toMatchObject({ outcome: 'cancelled', attempts: 1 });
});

test('cancel right after the request ends it before the peer hears of it', async () => {
  const scene = new Scene();
  const id = await scene.request();
  scene.engine.cancel(id);
  expect((await scene.completed(id)).outcome).toBe('cancelled');
  expect(scene.moves).toHaveLength(0);
});

test('the same study from the same node twice: two actions, never two moves at once', async () => {
  const scene = new Scene();
  const first = await scene.request();
  const second = await scene.request();
  const move = await scene.move(1);
  await scene.until(() => scene.updates(second).length > 0);
  expect(scene.moves).toHaveLength(1);
  scene.arrive(first, uids(1));
  move.end(moved(0));
  await scene.completed(first);
  const again = await scene.move(2);
  scene.arrive(second, uids(1));
  again.end(moved(0));
  expect((await scene.completed(second)).outcome).toBe('success');
});

test('two moves from one node run at once, a third waits, a search goes through', async () => {
  const scene = new Scene();
  for (const study of ['1.1', '1.2', '1.3']) await scene.request({ ...RETRIEVE, studyInstanceUID: study } as typeof RETRIEVE);
  await scene.move(2);
  await scene.request({ command: 'find', nodeId: NODE.nodeId, query: { level: 'study' } });
  await scene.until(() => scene.finds.some(({ request }) => request.query.level === 'study'));
  expect(scene.moves.map(({ request }) => request.studyInstanceUID)).toEqual(['1.1', '1.2']);
  scene.moves[0]?.end(moved(0xa801));
  expect((await scene.move(3)).request.studyInstanceUID).toBe('1.3');
});

test('progress comes at most ten times a second and never goes backwards, whatever the peer counts', async () => {
  const scene = new Scene();
  retry({ attempts: 2 }, scene);
  const id = await scene.request();
  const move = await scene.move(1);
  const start = performance.now();
  for (let i = 1; performance.now() - start < 350; i += 1) {
    if (i % 3 === 0) scene.arrive(id, [`9.${i}`]);
    move.request.onPending({ remaining: i % 2 === 0 ? 500 : 3, completed: i % 2 === 0 ? i : 1, failed: 0, warning: 0 });
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  move.end(failure('connection-lost'));
  const second = await scene.move(2);
  second.request.onPending({ remaining: 10, completed: 0, failed: 0, warning: 0 });
  second.end(failure('connection-lost'));
  await scene.completed(id);
  const elapsed = performance.now() - start;
  const updates = scene.updates(id);
  expect(updates.length).toBeLessThanOrEqual(Math.ceil(elapsed / 100) + 1);
  for (const [i, { counts, bytes }] of updates.entries()) {
    const before = updates[i - 1];
    if (!before) continue;
    expect(counts.received).toBeGreaterThanOrEqual(before.counts.received);
    expect(counts.completed).toBeGreaterThanOrEqual(before.counts.completed);
    expect(counts.expected ?? 0).toBeGreaterThanOrEqual(before.counts.expected ?? 0);
    expect(bytes).toBeGreaterThanOrEqual(before.bytes);
  }
});

test('what cannot be done yet is refused at once with one sentence', async () => {
  const scene = new Scene();
  const refused = { data: { kind: 'unsupported' } };
  await expect(scene.request({ ...RETRIEVE, method: 'get' } as typeof RETRIEVE)).rejects.toMatchObject(refused);
  await expect(scene.request({ ...RETRIEVE, method: 'auto' } as typeof RETRIEVE)).rejects.toMatchObject(refused);
  await expect(scene.request({ ...RETRIEVE, destination: 'OTHER' } as typeof RETRIEVE)).rejects.toMatchObject(refused);
  await expect(scene.request({ ...RETRIEVE, nodeId: crypto.randomUUID() } as typeof RETRIEVE)).rejects.toMatchObject({
    data: { kind: 'not-found' },
  });
  expect(scene.events).toEqual([]);
});
