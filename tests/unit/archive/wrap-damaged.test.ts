import { describe, expect, it } from 'vitest';
import type { ForeignFile } from '../../../electron/archive/wrap.ts';
import { wrapJPEG } from '../../../electron/archive/wrap-jpeg.ts';
import { wrapMP4 } from '../../../electron/archive/wrap-mp4.ts';
import { wrapMPEG2 } from '../../../electron/archive/wrap-mpeg2.ts';
import { wrapPDF } from '../../../electron/archive/wrap-pdf.ts';
import { wrapPNG } from '../../../electron/archive/wrap-png.ts';
import { memorySource } from '../../../electron/dicom/dataset/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { jpegHeader, mp4, mpeg2, PDF, png } from '../../support/foreign-files.ts';

const foreign = (bytes: Uint8Array): ForeignFile => ({ source: memorySource(bytes), title: 'damaged', endoscopic: false });

/** Every file with every byte set to each of these, and cut at every byte. */
function* mutants(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1) {
    yield bytes.subarray(0, at);
    for (const value of [0, 0x7f, 0xff, (bytes[at] ?? 0) ^ 1]) {
      const mutant = Buffer.from(bytes);
      mutant[at] = value;
      yield mutant;
    }
  }
}

describe('a damaged foreign file', () => {
  it.each([
    ['PDF', wrapPDF, PDF],
    ['JPEG', wrapJPEG, jpegHeader()],
    ['PNG', wrapPNG, png({ columns: 9, rows: 7, depth: 8, colour: 2, interlaced: true }, (x, y) => x * y)],
    ['PNG with palette', wrapPNG, png({ columns: 9, rows: 7, depth: 2, colour: 3, palette: [1, 2, 3, 4, 5, 6] }, (x) => x & 1)],
    ['MP4', wrapMP4, mp4()],
    ['MPEG-2', wrapMPEG2, mpeg2({ frames: 3 })],
  ] as const)('is wrapped or refused with a reason, whatever its bytes: %s', (_name, wrap, bytes) => {
    for (const mutant of mutants(bytes)) {
      try {
        wrap(foreign(mutant));
      } catch (thrown) {
        if (!(thrown instanceof PhosphorError)) throw new Error('not a PhosphorError', { cause: thrown });
        expect(['damaged', 'unsupported', 'limit-exceeded']).toContain(thrown.kind);
      }
    }
  });

  it('made of a million boxes, or of boxes in boxes, is refused at once', () => {
    const empty = Buffer.from([0, 0, 0, 8, ...Buffer.from('free')]);
    expect(() => wrapMP4(foreign(Buffer.concat(Array.from({ length: 200_000 }, () => empty))))).toThrow(PhosphorError);
    let nested = Buffer.alloc(0);
    for (let depth = 0; depth < 50; depth += 1) {
      const head = Buffer.from([0, 0, 0, 0, ...Buffer.from('trak')]);
      head.writeUInt32BE(8 + nested.length, 0);
      nested = Buffer.concat([head, nested]);
    }
    expect(() => wrapMP4(foreign(nested))).toThrow(PhosphorError);
  });
});
