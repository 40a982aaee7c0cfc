import { PhosphorError } from '../../shared/contract/index.ts';

/** Waits, or ends early when `signal` is aborted. The answer says whether the time ran out. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const early = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', early);
      resolve(true);
    }, milliseconds);
    signal.addEventListener('abort', early, { once: true });
  });
}

/** The promise's value, or undefined when it rejects, takes longer than this, or `signal` is aborted first. */
export function within<T>(promise: Promise<T>, milliseconds: number, signal?: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve) => {
    const end = (value: T | undefined) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', early);
      resolve(value);
    };
    const early = () => end(undefined);
    const timer = setTimeout(early, milliseconds);
    if (signal?.aborted) return early();
    signal?.addEventListener('abort', early, { once: true });
    promise.then(end, early);
  });
}

/** Calls `listener` once when `signal` is aborted, at once if it is. Returns the function that takes it back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** The promise's result, or PhosphorError `cancelled` as soon as `signal` is aborted. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const unwatch = onAbort(signal, () => reject(cancelledError()));
    promise.then(resolve, reject).finally(unwatch);
  });
}

/** A signal that is aborted so long after `signal`: what was asked to stop has that long to end by itself. */
export function abortedFor(signal: AbortSignal, milliseconds: number): AbortSignal {
  const controller = new AbortController();
  onAbort(signal, () => setTimeout(() => controller.abort(), milliseconds).unref());
  return controller.signal;
}

export const cancelledError = () => new PhosphorError('cancelled', 'cancelled here');
