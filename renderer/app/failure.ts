import { type PhosphorErrorData, toErrorData } from '../../shared/contract/index.ts';
import { t } from '../i18n/index.ts';
import { app } from './store.ts';

/** A refused command as one sentence that says what to do. */
export function sentenceOf(error: PhosphorErrorData): string {
  return t(`failure.${error.kind}`);
}

let messages = 0;
const GOOD_NEWS_MS = 20_000;

/** Puts a sentence into the strip above the table. Bad news stays until it is dismissed. */
export function say(sentence: string, tone: 'good' | 'error', undo?: () => void): void {
  messages += 1;
  const id = messages;
  app.set((state) => ({ messages: [...state.messages.slice(-4), { id, sentence, tone, ...(undo === undefined ? {} : { undo }) }] }));
  if (tone === 'good') setTimeout(() => forget(id), GOOD_NEWS_MS);
}

export function forget(id: number): void {
  app.set((state) => ({ messages: state.messages.filter((message) => message.id !== id) }));
}

/** Runs what a person asked for; a refusal becomes a sentence in the strip. */
export function attempt(work: () => Promise<unknown>): void {
  work().catch((thrown: unknown) => say(sentenceOf(toErrorData(thrown)), 'error'));
}
