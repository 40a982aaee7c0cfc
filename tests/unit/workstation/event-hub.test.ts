import { expect, test } from 'vitest';
import { type EventDraft, EventHub } from '../../../electron/workstation/event-hub.ts';
import type { ContractEvent } from '../../../shared/contract/index.ts';

const ACTION = '22222222-2222-4222-8222-222222222222';
const studies = (n: number): EventDraft => ({ type: 'StudiesChanged', studyInstanceUIDs: [`1.${n}`], everything: false });
const items: EventDraft = { type: 'ActionItems', actionId: ACTION, tag: null, items: [] };
const hub = (options: { maxEvents?: number; maxCharacters?: number } = {}) => {
  const faults: object[] = [];
  return { faults, hub: new EventHub({ ...options, onFault: (fault) => faults.push(fault) }) };
};

test('a window that comes back gets every event after its last one, in order', () => {
  const { hub: it } = hub();
  for (let n = 1; n <= 10; n += 1) it.publish(studies(n));
  const { gap, events } = it.since(it.epoch, 7);
  expect(gap).toBe(false);
  expect(events.map(({ seq }) => seq)).toEqual([8, 9, 10]);
  expect(it.since(it.epoch, 10)).toEqual({ gap: false, events: [] });
});

test('another life of the workstation, a number from the future or one no longer kept is a gap', () => {
  const { hub: it } = hub({ maxEvents: 5 });
  for (let n = 1; n <= 10; n += 1) it.publish(studies(n));
  expect(it.since(crypto.randomUUID(), 9).gap).toBe(true);
  expect(it.since(it.epoch, 11).gap).toBe(true);
  expect(it.since(it.epoch, 4).gap).toBe(true);
  expect(it.since(it.epoch, 5)).toMatchObject({ gap: false, events: { length: 5 } });
});

test('what is kept is bounded by size too', () => {
  const { hub: it } = hub({ maxCharacters: 1000 });
  for (let n = 1; n <= 100; n += 1) it.publish(studies(n));
  expect(it.since(it.epoch, 0).gap).toBe(true);
  expect(it.since(it.epoch, 99).gap).toBe(false);
});

test('rows that a window has taken in are not kept; updates and completions around them are', () => {
  const { hub: it } = hub();
  it.publish(items);
  it.publish(studies(1));
  it.publish(items);
  it.credited(ACTION, 1);
  expect(it.since(it.epoch, 0).events.map(({ seq }) => seq)).toEqual([2, 3]);
  it.credited(ACTION, 5);
  expect(it.since(it.epoch, 0)).toMatchObject({ gap: false, events: [{ seq: 2 }] });
});

test('one listener that throws does not keep events from the others', () => {
  const { hub: it, faults } = hub();
  const seen: ContractEvent[] = [];
  it.subscribe(() => {
    throw new Error('broken window');
  });
  const stop = it.subscribe((event) => seen.push(event));
  it.publish(studies(1));
  stop();
  it.publish(studies(2));
  expect(seen.map(({ seq }) => seq)).toEqual([1]);
  expect(faults).toHaveLength(2);
});

test('an event outside the contract is not delivered and takes no number', () => {
  const { hub: it, faults } = hub();
  const seen: ContractEvent[] = [];
  it.subscribe((event) => seen.push(event));
  expect(it.publish({ type: 'StudiesChanged', studyInstanceUIDs: ['not a uid'], everything: false })).toBeUndefined();
  expect(seen).toEqual([]);
  expect(faults).toEqual([{ event: 'StudiesChanged', where: 'studyInstanceUIDs.0' }]);
  expect(it.publish(studies(1))).toBe(1);
});
