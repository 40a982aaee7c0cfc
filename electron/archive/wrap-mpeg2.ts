import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { ForeignFile, Wrapped } from './wrap.ts';
import { wrappedFilm } from './wrap-video.ts';

const PIECE = 4 * 1024 * 1024;
/** Frames a second by frame_rate_code (ISO/IEC 13818-2 table 6-4). */
const RATES = [0, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];

/**
 * An MPEG-2 elementary or program stream (PS3.5 §8.2.5, 8.2.6): Main Level up to 720 × 576, else High Level. The whole file is read once, to count its pictures. Throws
 * PhosphorError `unsupported` for MPEG-1 and larger pictures, `damaged`.
 */
export function wrapMPEG2(file: ForeignFile): Wrapped {
  const { source } = file;
  let sequence: Buffer | undefined;
  let isMPEG2 = false;
  let pictures = 0;
  let tail = Buffer.alloc(0);
  for (let at = 0; at < source.size; at += PIECE) {
    const piece = Buffer.concat([tail, source.read(at, Math.min(PIECE, source.size - at))]);
    for (let found = piece.indexOf(START_CODE); found >= 0 && found + 12 <= piece.length; found = piece.indexOf(START_CODE, found + 3)) {
      const code = piece[found + 3];
      if (code === 0x00) pictures += 1;
      else if (code === 0xb3) sequence ??= Buffer.from(piece.subarray(found + 4, found + 12));
      // A sequence extension is what MPEG-1 lacks.
      else if (code === 0xb5 && (piece[found + 4] ?? 0) >> 4 === 1) isMPEG2 = true;
    }
    // A start code in the last bytes is seen with the next piece.
    tail = Buffer.from(piece.subarray(Math.max(lastSeen(piece), piece.length - 11)));
  }
  if (sequence === undefined || pictures === 0) throw new PhosphorError('damaged', 'the film has no pictures');
  if (!isMPEG2) throw new PhosphorError('unsupported', 'MPEG-1 has no transfer syntax');
  const columns = sequence.readUInt16BE(0) >> 4;
  const rows = sequence.readUInt16BE(1) & 0xfff;
  const rate = RATES[(sequence[3] ?? 0) & 0x0f] ?? 0;
  if (columns > 1920 || rows > 1152) throw new PhosphorError('unsupported', 'no transfer syntax holds MPEG-2 of this size');
  const isMainLevel = columns <= 720 && rows <= 576;
  const transferSyntaxUID = isMainLevel ? '1.2.840.10008.1.2.4.100' : '1.2.840.10008.1.2.4.101';
  return wrappedFilm(file, { transferSyntaxUID, rows, columns, frames: pictures, rate, method: 'ISO_13818_2' });
}

const START_CODE = Buffer.from([0, 0, 1]);

/** Behind the last start code that was looked at. */
function lastSeen(piece: Buffer): number {
  let last = piece.lastIndexOf(START_CODE);
  while (last >= 0 && last + 12 > piece.length) last = last === 0 ? -1 : piece.lastIndexOf(START_CODE, last - 1);
  return last < 0 ? 0 : last + 3;
}
