import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../electron/actions/diagnosis.ts';
import { abortedByPeer, pduError, rejected } from '../../../electron/dicom/network/errors.ts';
import { clocks } from '../../support/clocks.ts';

const node = { nodeId: 'n', kind: 'pacs', name: 'North PACS', host: '10.0.0.9', port: 104, aeTitle: 'NORTH', method: 'auto' } as const;

function told(error: ReturnType<typeof rejected>): string {
  const own = { aeTitle: 'PHOSPHOR', port: 11112 };
  return diagnose({ node, own, clocks: clocks(), end: { error: error.data } }).sentence;
}

/** PS3.8 table 9-21. */
const REJECTIONS: readonly (readonly [source: number, reason: number, by: string, why: string])[] = [
  [1, 1, 'service user', 'no reason given'],
  [1, 2, 'service user', 'application context name not supported'],
  [1, 3, 'service user', 'calling AE title not recognized'],
  [1, 5, 'service user', 'reserved reason 5'],
  [1, 7, 'service user', 'called AE title not recognized'],
  [2, 1, 'service provider, ACSE', 'no reason given'],
  [2, 2, 'service provider, ACSE', 'protocol version not supported'],
  [3, 0, 'service provider, presentation', 'reserved reason 0'],
  [3, 1, 'service provider, presentation', 'temporary congestion'],
  [3, 2, 'service provider, presentation', 'local limit exceeded'],
  [9, 1, 'source 9', 'reserved reason 1'],
];

describe('A-ASSOCIATE-RJ', () => {
  for (const [source, reason, by, why] of REJECTIONS) {
    for (const [result, how] of [
      [1, 'permanently'],
      [2, 'for the moment'],
    ] as const) {
      test(`${result}/${source}/${reason} is ${why}, in the log and in what a person is told`, () => {
        const words = `rejected ${how} by the ${by}: ${why}, ${result}/${source}/${reason}`;
        const error = rejected('peer', { result, source, reason });
        expect(error.message).toBe(`the peer refused the association, ${words}`);
        expect(error.data).toMatchObject({ kind: 'rejected', retryable: result === 2, upperLayer: { result, source, reason } });
        expect(told(error)).toContain(words);
        expect(told(error)).toContain(source === 1 && reason === 7 ? 'NORTH' : 'North PACS');
      });
    }
  }

  test('a result that the standard does not know keeps its number', () => {
    expect(rejected('us', { result: 0, source: 1, reason: 1 }).message).toContain('result 0 by the service user');
  });
});

/** PS3.8 table 9-26. */
const ABORTS: readonly (readonly [source: number, reason: number, words: string])[] = [
  [0, 0, 'by the service user, 0/0'],
  [0, 4, 'by the service user, 0/4'],
  [1, 0, 'by the reserved source 1: reason not specified, 1/0'],
  [2, 0, 'by the service provider: reason not specified, 2/0'],
  [2, 1, 'by the service provider: unrecognized PDU, 2/1'],
  [2, 2, 'by the service provider: unexpected PDU, 2/2'],
  [2, 3, 'by the service provider: reserved reason 3, 2/3'],
  [2, 4, 'by the service provider: unrecognized PDU parameter, 2/4'],
  [2, 5, 'by the service provider: unexpected PDU parameter, 2/5'],
  [2, 6, 'by the service provider: invalid PDU parameter value, 2/6'],
];

describe('A-ABORT', () => {
  for (const [source, reason, words] of ABORTS) {
    test(`${source}/${reason} is told ${words}`, () => {
      const error = abortedByPeer(source, reason);
      expect(error.message).toBe(`the peer aborted the association, ${words}`);
      expect(told(error)).toContain(`North PACS broke the association off`);
      expect(told(error)).toContain(`A-ABORT ${words}`);
    });
  }

  test('one of ours says what the peer broke', () => {
    expect(told(pduError('a PDU has an impossible length'))).toContain('A-ABORT by the service provider: invalid PDU parameter value, 2/6');
  });
});
