import { describe, expect, it } from 'vitest';
import {
  ageInYears,
  contentOf,
  formatBytes,
  formatDate,
  formatDuration,
  formatName,
  formatTime,
  otherNameGroups,
} from '../../../renderer/app/format.ts';

describe('names as a person writes them', () => {
  it.each([
    ['Doe^Jane', 'Doe, Jane'],
    ['Doe^Jane^Mary^Dr.^Jr.', 'Doe, Jane Mary, Dr., Jr.'],
    ['Doe', 'Doe'],
    ['^Jane', 'Jane'],
    ['', ''],
    ['^^^^', ''],
  ])('%j reads %j', (alphabetic, shown) => {
    expect(formatName({ alphabetic })).toBe(shown);
  });

  it('shows the ideographic group where there is no alphabetic one, and keeps the others for the tooltip', () => {
    const name = { alphabetic: '', ideographic: '山田^太郎', phonetic: 'やまだ^たろう' };
    expect(formatName(name)).toBe('山田, 太郎');
    expect(otherNameGroups(name)).toEqual(['やまだ, たろう']);
  });
});

describe('dates, ages and amounts', () => {
  it('writes every date with its full year and leaves what is no date as it is', () => {
    expect(formatDate('20261118')).toBe('2026-11-18');
    expect(formatDate('2026.11.18')).toBe('2026-11-18');
    expect(formatDate('about 1950')).toBe('about 1950');
    expect(formatTime('081500.000')).toBe('08:15');
  });

  it('computes the age on the day of the study', () => {
    expect(ageInYears('19620304', '20260303')).toBe(63);
    expect(ageInYears('19620304', '20260304')).toBe(64);
    expect(ageInYears('20260304', '20200101')).toBeUndefined();
    expect(ageInYears('', '20260304')).toBeUndefined();
  });

  it('gives every number its unit', () => {
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(1_200_000_000)).toBe('1.2 GB');
    expect(formatBytes(263_000_000)).toBe('263 MB');
    expect(formatDuration(2.1)).toBe('3 s');
    expect(formatDuration(125)).toBe('2 min 05 s');
    expect(formatDuration(4320)).toBe('1 h 12 min');
  });

  it('names the modality of a study once', () => {
    expect(contentOf({ modalities: ['CT'], studyDescription: 'CT Thorax' })).toBe('CT Thorax');
    expect(contentOf({ modalities: ['CT', 'SR'], studyDescription: 'Thorax CT, native' })).toBe('SR Thorax CT, native');
    expect(contentOf({ modalities: ['MR'], studyDescription: '' })).toBe('MR');
  });
});
