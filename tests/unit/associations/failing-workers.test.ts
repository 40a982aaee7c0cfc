import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createAssociationPool } from '../../../electron/associations/index.ts';
import { clocks as clocksWith } from '../../support/clocks.ts';

const clocks = () => clocksWith({ cancelGrace: 0.05, release: 0.05 });

// Threads that fail in every way a thread can. They speak the pool's protocol: `start` with the peer's port says what to do.
const SCRIPT = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (message) => {
    if (message.type === 'close') parentPort.close();
    if (message.type !== 'start') return;
    const { port } = message.task.peer;
    if (port === 1) throw new TypeError('Doe^Jane');
    if (port === 2) { const hog = []; for (;;) hog.push(new Array(1000).fill(hog.length)); }
    if (port === 3) process.exit(3);
    if (port === 4) Promise.reject(new Error('Doe^Jane'));
    if (port === 5) parentPort.postMessage({ type: 'done', seq: message.seq, result: { ok: true, status: 0, latencyMs: 1 } });
    if (port === 5) parentPort.postMessage({ type: 'done', seq: message.seq, result: { ok: true, status: 1, latencyMs: 1 } });
  });
`;
const createWorker = () => new Worker(SCRIPT, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 32 }, stderr: true });
const peer = (port: number) => ({ host: '127.0.0.1', port, calledAETitle: 'PACS', callingAETitle: 'PHOSPHOR' });
const hang = 0;

test.each([
  ['an exception', 1],
  ['no more memory', 2],
  ['its own exit', 3],
  ['a rejection nobody handled', 4],
])('a worker ended by %s is replaced at once; only its own operations end', async (_, port) => {
  const pool = createAssociationPool({ workers: 2, createWorker });
  const elsewhere = pool.echo({ peer: peer(hang), clocks: clocks() });
  const beside = pool.echo({ peer: peer(hang), clocks: clocks() });
  const [, second] = pool.workers();
  // Both workers hold one operation; the next goes to the first of them.
  const failing = pool.echo({ peer: peer(port), clocks: clocks() });
  const [died, sibling] = await Promise.all([failing.done, elsewhere.done]);
  expect(died).toMatchObject({ ok: false, error: { kind: 'worker-died', retryable: true } });
  expect(sibling).toMatchObject({ ok: false, error: { kind: 'worker-died' } });
  expect(JSON.stringify([died, sibling])).not.toContain('Doe');
  const after = pool.workers();
  expect(after).toHaveLength(2);
  expect(after).toContainEqual({ threadId: second?.threadId, operations: 1 });
  expect(await pool.echo({ peer: peer(5), clocks: clocks() }).done).toEqual({ ok: true, status: 0, latencyMs: 1 });
  const closing = pool.close();
  expect(await beside.done).toMatchObject({ ok: false, error: { kind: 'interrupted' } });
  await closing;
});

test('a killed worker ends its operations and a new one takes its place', async () => {
  const pool = createAssociationPool({ workers: 1, createWorker });
  const operation = pool.echo({ peer: peer(hang), clocks: clocks() });
  const [before] = pool.workers();
  await pool.killWorker(before?.threadId ?? -1);
  expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'worker-died' } });
  const [after] = pool.workers();
  expect(after?.threadId).not.toBe(before?.threadId);
  await pool.close();
});

test('workers start when they are needed, and the least loaded is chosen', async () => {
  const pool = createAssociationPool({ workers: 2, createWorker });
  expect(pool.workers()).toEqual([]);
  for (let i = 0; i < 4; i += 1) pool.echo({ peer: peer(hang), clocks: clocks() });
  expect(pool.workers().map((worker) => worker.operations)).toEqual([2, 2]);
  await pool.close();
});

test('a pool that closes takes nothing new and ends what a worker does not end itself', async () => {
  const pool = createAssociationPool({ workers: 1, createWorker });
  const operation = pool.echo({ peer: peer(hang), clocks: clocks() });
  await Promise.all([pool.close(), pool.close()]);
  expect(await operation.done).toMatchObject({ ok: false, error: { kind: 'interrupted' } });
  expect(await pool.echo({ peer: peer(5), clocks: clocks() }).done).toMatchObject({ ok: false, error: { kind: 'interrupted' } });
});
