import { expect, test } from 'vitest';
import { ITEM_CREDITS, type MatchRow, PhosphorError } from '../../../shared/contract/index.ts';
import { failure, imageRow, moved, NODE, Scene } from './scripted-parts.ts';

const FIND = { command: 'find', nodeId: NODE.nodeId, query: { level: 'study' } } as const;
const studyRow = (n: number): MatchRow => ({
  level: 'study',
  studyInstanceUID: `1.2.${n}`,
  patientName: { alphabetic: 'Doe^Jane' },
  patientID: 'P1',
  patientBirthDate: '',
  patientSex: '',
  studyDate: '',
  studyTime: '',
  accessionNumber: '',
  studyDescription: '',
  referringPhysicianName: { alphabetic: '' },
  studyID: '',
  modalities: [],
});

test('a request is answered before any event of its action but the first, and ends with one completion', async () => {
  const scene = new Scene();
  const id = await scene.request(FIND);
  expect(scene.events.map(({ type }) => type)).toEqual(['ActionUpdate']);
  (await scene.find(1)).end({ ok: true, status: 0, offendingElements: [], matches: 0 });
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({ outcome: 'success', status: 0 });
  expect(scene.engine.running()).toEqual([]);
  expect(scene.engine.finished()).toMatchObject([{ actionId: id }]);
});

test('the tag is the one at the time of the request, in every event', async () => {
  const scene = new Scene();
  const tag = { row: 7, of: ['a'] };
  const id = await scene.request(FIND, tag);
  tag.row = 8;
  tag.of.push('b');
  const find = await scene.find(1);
  find.request.onMatches([studyRow(1)], () => {});
  find.end({ ok: true, status: 0, offendingElements: [], matches: 1 });
  await scene.completed(id);
  expect(new Set(scene.events.map(({ type }) => type))).toEqual(new Set(['ActionUpdate', 'ActionItems', 'ActionComplete']));
  for (const event of scene.events) expect(event.tag).toEqual({ row: 7, of: ['a'] });
});

