import { z } from 'zod';
import { count, text } from './primitives.ts';

/** Every way in which something can fail. Closed: a new kind is added here, with its sentence in the catalogues. */
export const errorKind = z.enum([
  'invalid-arguments',
  'not-found',
  'unsupported',
  'busy',
  'unreachable',
  'tls',
  'rejected',
  'aborted-by-peer',
  'connection-lost',
  'timed-out',
  'protocol',
  'peer-status',
  'no-presentation-context',
  'cancelled',
  'worker-died',
  'port-in-use',
  'storage-full',
  'storage',
  'unreadable',
  'not-dicom',
  'limit-exceeded',
  'damaged',
  'interrupted',
  'internal',
]);
export type ErrorKind = z.infer<typeof errorKind>;

/** The clocks of docs/architecture.md; the name of the one that ran out travels with a `timed-out` error. */
export const clockName = z.enum([
  'connect',
  'tls-handshake',
  'association',
  'release',
  'dimse-response',
  'pdu-receive',
  'write-progress',
  'idle',
  'cancel-grace',
  'retrieve-stall',
  'retrieve-total',
]);
export type ClockName = z.infer<typeof clockName>;

/**
 * The serialised form of an error: what crosses threads, the window's glass and the disk. `message` is for logs and developers and
 * never holds patient data; sentences for people are made from `kind` and its details at the edge.
 */
export const phosphorError = z.strictObject({
  kind: errorKind,
  message: text,
  retryable: z.boolean(),
  /** DIMSE status (PS3.7 annex C), where the peer answered one. */
  status: count.max(0xffff).optional(),
  errorComment: text.optional(),
  clock: clockName.optional(),
  /** System error code such as ECONNREFUSED or ENOSPC. */
  code: z.string().max(64).optional(),
  /** A-ASSOCIATE-RJ result, source and reason (PS3.8 §9.3.4) or A-ABORT source and reason (PS3.8 §9.3.8). */
  upperLayer: z.strictObject({ result: count.optional(), source: count, reason: count }).optional(),
});
export type PhosphorErrorData = z.infer<typeof phosphorError>;
