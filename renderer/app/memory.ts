const PREFIX = 'phosphor.window.';

/** What this window remembered under `name`: layout and taste only, never patient data. `fallback` where there is nothing readable. */
export function recall<T extends object | boolean>(name: string, fallback: T): T {
  try {
    const value: unknown = JSON.parse(globalThis.localStorage?.getItem(PREFIX + name) ?? 'null');
    return value !== null && typeof value === typeof fallback ? (value as T) : fallback;
  } catch {
    return fallback;
  }
}

export function remember(name: string, value: object | boolean): void {
  try {
    globalThis.localStorage?.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // A full or forbidden storage costs a remembered layout, nothing else.
  }
}
