import { expect, test } from 'vitest';
import { AssociationLog } from '../../../electron/associations/association-log.ts';

test('lines come in order and in batches; of a flood one second tells 100, and how many were left out', () => {
  const batches: string[][] = [];
  const log = new AssociationLog((lines) => batches.push(lines));
  for (let number = 1; number <= 250; number += 1) log.add(`A->B(${number}) established`, 5000);
  log.add('A->B(251) released', 6000);
  log.flush();
  const lines = batches.flat();
  expect(lines).toHaveLength(102);
  expect([lines[0], lines[99], lines[100], lines[101]]).toEqual([
    'A->B(1) established',
    'A->B(100) established',
    '150 lines about associations left out',
    'A->B(251) released',
  ]);
  for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(64);
});

test('what a peer calls itself cannot make a line long', () => {
  const batches: string[][] = [];
  const log = new AssociationLog((lines) => batches.push(lines));
  log.add('x'.repeat(100_000));
  log.flush();
  expect(batches.flat()[0]?.length).toBe(500);
});
