import { expect, test } from 'vitest';
import { Expectations } from '../../../electron/associations/expectations.ts';

const study = { actionId: 'a', moveOriginatorAETitle: 'PHOSPHOR', messageId: 7, studyInstanceUID: '1.2' };
const series = { actionId: 'b', moveOriginatorAETitle: 'PHOSPHOR', messageId: 8, studyInstanceUID: '1.2', seriesInstanceUID: '1.2.1' };

function both(): Expectations {
  const expectations = new Expectations();
  expectations.add(study);
  expectations.add(series);
  return expectations;
}

test('a Move Originator is title and message ID together', () => {
  const expectations = both();
  expect(expectations.byOriginator({ moveOriginatorAETitle: 'PHOSPHOR ', moveMessageId: 8 })?.actionId).toBe('b');
  expect(expectations.byOriginator({ moveOriginatorAETitle: 'OTHER', moveMessageId: 8 })).toBeUndefined();
  expect(expectations.byOriginator({ moveOriginatorAETitle: 'PHOSPHOR' })).toBeUndefined();
});

test('without one, a series goes to who asked for the series, the rest of the study to who asked for the study', () => {
  const expectations = both();
  expect(expectations.byUID({ studyInstanceUID: '1.2', seriesInstanceUID: '1.2.1' })?.actionId).toBe('b');
  expect(expectations.byUID({ studyInstanceUID: '1.2', seriesInstanceUID: '1.2.2' })?.actionId).toBe('a');
  expect(expectations.byUID({ studyInstanceUID: '1.3', seriesInstanceUID: '1.3.1' })).toBeUndefined();
  expect(expectations.byUID({})).toBeUndefined();
});

test('a retrieve ends only when what was on its way in is through, and takes nothing new meanwhile', () => {
  const expectations = both();
  const settled = expectations.begin('a');
  let ended = false;
  expectations.remove('a', () => {
    ended = true;
  });
  expect(ended).toBe(false);
  expect(expectations.byUID({ studyInstanceUID: '1.2', seriesInstanceUID: '1.2.2' })).toBeUndefined();
  settled();
  expect(ended).toBe(true);
  expect(expectations.size).toBe(1);
});
