import { expect, test } from 'vitest';
import { diagnose, errorText, statusText } from '../../../electron/actions/diagnosis.ts';
import { type Evidence, type Final, finalOf, OUTCOMES, verdictOf } from '../../../electron/actions/outcome.ts';
import { isRetryable, RetryRule } from '../../../electron/actions/retry.ts';
import { TEXTS } from '../../../electron/actions/texts.ts';
import { DEFAULT_SETTINGS } from '../../../electron/workstation/settings-text.ts';
import { clockName, errorKind, type PhosphorErrorData } from '../../../shared/contract/index.ts';
import { failure, moved, NODE } from './scripted-parts.ts';

const error = (kind: PhosphorErrorData['kind'], details: Partial<PhosphorErrorData> = {}) => failure(kind, details).error;
const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  final: 'success',
  received: 0,
  completed: undefined,
  warning: undefined,
  failed: undefined,
  ...changes,
});

test.each([
  [{ received: 3, listing: { expected: 3, missing: 0 } }, 'complete'],
  [{ received: 0, listing: { expected: 3, missing: 0 } }, 'complete'],
  [{ received: 2, listing: { expected: 3, missing: 1 } }, 'missing'],
  [{ received: 0, listing: { expected: 3, missing: 3 } }, 'nothing'],
  [{ received: 0, listing: { expected: 0, missing: 0 } }, 'unknown-study'],
  [{ final: 'failure', received: 0, listing: { expected: 3, missing: 0 } }, 'nothing'],
  [{ received: 3, completed: 3 }, 'agree'],
  [{ received: 3, completed: 2, warning: 1 }, 'agree'],
  [{ received: 2, completed: 3 }, 'disagree'],
  [{ received: 2, completed: 2, failed: 1 }, 'failures'],
  [{ received: 2 }, 'silent'],
  [{ received: 0, completed: 5 }, 'nothing'],
] as const)('the ledger %o gives the verdict %s', (changes, verdict) => {
  expect(verdictOf(evidence(changes))).toBe(verdict);
});

test('no retrieve that the ledger contradicts is ever called a success', () => {
  for (const row of Object.values(OUTCOMES)) {
    for (const verdict of ['missing', 'disagree', 'failures', 'nothing', 'unknown-study'] as const)
      expect(row[verdict]).not.toBe('success');
  }
});

test.each<[number, Final]>([
  [0x0000, 'success'],
  [0xb000, 'warning'],
  [0xfe00, 'cancelled'],
  [0xa801, 'failure'],
  [0xa702, 'failure'],
  [0xc001, 'failure'],
  [0x0122, 'failure'],
])('the final status %i is a %s', (status, final) => {
  expect(finalOf({ response: moved(status) })).toBe(final);
});

test('errors end an action as what they are', () => {
  const outcomes = errorKind.options.map((kind) => [kind, OUTCOMES[finalOf({ error: error(kind) })].nothing]);
  expect(Object.fromEntries(outcomes)).toMatchObject({
    rejected: 'rejected',
    'timed-out': 'timed-out',
    cancelled: 'cancelled',
    'connection-lost': 'aborted',
    'aborted-by-peer': 'aborted',
    'worker-died': 'aborted',
    unreachable: 'failed',
    'port-in-use': 'failed',
    internal: 'failed',
  });
});

test('what asking again cannot mend is not asked again', () => {
  const rejected = (result: number) => ({ error: error('rejected', { upperLayer: { result, source: 1, reason: 1 } }) });
  expect(isRetryable(rejected(1), true)).toBe(false);
  expect(isRetryable(rejected(2), false)).toBe(true);
  expect(isRetryable({ response: moved(0xa801) }, true)).toBe(false);
  expect(isRetryable({ response: moved(0xa702) }, false)).toBe(true);
  expect(isRetryable({ response: moved(0xc000) }, false)).toBe(false);
  expect(isRetryable({ response: moved(0xc000) }, true)).toBe(true);
  expect(isRetryable({ error: error('cancelled') }, true)).toBe(false);
  expect(isRetryable({ error: error('timed-out', { clock: 'retrieve-total' }) }, true)).toBe(false);
  expect(isRetryable({ error: error('timed-out', { clock: 'retrieve-stall' }) }, false)).toBe(true);
});

