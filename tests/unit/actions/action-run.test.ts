import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ActionRun } from '../../../electron/actions/action-run.ts';
import { type ActionItem, type ActionRequest, ITEM_BATCH, ITEM_CREDITS } from '../../../shared/contract/index.ts';

const TWO_MINUTES = 120_000;
const FIND: ActionRequest = { command: 'find', nodeId: randomUUID(), query: { level: 'study' } };
const ROW: ActionItem = { kind: 'file', path: '/a', result: 'known' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function startedRun(hasAudience = true, action: ActionRequest = FIND) {
  const published: { type: string; items?: readonly unknown[] }[] = [];
  const run = new ActionRun({
    record: { actionId: randomUUID(), action, tag: null, requestedAt: 0 },
    node: undefined,
    publish: (draft) => published.push(draft),
    hasAudience: () => hasAudience,
  });
  let acknowledged = 0;
  const push = (rows = 1) => run.push(new Array<ActionItem>(rows).fill(ROW), () => (acknowledged += 1));
  return { run, published, push, acknowledged: () => acknowledged };
}

test('a window that takes no rows for two minutes ends the search, so that the peer does not wait for ever', () => {
  const { run, push } = startedRun();
  for (let batch = 0; batch < ITEM_CREDITS; batch += 1) push();
  vi.advanceTimersByTime(TWO_MINUTES - 1);
  expect(run.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect([run.signal.aborted, run.stopReason]).toEqual([true, 'rows-not-taken']);
});

test('an import whose window has gone waits two minutes for it, then goes on', () => {
  const { run, push, acknowledged } = startedRun(true, { command: 'import', paths: ['/a'] });
  for (let batch = 0; batch < ITEM_CREDITS; batch += 1) push();
  vi.advanceTimersByTime(TWO_MINUTES - 1);
  expect(acknowledged()).toBe(0);
  vi.advanceTimersByTime(1);
  expect([acknowledged(), run.signal.aborted]).toEqual([ITEM_CREDITS, false]);
});

test('a slow window that takes a row now and then keeps its search', () => {
  const { run, push } = startedRun();
  for (let batch = 0; batch < ITEM_CREDITS; batch += 1) push();
  for (let minute = 0; minute < 10; minute += 1) {
    vi.advanceTimersByTime(60_000);
    run.credit(1);
    push();
  }
  expect(run.signal.aborted).toBe(false);
});

test('with nobody listening rows are taken at once', () => {
  const { run, push, acknowledged } = startedRun(false);
  for (let batch = 0; batch < 3 * ITEM_CREDITS; batch += 1) push();
  vi.advanceTimersByTime(TWO_MINUTES);
  expect([acknowledged(), run.signal.aborted]).toEqual([3 * ITEM_CREDITS, false]);
});

test('many rows at once travel in batches, and the producer goes on when the last of them is taken', () => {
  const { run, published, push, acknowledged } = startedRun();
  push(2 * ITEM_BATCH.items + 1);
  expect(published.filter(({ type }) => type === 'ActionItems').map(({ items }) => items?.length)).toEqual([
    ITEM_BATCH.items,
    ITEM_BATCH.items,
    1,
  ]);
  run.credit(2);
  expect(acknowledged()).toBe(0);
  run.credit(1);
  expect(acknowledged()).toBe(1);
});

test('no event follows the end, and nobody waits for a credit any more', () => {
  const { run, published, push, acknowledged } = startedRun();
  push();
  run.update({ bytes: 1 });
  run.update({ bytes: 2 });
  run.end();
  const before = published.length;
  run.update({ bytes: 3 });
  push();
  vi.advanceTimersByTime(TWO_MINUTES);
  expect([published.length, acknowledged()]).toEqual([before, 2]);
});
