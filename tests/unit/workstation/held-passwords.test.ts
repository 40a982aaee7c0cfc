import { expect, it } from 'vitest';
import { HeldPasswords } from '../../../electron/workstation/held-passwords.ts';

it('a password that is handed over serves one action, for an hour', () => {
  const held = new HeldPasswords();
  const [once, late] = [held.hold('one', 0), held.hold('two', 0)];
  expect([held.take(once, 1), held.take(once, 1), held.take(late, 3600_001)]).toEqual(['one', undefined, undefined]);
});

it('no more than a hundred wait at once, and old ones make room', () => {
  const held = new HeldPasswords();
  for (let i = 0; i < 100; i += 1) held.hold('x', 0);
  expect(() => held.hold('x', 1)).toThrow('too many');
  expect(held.hold('x', 3600_001)).toMatch(/^[0-9a-f-]{36}$/);
});
