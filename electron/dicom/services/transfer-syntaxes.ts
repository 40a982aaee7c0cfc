import { TransferSyntaxUID } from '../dataset/index.ts';

/** What every peer can read and write, the richer one first; for identifiers and as the fall-back of images. */
export const UNCOMPRESSED: readonly string[] = [TransferSyntaxUID.ExplicitVRLittleEndian, TransferSyntaxUID.ImplicitVRLittleEndian];

/** What identifiers are accepted in as SCP. */
export const IDENTIFIER_SYNTAXES: readonly string[] = [...UNCOMPRESSED, TransferSyntaxUID.ExplicitVRBigEndian];