test('the waits between attempts are those of the setting, the last one repeats', () => {
  const rule = new RetryRule({ attempts: 6, delaysSeconds: [1, 5, 15], missingRounds: 2 });
  const end = { error: error('connection-lost') };
  expect([1, 2, 3, 4, 5, 6].map(() => rule.afterFailure(end, false))).toEqual([1, 5, 15, 15, 15, undefined]);
});

test.each<[number, string]>([
  [0xa700, 'A700'],
  [0xa701, 'A701'],
  [0xa702, 'A702'],
  [0xa801, 'A801'],
  [0xa900, 'A900'],
  [0xc123, 'Cxxx'],
  [0xfe00, 'FE00'],
  [0x0110, '0110'],
  [0x0122, '0122'],
  [0x0124, '0124'],
  [0x0213, '0213'],
  [0x1234, 'status'],
])('the status %i has the text %s', (status, key) => {
  expect(statusText(status)).toBe(key);
});

test.each<[Partial<PhosphorErrorData>, PhosphorErrorData['kind'], string]>([
  [{ upperLayer: { result: 1, source: 1, reason: 3 } }, 'rejected', 'does not know our AE title, PHOSPHOR'],
  [{ upperLayer: { result: 1, source: 1, reason: 7 } }, 'rejected', 'does not answer to the AE title MAINPACS'],
  [{ upperLayer: { result: 1, source: 1, reason: 2 } }, 'rejected', 'application context'],
  [{ upperLayer: { result: 1, source: 2, reason: 2 } }, 'rejected', 'version'],
  [{ upperLayer: { result: 2, source: 3, reason: 1 } }, 'rejected', 'busy'],
  [{ upperLayer: { result: 2, source: 3, reason: 2 } }, 'rejected', 'no association free'],
  [{ upperLayer: { result: 1, source: 1, reason: 1 } }, 'rejected', 'without giving a reason'],
  [{ upperLayer: { result: 2, source: 2, reason: 1 } }, 'rejected', 'for the moment'],
  [{ code: 'ECONNREFUSED' }, 'unreachable', 'Nothing answers at 127.0.0.1, port 104'],
  [{ code: 'ENOTFOUND' }, 'unreachable', 'host name 127.0.0.1 is not known'],
  [{ code: 'EHOSTUNREACH' }, 'unreachable', 'cannot be reached'],
  [{ clock: 'connect' }, 'timed-out', 'within 10 s'],
  [{ clock: 'association' }, 'timed-out', 'within 30 s'],
  [{ clock: 'dimse-response' }, 'timed-out', 'within 60 s'],
  [{ clock: 'retrieve-stall' }, 'timed-out', 'for 10 min'],
  [{ code: 'EADDRINUSE' }, 'port-in-use', 'Another program uses port 11112'],
  [{ code: 'EACCES' }, 'port-in-use', 'could not be opened on port 11112'],
  [{ code: 'ENOSPC' }, 'storage-full', 'disk of this workstation is full'],
])('%o of kind %s is told as "… %s …"', (details, kind, words) => {
  const { sentence } = diagnose({
    node: NODE,
    own: { aeTitle: 'PHOSPHOR', port: 11112 },
    ownHost: '10.0.0.5',
    clocks: DEFAULT_SETTINGS.clocks,
    end: { error: error(kind, details) },
  });
  expect(sentence).toContain(words);
});

test('a PACS that knows us by a user identity and refuses without a reason: the identity is the thing to check', () => {
  const end = { error: error('rejected', { upperLayer: { result: 1, source: 1, reason: 1 } }) };
  const node = { ...NODE, userIdentity: { type: 'jwt', positiveResponseRequested: false } } as const;
  const own = { aeTitle: 'PHOSPHOR', port: 11112 };
  const told = diagnose({ node, own, clocks: DEFAULT_SETTINGS.clocks, end });
  expect(told.sentence).toContain('does not accept the user identity');
  expect(told.nextStep).toContain('Check user name and secret');
});

test('every kind of error and every clock has a sentence', () => {
  for (const kind of errorKind.options) expect(TEXTS[errorText(error(kind))]).toBeDefined();
  for (const clock of clockName.options) expect(errorText(error('timed-out', { clock }))).toBe(clock);
});
