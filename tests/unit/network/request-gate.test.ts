import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestGate } from '../../../electron/dicom/network/index.ts';
import { encodeAssociateRQ } from '../../../electron/dicom/network/pdu-encode.ts';
import { RQ } from './raw-peer.ts';

const REQUEST = encodeAssociateRQ(RQ);
const LONG_ITEM = 40_000;

/** What the gate says in the end, the bytes coming in pieces that are cut at these places. */
function taken(bytes: Uint8Array, cuts: readonly number[]): { verdict: string; gate: RequestGate } {
  const gate = new RequestGate();
  let verdict = 'more';
  let at = 0;
  for (const cut of [...cuts.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    verdict = gate.take(bytes.subarray(at, cut));
    at = cut;
    if (verdict !== 'more') break;
  }
  return { verdict, gate };
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });

test('a request in any pieces is complete at its last byte and not before, and comes out as it came in', () => {
  fc.assert(
    fc.property(cuts, (places) => {
      expect(taken(REQUEST.subarray(0, -1), places).verdict).toBe('more');
      const { verdict, gate } = taken(REQUEST, places);
      expect(verdict).toBe('complete');
      expect(Buffer.from(gate.bytes ?? [])).toEqual(Buffer.from(REQUEST));
      expect(gate.callingAETitle).toBe('RAW');
    }),
  );
});

test('a request too long to be kept is complete all the same, and nothing of it is held but who asks', () => {
  const long = new Uint8Array(REQUEST.length + LONG_ITEM);
  long.set(REQUEST);
  new DataView(long.buffer).setUint32(2, long.length - 6);
  const { verdict, gate } = taken(long, [100, 33_000]);
  expect(verdict).toBe('complete');
  expect(gate.bytes).toBeUndefined();
  expect(gate.callingAETitle).toBe('RAW');
});

test('any other bytes are told from a request, however they are cut, and none make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, places) => {
      const whole = taken(bytes, []).verdict;
      expect(['more', 'complete', 'garbage']).toContain(whole);
      if (bytes.length > 0 && bytes[0] !== 1) expect(whole).toBe('garbage');
      expect(taken(bytes, places).verdict).toBe(whole);
    }),
    { numRuns: 500 },
  );
});

test('a request that claims more than any has, or less than its titles take, is none', () => {
  for (const length of [0xffff_ffff, (1 << 20) + 1, 35, 0]) {
    const lying = Uint8Array.from(REQUEST);
    new DataView(lying.buffer).setUint32(2, length);
    expect(taken(lying, []).verdict).toBe('garbage');
  }
});
