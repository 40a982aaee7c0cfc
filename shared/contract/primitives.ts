import { z } from 'zod';
import { USABLE_UID } from './limits.ts';

// A strict Content-Security-Policy forbids zod's `new Function` probe: this must run before the first schema is built.
z.config({ jitless: true });

/** A UID as it comes from peers and files. */
export const uid = z.string().regex(USABLE_UID, 'not a usable UID');

/** AE title, PS3.5 §6.2: 1–16 characters of the default repertoire, no backslash, not only spaces. */
export const aeTitle = z
  .string()
  .trim()
  .regex(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 plain characters and no backslash');

export const port = z.number().int().min(1).max(65_535);

/** Host name or address. No scheme, no path, no white space. */
export const host = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9._:%-]+$/, 'not a host name or address');

/** Milliseconds since the epoch, UTC. */
export const timestamp = z.number().int().nonnegative();

/** Any JSON value, bounded by the dispatcher to 64 KiB of text. */
export const tag = z.json();
export type Tag = z.infer<typeof tag>;

export const count = z.number().int().nonnegative();

/** Text from outside: bounded, always shown as text. */
export const text = z.string().max(10_240);

/** A field of the user identity sub-item has 16 bits for its length (PS3.7 D.3.3.7). */
export const secret = z.string().min(1).max(65_535);
export const username = z.string().trim().min(1).max(256);

export const actionId = z.uuid();
export const nodeId = z.uuid();
