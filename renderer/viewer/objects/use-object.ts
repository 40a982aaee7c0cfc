import { useCallback, useEffect, useState } from 'react';
import type { ErrorKind } from '../../../shared/contract/errors.ts';
import { toErrorData } from '../../../shared/contract/phosphor-error.ts';
import type { StoredObject } from '../dataset/stored-object.ts';
import { useSession } from '../layout/use-session.ts';

export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly error: ErrorKind; retry(): void }
  | { readonly state: 'there'; readonly object: StoredObject; readonly value: T };

/** Reads an instance and makes of it what a view shows. `read` must stay the same function. */
export function useObject<T>(sopInstanceUID: string, read: (object: StoredObject, signal: AbortSignal) => T | Promise<T>): Loaded<T> {
  const session = useSession();
  const [attempt, setAttempt] = useState(0);
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' });
  const retry = useCallback(() => setAttempt((before) => before + 1), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt reads anew
  useEffect(() => {
    const abort = new AbortController();
    setLoaded({ state: 'loading' });
    const load = async () => {
      const object = await session.object(sopInstanceUID);
      const value = await read(object, abort.signal);
      if (!abort.signal.aborted) setLoaded({ state: 'there', object, value });
    };
    load().catch((thrown: unknown) => {
      if (!abort.signal.aborted) setLoaded({ state: 'failed', error: toErrorData(thrown).kind, retry });
    });
    return () => abort.abort();
  }, [session, sopInstanceUID, read, retry, attempt]);
  return loaded;
}
