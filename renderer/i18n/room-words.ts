import { catalogue } from './index.ts';

type Leaves<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Prefix}${Singular<K>}` : Leaves<T[K], `${Prefix}${K}.`>;
}[keyof T & string];
type Singular<K extends string> = K extends `${infer Base}_one` | `${infer Base}_other` ? Base : K;

/** A room's words, under a namespace of their own; the result says one of them with its values filled in. */
export function roomWords<T extends object>(namespace: string, english: T) {
  catalogue.addResourceBundle('en', namespace, english, true, true);
  return (key: Leaves<T>, values: Readonly<Record<string, string | number>> = {}): string =>
    String(catalogue.t(key as string, { ns: namespace, ...values }));
}
