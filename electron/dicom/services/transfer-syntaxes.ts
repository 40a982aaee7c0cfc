import { TransferSyntaxUID } from '../dataset/index.ts';

/** What every peer can read and write, the richer one first; for identifiers and as the fall-back of images. */
export const UNCOMPRESSED: readonly string[] = [TransferSyntaxUID.ExplicitVRLittleEndian, TransferSyntaxUID.ImplicitVRLittleEndian];

/** What identifiers are accepted in as SCP. */
export const IDENTIFIER_SYNTAXES: readonly string[] = [...UNCOMPRESSED, TransferSyntaxUID.ExplicitVRBigEndian];

/** More than any query, match or worklist entry has; a list of UIDs counts as one. Without it a peer keeps our thread busy with 16 MiB of empty elements. */
export const IDENTIFIER_LIMITS = { elements: 10_000 } as const;
