import { describe, expect, it } from 'vitest';
import { HEAD_ROWS, imageCount, StudyList, TAIL_PAGE, whereabouts } from '../../../renderer/app/study-list.ts';
import { localStudy, studyRow } from './people.ts';

const byName = { by: 'patientName', descending: false } as const;
const uids = (...numbers: number[]) => numbers.map((number) => `1.2.3.${number}`);

describe('merging sources', () => {
  it('shows a study once and knows everyone who holds it', () => {
    const list = new StudyList(byName);
    list.putRemote('main', [studyRow(1)], 0);
    list.replaceLocal([localStudy(1, 300)], 1, 0);
    list.putRemote('archive', [studyRow(1, { numberOfInstances: 400 })], 0);
    expect(list.order).toEqual(uids(1));
    const entry = list.at(0);
    expect(entry?.nodes.map((hit) => hit.nodeId)).toEqual(['main', 'archive']);
    expect(entry && whereabouts(entry)).toBe('part');
    expect(entry && imageCount(entry)).toBe(500);
  });

  it('tells local, part and remote apart', () => {
    const list = new StudyList(byName);
    list.replaceLocal([localStudy(1, 500), localStudy(2, 10)], 2, 0);
    list.putRemote('main', [studyRow(2), studyRow(3)], 0);
    expect([0, 1, 2].map((row) => list.at(row)).map((entry) => entry && whereabouts(entry))).toEqual(['local', 'part', 'remote']);
  });

  it('keeps a study of an unticked PACS only where someone else holds it', () => {
    const list = new StudyList(byName);
    list.putRemote('main', [studyRow(1), studyRow(2)], 0);
    list.putRemote('archive', [studyRow(2)], 0);
    list.removeNode('main');
    expect(list.order).toEqual(uids(2));
  });

  it('counts what is here as studies arrive and leave', () => {
    const list = new StudyList(byName);
    list.replaceLocal([localStudy(1, 5)], 1, 0);
    list.putRemote('main', [studyRow(2)], 0);
    list.updateLocal([localStudy(2, 1)], 0);
    list.updateLocal([localStudy(2, 9)], 0);
    expect(list.localMatches).toBe(2);
    list.forgetLocal(['1.2.3.1', '1.2.3.77']);
    expect(list.localMatches).toBe(1);
  });

  it('lets a study that left the archive stay as the row of its PACS', () => {
    const list = new StudyList(byName);
    list.replaceLocal([localStudy(1, 5), localStudy(2, 5)], 2, 0);
    list.putRemote('main', [studyRow(2)], 0);
    list.replaceLocal([], 0, 0);
    expect(list.order).toEqual(uids(2));
    expect(list.at(0)?.local).toBeUndefined();
  });
});

describe('nothing moves under the reader', () => {
  it('puts streaming rows where they belong while nobody reads', () => {
    const list = new StudyList(byName);
    list.putRemote('main', [studyRow(5), studyRow(1)], 0);
    list.putRemote('main', [studyRow(3), studyRow(9), studyRow(0)], 0);
    expect(list.order).toEqual(uids(0, 1, 3, 5, 9));
  });

  it('lets rows in below the anchor and keeps those above it waiting until they are asked for', () => {
    const list = new StudyList(byName);
    list.putRemote('main', [studyRow(2), studyRow(4), studyRow(6)], 0);
    list.putRemote('main', [studyRow(1), studyRow(3), studyRow(5), studyRow(7)], 3);
    expect(list.order).toEqual(uids(2, 4, 6, 7));
    expect(list.late).toHaveLength(3);
    list.revealLate();
    expect(list.order).toEqual(uids(1, 2, 3, 4, 5, 6, 7));
    expect(list.late).toEqual([]);
  });

  it('leaves a row in its place while its study grows', () => {
    const list = new StudyList({ by: 'studyDate', descending: true });
    list.replaceLocal([localStudy(1, 1), localStudy(2, 1)], 2, 0);
    const before = [...list.order];
    list.updateLocal([localStudy(2, 400, { studyDate: '20270101' })], 0);
    expect(list.order).toEqual(before);
    expect(list.entries.get('1.2.3.2')?.local?.numberOfInstances).toBe(400);
  });

  it('replaces only the entries that changed, so that only their rows are drawn again', () => {
    const list = new StudyList(byName);
    list.putRemote('main', [studyRow(1), studyRow(2)], 0);
    const [first, second] = [list.at(0), list.at(1)];
    list.updateLocal([localStudy(2, 7)], 0);
    expect(list.at(0)).toBe(first);
    expect(list.at(1)).not.toBe(second);
  });
});

