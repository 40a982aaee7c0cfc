import { expect, test } from 'vitest';
import { createFeed } from '../../../electron/hosts/feed.ts';
import type { ContractEvent } from '../../../shared/contract/index.ts';

const event = (seq: number): ContractEvent => ({ type: 'NodesChanged', seq, nodes: [] });

test('a reader that does not acknowledge gets a bounded number of events, then is told once that it missed some', () => {
  const sent: number[] = [];
  let skipped = 0;
  const feed = createFeed({ send: (one) => sent.push(one.seq), onSkipped: () => (skipped += 1), limit: 3 });
  for (let seq = 1; seq <= 10; seq += 1) feed.push(event(seq));
  expect(sent).toEqual([1, 2, 3]);
  feed.acknowledge(2);
  feed.push(event(11));
  expect([sent.length, skipped]).toEqual([3, 0]);
  feed.acknowledge(1);
  expect(skipped).toBe(1);
  feed.push(event(12));
  expect(sent).toEqual([1, 2, 3, 12]);
});

test('a reader that keeps up misses nothing', () => {
  const sent: number[] = [];
  const feed = createFeed({ send: (one) => sent.push(one.seq), onSkipped: () => expect.unreachable(), limit: 2 });
  for (let seq = 1; seq <= 100; seq += 1) {
    feed.push(event(seq));
    feed.acknowledge(1);
  }
  expect(sent.length).toBe(100);
});
