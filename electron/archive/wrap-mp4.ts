import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { SourceReader } from '../dicom/dataset/byte-source.ts';
import type { ForeignFile, Wrapped } from './wrap.ts';
import { type Film, wrappedFilm } from './wrap-video.ts';

const MAX_BOXES = 100_000;
const MAX_DEPTH = 8;
/** Boxes that hold boxes (ISO/IEC 14496-12), as far as they lead to the description of a track. */
const CONTAINERS: ReadonlySet<string> = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);

interface Box {
  readonly type: string;
  /** Of its content. */
  readonly start: number;
  readonly end: number;
}

interface Track {
  isVideo: boolean;
  timescale: number;
  duration: number;
  samples: number;
  film: Pick<Film, 'transferSyntaxUID' | 'rows' | 'columns' | 'method'> | undefined;
}

/**
 * An MP4 file with one H.264 or H.265 film (PS3.5 §8.2.7 to 8.2.10): transfer syntax by profile and level. Throws PhosphorError `unsupported` for other codecs,
 * profiles and levels that no transfer syntax holds, and for fragmented files, whose number of frames nothing tells; `damaged`.
 */
export function wrapMP4(file: ForeignFile): Wrapped {
  const { source } = file;
  const track = videoTrackOf(new SourceReader(source), source.size);
  const { film, samples, timescale, duration } = track;
  if (film === undefined) throw new PhosphorError('unsupported', 'the film is neither H.264 nor H.265');
  if (samples === 0 || duration === 0 || timescale === 0)
    throw new PhosphorError('unsupported', 'the film does not tell its length; a fragmented MP4 must be made whole first');
  return wrappedFilm(file, { ...film, frames: samples, rate: (samples * timescale) / duration });
}

function videoTrackOf(reader: SourceReader, size: number): Track {
  const stack: { readonly end: number; at: number; readonly track: Track | undefined }[] = [{ at: 0, end: size, track: undefined }];
  const tracks: Track[] = [];
  let boxes = 0;
  for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
    if (level.at + 8 > level.end) {
      stack.pop();
      continue;
    }
    boxes += 1;
    if (boxes > MAX_BOXES || stack.length > MAX_DEPTH) throw new PhosphorError('limit-exceeded', 'the MP4 has too many boxes');
    const box = boxAt(reader, level.at, level.end);
    level.at = box.end;
    let { track } = level;
    if (box.type === 'trak') {
      track = { isVideo: false, timescale: 0, duration: 0, samples: 0, film: undefined };
      tracks.push(track);
    }
    if (CONTAINERS.has(box.type)) stack.push({ at: box.start, end: box.end, track });
    else if (track !== undefined) READ[box.type]?.(reader, box, track);
  }
  const video = tracks.filter((one) => one.isVideo);
  const [only] = video;
  if (only === undefined || video.length > 1) throw new PhosphorError('unsupported', 'the MP4 does not hold exactly one film');
  return only;
}

function boxAt(reader: SourceReader, at: number, bound: number): Box {
  const type = Buffer.from(reader.bytes(at + 4, 4)).toString('latin1');
  const short = reader.uint32(at, false);
  if (short === 1) {
    const long = reader.uint32(at + 8, false) * 2 ** 32 + reader.uint32(at + 12, false);
    return checked({ type, start: at + 16, end: at + long }, bound);
  }
  return checked({ type, start: at + 8, end: short === 0 ? bound : at + short }, bound);
}

function checked(box: Box, bound: number): Box {
  if (box.end < box.start || box.end > bound) throw new PhosphorError('damaged', 'a box of the MP4 is longer than what holds it');
  return box;
}

type Read = (reader: SourceReader, box: Box, track: Track) => void;

const READ: Readonly<Record<string, Read>> = {
  hdlr: (reader, { start }, track) => {
    track.isVideo = Buffer.from(reader.bytes(start + 8, 4)).toString('latin1') === 'vide';
  },
  mdhd: (reader, { start }, track) => {
    const isLong = (reader.bytes(start, 1)[0] ?? 0) === 1;
    track.timescale = reader.uint32(start + (isLong ? 20 : 12), false);
    track.duration = isLong
      ? reader.uint32(start + 24, false) * 2 ** 32 + reader.uint32(start + 28, false)
      : reader.uint32(start + 16, false);
  },
  stsz: (reader, { start }, track) => {
    track.samples = reader.uint32(start + 8, false);
  },
  stsd: (reader, { start, end }, track) => {
    const entry = boxAt(reader, start + 8, end);
    const isH264 = entry.type === 'avc1' || entry.type === 'avc3';
    const isH265 = entry.type === 'hvc1' || entry.type === 'hev1';
    if (!isH264 && !isH265) return;
    const [columns, rows] = [reader.uint16(entry.start + 24, false), reader.uint16(entry.start + 26, false)];
    // Behind the visual sample entry's own 78 bytes.
    for (let at = entry.start + 78; at + 8 <= entry.end; ) {
      const box = boxAt(reader, at, entry.end);
      if (box.type === 'avcC')
        track.film = { rows, columns, method: 'ISO_14496_10', transferSyntaxUID: syntaxOfH264(reader.bytes(box.start, 4)) };
      if (box.type === 'hvcC')
        track.film = { rows, columns, method: 'ISO_23008_2', transferSyntaxUID: syntaxOfH265(reader.bytes(box.start, 13)) };
      at = box.end;
    }
  },
};

/** Every decoder of the High profile plays Main and Constrained Baseline too (H.264 A.2). */
function syntaxOfH264(configuration: Uint8Array): string {
  const [, profile = 0, constraints = 0, level = 0] = configuration;
  const plays = profile === 100 || profile === 77 || (profile === 66 && (constraints & 0x40) !== 0);
  if (plays && level <= 41) return '1.2.840.10008.1.2.4.102';
  if (plays && level === 42) return '1.2.840.10008.1.2.4.104';
  throw new PhosphorError('unsupported', `no transfer syntax holds H.264 of profile ${profile}, level ${level / 10}`);
}

function syntaxOfH265(configuration: Uint8Array): string {
  const profile = (configuration[1] ?? 0) & 0x1f;
  const level = (configuration[12] ?? 0) / 30;
  if (level <= 5.1 && profile === 1) return '1.2.840.10008.1.2.4.107';
  if (level <= 5.1 && profile === 2) return '1.2.840.10008.1.2.4.108';
  throw new PhosphorError('unsupported', `no transfer syntax holds H.265 of profile ${profile}, level ${level}`);
}
