import { expect, test } from 'vitest';
import { digest, Keyring, newSecret, TOKEN_LIFETIME_MS } from '../../../electron/hosts/loopback/keys.ts';

test('a token can be exchanged until its 30 seconds are over, and not after', () => {
  let now = 1000;
  const keyring = new Keyring([], () => now);
  const [early, late] = [newSecret(), newSecret()];
  for (const token of [early, late]) keyring.admit(digest(token), now + TOKEN_LIFETIME_MS);
  now += 29_999;
  expect(keyring.exchange(early)).toBeTypeOf('string');
  now += 1;
  expect(keyring.exchange(late)).toBeUndefined();
});

test('an expired token stays unusable when the clock is set back', () => {
  let now = 100_000;
  const keyring = new Keyring([], () => now);
  const token = newSecret();
  keyring.admit(digest(token), now + TOKEN_LIFETIME_MS);
  now += TOKEN_LIFETIME_MS;
  expect(keyring.exchange(token)).toBeUndefined();
  now -= TOKEN_LIFETIME_MS;
  expect(keyring.exchange(token)).toBeUndefined();
});

test('a key is not a token and a token is no key', () => {
  const keyring = new Keyring();
  const token = newSecret();
  keyring.admit(digest(token), Date.now() + 1000);
  expect(keyring.knows(token)).toBe(false);
  const key = keyring.exchange(token) ?? '';
  expect(keyring.knows(key)).toBe(true);
  expect(keyring.exchange(key)).toBeUndefined();
});

test('a server thread that takes over knows the keys of the windows that are open', () => {
  const keyring = new Keyring();
  const token = newSecret();
  keyring.admit(digest(token), Date.now() + 1000);
  const key = keyring.exchange(token) ?? '';
  expect(new Keyring(keyring.keys()).knows(key)).toBe(true);
  expect(keyring.keys()).not.toContain(key);
});
