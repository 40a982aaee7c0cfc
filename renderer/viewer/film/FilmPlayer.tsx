import { IconMovie, IconMovieOff } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { toErrorData } from '../../../shared/contract/phosphor-error.ts';
import type { FrameStore } from '../frame-store.ts';
import type { StackFrame } from '../stack.ts';
import { say, sayOr } from '../words.ts';
import './film.css';
import { canPlay, type FilmData, fetchFilm, filmName } from './film.ts';

interface FilmPlayerProps {
  readonly store: FrameStore;
  readonly frame: StackFrame;
  readonly data: FilmData;
}

type Film =
  | { readonly state: 'loading' }
  | { readonly state: 'playable'; readonly url: string; readonly file: string }
  | { readonly state: 'refused'; readonly reason: string; readonly file?: string };

/** A film with the window's own player, or a poster that says why it has none; the film's file can be saved either way. */
export function FilmPlayer({ store, frame, data }: FilmPlayerProps) {
  const box = useRef<HTMLDivElement>(null);
  const film = useFilm(store, frame, data);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    // Presses on the player's own controls are not the pane's.
    const stop = (event: Event) => event.stopPropagation();
    for (const type of ['pointerdown', 'dblclick', 'wheel', 'keydown']) element.addEventListener(type, stop);
    return () => {
      for (const type of ['pointerdown', 'dblclick', 'wheel', 'keydown']) element.removeEventListener(type, stop);
    };
  });
  if (film.state === 'loading') return <p className="viewer-waiting">{say('film.loading')}</p>;
  if (film.state === 'playable' && !broken) {
    return (
      <div className="viewer-film" ref={box} data-film="playable">
        <video
          src={film.url}
          controls
          loop
          muted
          playsInline
          disablePictureInPicture
          controlsList="nodownload noremoteplayback"
          aria-label={say('film.player')}
          onError={() => setBroken(true)}
        />
        <Save url={film.file} name={filmName(data)} />
      </div>
    );
  }
  return (
    <div className="viewer-tile" role="status" ref={box} data-film="refused">
      <IconMovieOff className="icon quiet" aria-hidden="true" />
      <div>
        <strong>{say('film.cannotPlay')}</strong>
        <p className="soft">{film.state === 'refused' ? film.reason : say('film.undecodable')}</p>
        {film.file !== undefined && <Save url={film.file} name={filmName(data)} />}
      </div>
    </div>
  );
}

function Save({ url, name }: { readonly url: string; readonly name: string }) {
  return (
    <a className="viewer-button" href={url} download={name}>
      <IconMovie className="icon" aria-hidden="true" />
      {say('film.save')}
    </a>
  );
}

/** Fetches the film and brings it into a form that the window plays. */
function useFilm(store: FrameStore, frame: StackFrame, data: FilmData): Film {
  const [film, setFilm] = useState<Film>({ state: 'loading' });
  useEffect(() => {
    const abort = new AbortController();
    const urls: string[] = [];
    const urlOf = (blob: Blob) => {
      const url = URL.createObjectURL(blob);
      urls.push(url);
      return url;
    };
    const load = async () => {
      const blob = await fetchFilm(store.filmRequests(frame), data, abort.signal);
      const file = urlOf(blob);
      if (!canPlay(data, (type) => document.createElement('video').canPlayType(type))) {
        setFilm({ state: 'refused', reason: sayOr(`film.coding.${data.codec}`, 'film.coding.unknown'), file });
        return;
      }
      const playable = data.container === 'mp4' ? blob : await (await import('./remux.ts')).toMP4(blob);
      if (abort.signal.aborted) return;
      if (playable === undefined) setFilm({ state: 'refused', reason: say('film.container'), file });
      else setFilm({ state: 'playable', url: playable === blob ? file : urlOf(playable), file });
    };
    setFilm({ state: 'loading' });
    load().catch((thrown: unknown) => {
      if (!abort.signal.aborted) setFilm({ state: 'refused', reason: sayOr(`reason.${toErrorData(thrown).kind}`, 'reason.other') });
    });
    return () => {
      abort.abort();
      for (const url of urls) URL.revokeObjectURL(url);
    };
  }, [store, frame, data]);
  return film;
}
