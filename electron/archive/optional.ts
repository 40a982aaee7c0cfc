/** `{ key: value }`, or `{}` where there is no value: optional members are absent, never undefined. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

export const positive = (value: number | undefined): number | undefined => (value !== undefined && value > 0 ? value : undefined);

export const integer = (value: number | undefined): number | undefined => (Number.isInteger(value) ? value : undefined);

export const pair = (a: number | undefined, b: number | undefined): [number, number] | undefined =>
  a === undefined || b === undefined ? undefined : [a, b];

/** A whole number within bounds, whatever a file says: numbers that nobody can count to go to the nearest end. */
export const bounded = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, Math.trunc(value)));