describe('order', () => {
  it('ignores case and accents, newest study first among equals', () => {
    const list = new StudyList(byName);
    const named = (number: number, alphabetic: string, studyDate = '20260101') =>
      studyRow(number, { patientName: { alphabetic }, studyDate });
    list.putRemote('main', [named(1, 'ÉVA'), named(2, 'eva', '20270101'), named(3, 'Zoe'), named(4, 'adam')], 0);
    expect(list.order).toEqual(uids(4, 2, 1, 3));
  });

  it('sorts anew only when a person asks', () => {
    const list = new StudyList(byName);
    list.putRemote('main', [studyRow(1, { patientID: 'B' }), studyRow(2, { patientID: 'A' })], 0);
    list.resort({ by: 'patientID', descending: true });
    expect(list.order).toEqual(uids(1, 2));
    list.resort({ by: 'patientID', descending: false });
    expect(list.order).toEqual(uids(2, 1));
  });
});

describe('a large archive', () => {
  it('has a row for every study and pages in those behind the head', () => {
    const list = new StudyList(byName);
    const head = Array.from({ length: HEAD_ROWS }, (_, number) => localStudy(number, 1));
    list.replaceLocal(head, 200_000, 0);
    expect(list.length).toBe(200_000);
    expect(list.at(150_000)).toBeUndefined();
    const page = Math.floor((150_000 - HEAD_ROWS) / TAIL_PAGE);
    const first = HEAD_ROWS + page * TAIL_PAGE;
    list.putTail(
      page,
      Array.from({ length: TAIL_PAGE }, (_, number) => localStudy(first + number, 1)),
      200_000,
    );
    expect(list.at(150_000)?.uid).toBe('1.2.3.150000');
    expect(list.indexOf('1.2.3.150000')).toBe(150_000);
  });

  it('grows when a page behind the head has counted further than the first answer, and never shrinks by one', () => {
    const list = new StudyList(byName);
    list.replaceLocal([], HEAD_ROWS + 64, 0);
    list.putTail(0, [localStudy(1, 1)], HEAD_ROWS + 5000);
    expect([list.tailLength, list.localMatches]).toEqual([5000, HEAD_ROWS + 5000]);
    list.putTail(1, [localStudy(2, 1)], HEAD_ROWS + 2 * TAIL_PAGE);
    expect([list.tailLength, list.localMatches]).toEqual([5000, HEAD_ROWS + 5000]);
  });

  it('does not remember more pages than a reader can look at', () => {
    const list = new StudyList(byName);
    list.replaceLocal([], 200_000, 0);
    for (let page = 0; page < 100; page += 1) list.putTail(page, [localStudy(page, 1)], 200_000);
    expect(list.hasTail(0)).toBe(false);
    expect(list.hasTail(99)).toBe(true);
  });

  it('takes in ten thousand streaming rows with far fewer comparisons than sorting anew would', () => {
    const list = new StudyList(byName);
    let reads = 0;
    for (let batch = 0; batch < 157; batch += 1) {
      const rows = Array.from({ length: 64 }, (_, one) => studyRow(((batch * 64 + one) * 7919) % 10_048));
      list.putRemote('main', rows, 0);
    }
    const get = list.entries.get.bind(list.entries);
    list.entries.get = (uid) => {
      reads += 1;
      return get(uid);
    };
    list.putRemote('main', [studyRow(20_000)], 0);
    expect(list.order).toHaveLength(10_049);
    expect(reads).toBeLessThan(100);
  });
});
