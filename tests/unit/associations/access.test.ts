import { expect, test } from 'vitest';
import { admit, KnownAddresses, plainAddress } from '../../../electron/associations/access.ts';

const rules = { aeTitle: 'PHOSPHOR', knownAETitles: ['PACS'], knownHosts: [], acceptAnyone: false };
const free = { total: 0, fromAddress: 0, maxTotal: 10, maxPerAddress: 5, expectations: 0 };
const caller = { calledAETitle: 'PHOSPHOR', callingAETitle: 'PACS', address: '10.0.0.9' };
const nobody = new Set<string>();

/** A-ASSOCIATE-RJ result, source and reason as PS3.8 table 9-21 numbers them. */
const cases = [
  ['a known title calling our title', {}, {}, {}, 'accepted'],
  ['titles padded with spaces', { calledAETitle: 'PHOSPHOR        ', callingAETitle: 'PACS            ' }, {}, {}, 'accepted'],
  ['an unknown title from a known address', { callingAETitle: 'X', address: '::ffff:10.0.0.1' }, {}, {}, 'accepted'],
  ['an unknown title from an unknown address', { callingAETitle: 'X' }, {}, {}, [1, 1, 3]],
  ['an unknown caller while a retrieve runs', { callingAETitle: 'X' }, {}, { expectations: 1 }, 'provisional'],
  ['a known caller while a retrieve runs', {}, {}, { expectations: 1 }, 'accepted'],
  ['an unknown caller where anyone may store', { callingAETitle: 'X' }, { acceptAnyone: true }, {}, 'accepted'],
  ['a title that is not ours', { calledAETitle: 'OTHER' }, {}, {}, [1, 1, 7]],
  ['a title that is not ours where anyone may store', { calledAETitle: 'OTHER' }, { acceptAnyone: true }, {}, [1, 1, 7]],
  ['our title in other letters', { calledAETitle: 'phosphor' }, {}, {}, [1, 1, 7]],
  ['one association too many in all', {}, {}, { total: 10 }, [2, 3, 2]],
  ['one association too many from one address', {}, {}, { fromAddress: 5 }, [2, 3, 2]],
] as const;

test.each(cases)('%s', (_, who, changes, occupancy, expected) => {
  const known = new Set(['10.0.0.1']);
  const admission = admit({ ...caller, ...who }, { ...rules, ...changes }, known, { ...free, ...occupancy });
  if (!admission.accept) {
    const { result, source, reason, error } = admission.rejection;
    expect([result, source, reason]).toEqual(expected);
    expect(error).toMatchObject({ kind: 'rejected', upperLayer: { result, source, reason }, retryable: result === 2 });
  } else expect(admission.provisional ? 'provisional' : 'accepted').toBe(expected);
});

test('by default nobody comes in', () => {
  expect(admit(caller, { ...rules, knownAETitles: [] }, nobody, free).accept).toBe(false);
});

test('an address is the same address however it is written', () => {
  expect(plainAddress('::ffff:127.0.0.1')).toBe('127.0.0.1');
  expect(plainAddress('fe80::1%eth0')).toBe('fe80::1');
});

test('a node known by name is known by its address', async () => {
  const known = new KnownAddresses();
  known.set(['localhost', 'no-such-host.invalid', '10.1.2.3']);
  expect(known.current().has('10.1.2.3')).toBe(true);
  await known.pending();
  expect(known.pending()).toBeUndefined();
  expect(known.current().has('127.0.0.1') || known.current().has('::1')).toBe(true);
  expect(known.current().has('10.1.2.3')).toBe(true);
});