test('the completion is on disk before anybody sees it', async () => {
  const order: string[] = [];
  let written = () => {};
  const scene: Scene = new Scene({
    store: {
      insert: async () => {},
      dismiss: async () => {},
      resume: async () => {},
      close: async () => {},
      complete: () =>
        new Promise((resolve) => {
          written = () => {
            order.push('written');
            resolve();
          };
          order.push('writing');
        }),
    },
  });
  const id = await scene.request(FIND);
  (await scene.find(1)).end({ ok: true, status: 0, offendingElements: [], matches: 0 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(scene.events.some(({ type }) => type === 'ActionComplete')).toBe(false);
  written();
  await scene.completed(id);
  expect(order).toEqual(['writing', 'written']);
});

test('a disk that takes no completion does not keep it from the window', async () => {
  let told = 0;
  const full = () => Promise.reject(new PhosphorError('storage-full', 'the disk is full'));
  const scene: Scene = new Scene({
    store: { insert: full, complete: full, resume: full, dismiss: full, close: async () => {} },
    notRecorded: () => {
      told += 1;
    },
  });
  const id = await scene.request(FIND);
  (await scene.find(1)).end({ ok: true, status: 0, offendingElements: [], matches: 0 });
  expect((await scene.completed(id)).outcome).toBe('success');
  expect(told).toBeGreaterThan(0);
});

test('rows wait for the credits of the window, so that a slow window slows the peer', async () => {
  const scene = new Scene();
  const id = await scene.request(FIND);
  const find = await scene.find(1);
  let acknowledged = 0;
  for (let i = 0; i < ITEM_CREDITS; i += 1) {
    find.request.onMatches([studyRow(i)], () => {
      acknowledged += 1;
    });
  }
  expect(acknowledged).toBe(0);
  scene.engine.credit(id, 3);
  expect(acknowledged).toBe(3);
  scene.engine.credit(id, 1000);
  expect(acknowledged).toBe(ITEM_CREDITS);
});

test('with no window and no command line listening, a search does not wait for credits', async () => {
  const scene = new Scene();
  scene.audience = false;
  await scene.request(FIND);
  let acknowledged = 0;
  (await scene.find(1)).request.onMatches([studyRow(1)], () => {
    acknowledged += 1;
  });
  expect(acknowledged).toBe(1);
});

test('a row without a usable UID is left out and counted', async () => {
  const scene = new Scene();
  const id = await scene.request(FIND);
  const find = await scene.find(1);
  find.request.onMatches([studyRow(1), imageRow('not a uid')], () => {});
  find.end({ ok: true, status: 0, offendingElements: [], matches: 2 });
  expect(await scene.completed(id)).toMatchObject({ outcome: 'success', details: { unusable: 1 }, counts: { received: 1 } });
});

test('an echo updates the node list and tells the latency', async () => {
  const scene = new Scene();
  const id = await scene.request({ command: 'echo', nodeId: NODE.nodeId });
  await scene.until(() => scene.echoes.length > 0);
  scene.echoes[0]?.end({ ok: true, status: 0, latencyMs: 12, answered: 1 });
  expect(await scene.completed(id)).toMatchObject({ outcome: 'success', details: { latencyMs: 12 } });
  expect(scene.nodeStates.map(({ echo }) => echo)).toEqual(['checking', 'ok']);
});

test('a failed echo leaves a sentence at the node', async () => {
  const scene = new Scene();
  const id = await scene.request({ command: 'echo', nodeId: NODE.nodeId });
  await scene.until(() => scene.echoes.length > 0);
  scene.echoes[0]?.end(failure('unreachable', { code: 'ECONNREFUSED' }));
  expect(await scene.completed(id)).toMatchObject({ outcome: 'failed' });
  expect(scene.nodeStates.at(-1)).toMatchObject({ echo: 'failed', sentence: 'Nothing answers at 127.0.0.1, port 104.' });
});

test('something unexpected inside ends the action as failed, once, without a word of what was processed', async () => {
  const scene = new Scene({
    nodeReady: () => Promise.reject(new TypeError('Doe^Jane is undefined')),
  });
  const id = await scene.request(FIND);
  const complete = await scene.completed(id);
  expect(complete).toMatchObject({ outcome: 'failed', diagnosis: { error: { kind: 'internal' } } });
  expect(JSON.stringify(complete)).not.toContain('Doe');
});

test('closing the workstation completes what runs as aborted and takes nothing new', async () => {
  const scene = new Scene();
  const find = await scene.request(FIND);
  await scene.find(1);
  const retrieve = await scene.request();
  await scene.move(1);
  await scene.engine.close();
  for (const id of [find, retrieve]) {
    const complete = await scene.completed(id);
    expect(complete.outcome).toBe('aborted');
    expect(complete.diagnosis?.sentence).toBe('The workstation was closed while this was running.');
  }
  await expect(scene.request()).rejects.toMatchObject({ data: { kind: 'interrupted' } });
});

test('what was unfinished at the last end is completed as aborted, with its tag', async () => {
  const scene = new Scene();
  const record = { actionId: crypto.randomUUID(), action: FIND, tag: 'kept', requestedAt: 5 };
  await scene.engine.recover({ unfinished: [record], finished: [] }, true);
  expect(await scene.completed(record.actionId)).toMatchObject({ outcome: 'aborted', tag: 'kept', startedAt: 5 });
  expect(scene.stored).toHaveLength(1);
});

test('retry is a new action with the same arguments and tag; dismiss takes a finished one off the list', async () => {
  const scene = new Scene();
  const first = await scene.request(undefined, 'mine');
  (await scene.move(1)).end(moved(0xa801));
  await scene.completed(first);
  const second = await scene.engine.retry(first);
  expect(second).not.toBe(first);
  await expect(scene.engine.dismiss(second)).rejects.toMatchObject({ data: { kind: 'busy' } });
  (await scene.move(2)).end(moved(0xa801));
  expect((await scene.completed(second)).tag).toBe('mine');
  await scene.engine.dismiss(first);
  expect(scene.engine.finished().map(({ actionId }) => actionId)).toEqual([second]);
  expect(() => scene.engine.cancel(first)).toThrow(PhosphorError);
});

test('a completion that breaks the contract somewhere is delivered without that part', async () => {
  const published: string[] = [];
  const scene: Scene = new Scene({
    publish: (draft) => {
      if (draft.type !== 'ActionComplete') return 1;
      published.push(draft.status === undefined ? 'plain' : 'with status');
      return draft.status === undefined ? 2 : undefined;
    },
  });
  await scene.request(FIND);
  (await scene.find(1)).end({ ok: true, status: 0, offendingElements: [], matches: 0 });
  await expect.poll(() => scene.engine.finished().length).toBe(1);
  expect(published).toEqual(['with status', 'plain']);
  expect(scene.engine.finished()).toMatchObject([{ outcome: 'success', seq: 2 }]);
});
