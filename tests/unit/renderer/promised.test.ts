import { describe, expect, it } from 'vitest';
import { promisedImages } from '../../../renderer/app/promised.ts';
import { StudyList, whereabouts } from '../../../renderer/app/study-list.ts';
import { complete, localStudy, update } from './people.ts';

const STUDY = '1.2.3.1';
const counts = { received: 112, completed: 112, failed: 0, warning: 0 };

describe('a study that is still arriving, or broke off, never looks complete', () => {
  const list = new StudyList({ by: 'patientName', descending: false });
  list.replaceLocal([localStudy(1, 112)], 1, 0);
  const entry = list.at(0);
  const where = (
    running: Parameters<typeof promisedImages>[0]['running'],
    finished: Parameters<typeof promisedImages>[0]['finished'] = {},
  ) => entry && whereabouts(entry, promisedImages({ running, finished }, STUDY));

  it('while a retrieve runs', () => {
    expect(where({ a: { update: update(1, 112), rate: undefined, samples: [] } })).toBe('part');
    expect(where({ a: { update: update(1, 112, { counts }), rate: undefined, samples: [] } })).toBe('part');
    expect(where({})).toBe('local');
  });

  it('after a retrieve that brought less than it should', () => {
    const short = { expected: 500, ...counts };
    expect(where({}, { a: complete(1, 'partial', { counts: short }) })).toBe('part');
    expect(where({}, { a: complete(1, 'cancelled', { counts: short }) })).toBe('part');
    expect(where({}, { a: complete(1, 'failed', { counts: { ...counts, received: 0 } }) })).toBe('local');
  });

  it('and looks complete when a later one succeeded', () => {
    const first = complete(1, 'aborted', { counts: { expected: 500, ...counts }, finishedAt: 1 });
    const second = complete(2, 'success', { counts: { expected: 112, ...counts }, finishedAt: 2 });
    expect(where({}, { a: first, b: second })).toBe('local');
  });
});
