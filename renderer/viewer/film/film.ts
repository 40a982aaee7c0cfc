import type { PixelData } from '../../../shared/contract/index.ts';
import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { ByteRequest } from '../decode-messages.ts';

export type FilmData = Extract<PixelData, { encoding: 'video' }>;

/** Larger films are saved, not played: the window holds them in memory. */
const MAX_FILM = 2 * 1024 ** 3;

/** A film's bytes as they are in the file. Throws PhosphorError `limit-exceeded`, `not-found`, `unreadable`, `connection-lost`. */
export async function fetchFilm(requests: readonly ByteRequest[], data: FilmData, signal: AbortSignal): Promise<Blob> {
  const bytes = data.fragments.reduce((total, [, length]) => total + length, 0);
  if (bytes > MAX_FILM) throw new PhosphorError('limit-exceeded', 'the film is larger than 2 GiB');
  const pieces: Blob[] = [];
  for (const { url, headers } of requests) {
    const response = await fetch(url, { headers, signal }).catch((thrown: unknown) => {
      throw signal.aborted ? thrown : new PhosphorError('connection-lost', 'the workstation does not answer');
    });
    if (response.status === 404) throw new PhosphorError('not-found', 'the file is not in the archive');
    if (response.status !== 206) throw new PhosphorError('unreadable', `the film could not be read (${response.status})`);
    pieces.push(await response.blob());
  }
  return new Blob(pieces, { type: TYPES[data.container] });
}

const TYPES: Readonly<Record<FilmData['container'], string>> = {
  mp4: 'video/mp4',
  'mpeg-ts': 'video/mp2t',
  'mpeg-ps': 'video/mpeg',
  elementary: 'application/octet-stream',
  unknown: 'application/octet-stream',
};

/** How a film's file is called when it is saved: never by anything that the file says. */
export function filmName({ container, codec }: FilmData): string {
  if (container === 'mp4') return 'film.mp4';
  if (container === 'mpeg-ts') return 'film.ts';
  return container === 'mpeg-ps' || codec === 'mpeg2' ? 'film.mpg' : 'film.bin';
}

/** Whether this window's own decoder takes the coding; the profile is that of the transfer syntax. */
export function canPlay({ codec }: FilmData, canPlayType: (type: string) => string): boolean {
  if (codec === 'h264') return canPlayType('video/mp4; codecs="avc1.64002a"') !== '';
  return codec === 'hevc' && canPlayType('video/mp4; codecs="hvc1.1.6.L153.B0"') !== '';
}
