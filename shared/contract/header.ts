import { z } from 'zod';
import { count, uid } from './primitives.ts';

/** JSON of a header may not be longer than this (characters); what goes beyond is cut, and `truncated` says so. */
export const MAX_HEADER_JSON = 8 * 1024 * 1024;

/**
 * An instance's elements without its bulk. The JSON model travels as text, because nobody between the archive and the window has any use for
 * its inside: the window takes it in by `readDicomJson`, once.
 */
export const instanceHeader = z.strictObject({
  sopInstanceUID: uid,
  transferSyntaxUID: z.string().max(128),
  /** Length of the stored file. */
  fileBytes: count,
  /** References count in the inflated data set, whose deflated bytes begin here in the file and reach to its end (PS3.5 A.5). */
  deflatedFrom: count.optional(),
  /** Referenced bytes lie in words of this byte order; bytes that are inline are always little endian. */
  bigEndian: z.literal(true).optional(),
  /** The file ends too early, or the JSON was cut. */
  truncated: z.boolean(),
  /** Keywords (PS3.6) of the tags that occur; private ones and those that the dictionary does not know have none. */
  names: z.record(z.string().regex(/^[0-9A-F]{8}$/), z.string().max(128)),
  /** File Meta Information and data set, in the model of `DicomJson`. */
  json: z.string().max(MAX_HEADER_JSON),
});
export type InstanceHeaderJson = z.infer<typeof instanceHeader>;

export const headerCommands = {
  /** One instance's elements (PS3.18 annex F): text decoded; pixels and long values as references into its file. Throws `not-found`, `damaged`, `limit-exceeded`, `storage`. */
  'archive.header': { args: z.strictObject({ sopInstanceUID: uid }), result: z.strictObject({ header: instanceHeader }) },
} as const;
