import { catalogue } from '../i18n/index.ts';
import { viewerEnglish } from './catalogue.en.ts';

catalogue.addResourceBundle('en', 'viewer', viewerEnglish, true, true);

type Leaves<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Prefix}${Singular<K>}` : Leaves<T[K], `${Prefix}${K}.`>;
}[keyof T & string];
type Singular<K extends string> = K extends `${infer Base}_one` | `${infer Base}_other` ? Base : K;

export type ViewerWord = Leaves<typeof viewerEnglish>;

/** The viewer's sentence for `key` with its values filled in. */
export function say(key: ViewerWord, values: Readonly<Record<string, string | number>> = {}): string {
  return String(catalogue.t(key as string, { ns: 'viewer', ...values }));
}

/** A sentence whose key comes from data; `fallback` where the catalogue has none. */
export function sayOr(key: string, fallback: ViewerWord): string {
  return catalogue.exists(key, { ns: 'viewer' }) ? String(catalogue.t(key, { ns: 'viewer' })) : say(fallback);
}
