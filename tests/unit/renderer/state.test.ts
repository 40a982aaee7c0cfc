import { describe, expect, it } from 'vitest';
import { afterEvent, drawerActions, NOTHING_KNOWN, needsAttention, secondsLeft } from '../../../renderer/app/state.ts';
import type { ContractEvent } from '../../../shared/contract/index.ts';
import { complete, update } from './people.ts';

const play = (...events: [ContractEvent, number][]) => events.reduce((state, [event, at]) => afterEvent(state, event, at), NOTHING_KNOWN);
const ACTION = '00000000-0000-4000-8000-00000000000a';

describe('actions as the window follows them', () => {
  it('computes rate and time left from what arrived in the last seconds', () => {
    const running = play([update(1, 0), 0], [update(2, 50), 500], [update(3, 100), 1000]).running[ACTION];
    expect(running?.rate).toEqual({ bytes: 50_000_000, images: 100 });
    expect(running && secondsLeft(running)).toBe(4);
  });

  it('forgets the rate of a minute ago', () => {
    const running = play([update(1, 0), 0], [update(2, 400), 1000], [update(3, 410), 60_000], [update(4, 420), 61_000]).running[ACTION];
    expect(running?.rate?.images).toBe(10);
  });

  it('says nothing about the time left while nobody knows how many images there are', () => {
    const counts = { received: 5, completed: 5, failed: 0, warning: 0 };
    const running = play([update(1, 0, { counts }), 0], [update(2, 5, { counts }), 1000]).running[ACTION];
    expect(running && secondsLeft(running)).toBeUndefined();
  });

  it('does not bring a finished action back when an update comes late or twice', () => {
    const state = play([update(1, 10), 0], [complete(3, 'success'), 10], [update(2, 20), 20]);
    expect(state.running).toEqual({});
    expect(state.finished[ACTION]?.outcome).toBe('success');
  });

  it('ignores an update that is older than the one it has', () => {
    expect(play([update(5, 50), 0], [update(4, 40), 10]).running[ACTION]?.update.counts.received).toBe(50);
  });

  it('keeps finds and echoes that went well out of the drawer, and shows them when they failed', () => {
    const find = { command: 'find', nodeId: '00000000-0000-4000-8000-000000000001', query: { level: 'study' } } as const;
    expect(drawerActions(play([complete(1, 'success', { action: find }), 0])).finished).toEqual([]);
    expect(drawerActions(play([complete(1, 'rejected', { action: find }), 0])).finished).toHaveLength(1);
    expect(drawerActions(play([update(1, 0, { action: find }), 0])).running).toEqual([]);
  });

  it('asks for attention for everything that did not wholly succeed and was not cancelled', () => {
    expect(needsAttention(complete(1, 'success'))).toBe(false);
    expect(needsAttention(complete(1, 'cancelled'))).toBe(false);
    for (const outcome of ['partial', 'failed', 'rejected', 'aborted', 'timed-out', 'unconfirmed'] as const) {
      expect(needsAttention(complete(1, outcome))).toBe(true);
    }
  });

  it('returns the same state for an event that changes nothing, so that nothing is drawn', () => {
    const event: ContractEvent = { type: 'StudiesChanged', seq: 1, studyInstanceUIDs: [], everything: true };
    expect(afterEvent(NOTHING_KNOWN, event, 0)).toBe(NOTHING_KNOWN);
  });
});
