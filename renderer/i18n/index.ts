import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en.ts';

type Leaves<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Prefix}${WithoutPlural<K>}` : Leaves<T[K], `${Prefix}${K}.`>;
}[keyof T & string];
type WithoutPlural<K extends string> = K extends `${infer Base}_one` | `${infer Base}_other` ? Base : K;

/** Path of a sentence in the catalogue; plural forms go by the name they share. */
export type MessageKey = Leaves<typeof en>;

const catalogue = i18next.createInstance();
// React escapes what it shows; names must not be escaped twice.
void catalogue
  .use(initReactI18next)
  .init({ lng: 'en', fallbackLng: 'en', resources: { en: { translation: en } }, initAsync: false, interpolation: { escapeValue: false } });

export { catalogue };

/** The sentence for `key` with its values filled in. */
export function t(key: MessageKey, values: Readonly<Record<string, string | number>> = {}): string {
  return String(catalogue.t(key as string, values));
}
