import { describe, expect, it } from 'vitest';
import { actionName, outcomeWords, progressFraction, progressWords } from '../../../renderer/actions/words.ts';
import { StudyList } from '../../../renderer/app/study-list.ts';
import { rowsOf } from '../../../renderer/browser/rows.ts';
import { en } from '../../../renderer/i18n/en.ts';
import { t } from '../../../renderer/i18n/index.ts';
import { errorKind, type LocalSeries } from '../../../shared/contract/index.ts';
import { complete, localStudy, update } from './people.ts';

const running = (changes = {}, rate = { bytes: 61_000_000, images: 62.7 }) => ({ update: update(1, 312, changes), rate, samples: [] });

describe('progress in words and numbers', () => {
  it('reads as a person would say it', () => {
    expect(progressWords(running()).join(' · ')).toBe('312 of 500 received · 61 MB/s · 3 s left');
    expect(progressFraction(running())).toBeCloseTo(0.624);
  });

  it('claims no total that nobody knows', () => {
    const counts = { received: 312, completed: 0, failed: 0, warning: 0 };
    expect(progressWords(running({ counts })).join(' · ')).toBe('312 received · 61 MB/s');
    expect(progressFraction(running({ counts }))).toBeUndefined();
  });

  it('names what it waits for', () => {
    expect(progressWords(running({ state: 'waiting' }))).toEqual(['Waiting for its turn']);
    expect(progressWords(running({ state: 'reconciling' }))).toContain('Checking that everything arrived');
  });

  it('sums up what came of it', () => {
    expect(outcomeWords(complete(1, 'success')).join(' · ')).toBe('500 of 500 images · 250 MB · in 4 s');
    expect(actionName(complete(1, 'success').action, [])).toBe('Retrieve a study from a removed PACS');
  });
});

describe('the catalogue', () => {
  it('has a sentence for every way in which something can fail', () => {
    expect(Object.keys(en.failure).sort()).toEqual([...errorKind.options].sort());
  });

  it('fills in names as they are, markup and all', () => {
    expect(t('sources.removed', { name: '<b>MAIN & co</b>' })).toBe('<b>MAIN & co</b> is removed from the sources.');
  });

  it('counts in the right form', () => {
    expect(t('table.count', { count: 1, number: '1' })).toBe('1 study');
    expect(t('table.count', { count: 1204, number: '1,204' })).toBe('1,204 studies');
  });
});

describe('rows with series below', () => {
  const list = new StudyList({ by: 'patientName', descending: false });
  list.replaceLocal(
    [0, 1, 2].map((number) => localStudy(number, 5)),
    3,
    0,
  );
  const series = (number: number): LocalSeries => ({
    level: 'series',
    studyInstanceUID: '1.2.3.1',
    seriesInstanceUID: `9.${number}`,
    modality: 'CT',
    seriesNumber: number,
    seriesDescription: '',
    bodyPartExamined: '',
    seriesDate: '',
    numberOfInstances: 5,
    bytes: 1,
  });

  it('places series right below their study and finds every row again', () => {
    const known = { '1.2.3.1': { state: 'ready', local: [series(2), series(1)], remote: [] } } as const;
    const rows = rowsOf(list, { '1.2.3.1': true }, known);
    const ids = Array.from({ length: rows.length }, (_, index) => rows.at(index).id);
    expect(ids).toEqual(['1.2.3.0', '1.2.3.1', '1.2.3.1 9.1', '1.2.3.1 9.2', '1.2.3.2']);
    expect(ids.map((id) => rows.indexOf(id))).toEqual([0, 1, 2, 3, 4]);
    expect(ids.map((_, index) => rows.placeOf(index))).toEqual([0, 1, 1, 1, 2]);
  });

  it('keeps one line for series that are still loading', () => {
    const rows = rowsOf(list, { '1.2.3.0': true, '1.2.3.2': true }, {});
    expect(Array.from({ length: rows.length }, (_, index) => rows.at(index).kind)).toEqual(['study', 'note', 'study', 'study', 'note']);
  });
});
