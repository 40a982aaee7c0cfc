import { expect, test } from 'vitest';
import { MoveMessageIds } from '../../../electron/associations/index.ts';

test('two moves at once never share a message ID', () => {
  const ids = new MoveMessageIds();
  const taken = Array.from({ length: 1000 }, () => ids.take());
  expect(new Set(taken).size).toBe(1000);
});

test('the counter stays within 16 bits, never zero, and passes over IDs that are still live when it comes round', () => {
  const ids = new MoveMessageIds();
  const first = ids.take();
  for (let i = 0; i < 0xffff - 1; i += 1) ids.release(ids.take());
  const next = ids.take();
  expect(first).toBe(1);
  expect(next).toBe(2);
});

test('when every ID is taken the next move is refused with a typed error, and one that ends makes room', () => {
  const ids = new MoveMessageIds();
  for (let i = 0; i < 0xffff; i += 1) ids.take();
  expect(() => ids.take()).toThrow(expect.objectContaining({ data: expect.objectContaining({ kind: 'limit-exceeded' }) }));
  ids.release(77);
  expect(ids.take()).toBe(77);
});
