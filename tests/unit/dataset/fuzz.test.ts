import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeDataset,
  decodeText,
  memorySource,
  readFrameFragments,
  readPart10,
  StreamingHeader,
  toDicomJson,
} from '../../../electron/dicom/dataset/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { SYNTAXES, sampleFile } from './support.ts';

/** What a mutation does: overwrites bytes at places, cuts, repeats. */
const mutations = fc.record({
  writes: fc.array(fc.record({ at: fc.nat(4000), bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }) }), { maxLength: 6 }),
  lengths: fc.array(fc.record({ at: fc.nat(2000), value: fc.constantFrom(0, 1, 0x7fffffff, 0xffffffff, 0xfffffffe, 0xfffee000, 65_535) }), {
    maxLength: 3,
  }),
  cut: fc.option(fc.nat(3000)),
  twice: fc.boolean(),
});

function mutate(
  original: Uint8Array,
  { writes, lengths, cut, twice }: typeof mutations extends fc.Arbitrary<infer T> ? T : never,
): Uint8Array {
  let bytes = Buffer.from(original);
  for (const { at, bytes: patch } of writes) bytes.set(patch, at % Math.max(1, bytes.length - patch.length));
  for (const { at, value } of lengths) bytes.writeUInt32LE(value, 132 + (at % Math.max(1, bytes.length - 136)));
  if (cut !== null) bytes = bytes.subarray(0, cut % (bytes.length + 1));
  return twice ? Buffer.concat([bytes, original.subarray(132)]) : bytes;
}

/** Only typed errors, and soon. */
function safely(call: () => unknown): void {
  const started = performance.now();
  try {
    call();
  } catch (error) {
    if (!(error instanceof PhosphorError)) throw error;
  }
  expect(performance.now() - started).toBeLessThan(2000);
}

describe('damaged and hostile data', () => {
  const files = SYNTAXES.map((syntax) => ({ syntax, bytes: sampleFile(syntax) }));

  it('end in a header or a typed error, never in a crash or a hang', () => {
    fc.assert(
      fc.property(fc.constantFrom(...files), mutations, fc.integer({ min: 1, max: 300 }), ({ syntax, bytes }, mutation, chunk) => {
        const mutated = mutate(bytes, mutation);
        safely(() => toDicomJson(readPart10(memorySource(mutated), { inflatedBytes: 10_000_000 }).dataset));
        const dataSet = mutated.subarray(Math.min(mutated.length, 300));
        safely(() => decodeDataset(dataSet, syntax, { inflatedBytes: 10_000_000 }));
        safely(() => {
          const header = new StreamingHeader(syntax);
          for (let at = 0; at < dataSet.length && !header.push(dataSet.subarray(at, at + chunk)); at += chunk);
          header.finish();
        });
      }),
      { numRuns: 1500, seed: 20_260_101 },
    );
  });

  it('in pixel data give frames or a typed error', () => {
    const fragments = fc.array(fc.uint8Array({ maxLength: 24 }), { maxLength: 12 });
    fc.assert(
      fc.property(fragments, fc.array(fc.nat(400), { maxLength: 4 }), fc.nat(20), (parts, damage, frames) => {
        const items = parts.flatMap((part) => [Buffer.from('feff00e0', 'hex'), Buffer.from(Uint32Array.of(part.length).buffer), part]);
        const bytes = Buffer.concat(items);
        for (const at of damage) if (bytes.length > 0) bytes[at % bytes.length] = at & 0xff;
        safely(() => {
          const found = readFrameFragments(memorySource(bytes), { offset: 0, length: bytes.length }, frames);
          expect(found.frames.length).toBe(Math.max(1, frames));
          for (const [offset, length] of found.frames.flat()) expect(offset + length).toBeLessThanOrEqual(bytes.length);
        });
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it('in text of any character set is text', () => {
    const sets = [
      '',
      '\\ISO 2022 IR 87',
      '\\ISO 2022 IR 149',
      'ISO 2022 IR 13\\ISO 2022 IR 159',
      'GB18030',
      'GBK',
      'ISO_IR 192',
      'ISO_IR 166',
      '\\\\\\',
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...sets), (bytes, set) => {
        expect(decodeText(bytes, set, 'PN').every((one) => typeof one === 'string')).toBe(true);
      }),
      { numRuns: 1000, seed: 3 },
    );
  });
});
