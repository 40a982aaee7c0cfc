export { type ByteSource, memorySource } from './byte-source.ts';
export { characterSetFor, decodeText, encodeText } from './character-sets.ts';
export { BulkReference, type DataElement, Dataset, Fragments, type ValueInput } from './dataset.ts';
export { decodeDataset } from './decode.ts';
export { entryOf, tagOf, tagToHex, vrOf } from './dictionary.ts';
export { directoryFiles } from './directory-reader.ts';
export { encodeDataset } from './encode.ts';
export { readFrameFragments } from './frames.ts';
export { IdentifierReader, type IdentifierValues } from './identifier-reader.ts';
export { buildHeader, identityOf, type RawHeader } from './instance-header.ts';
export { type JsonBudget, toDicomJson } from './json-model.ts';
export { MediaDirectory } from './media-directory.ts';
export {
  encodeFileMeta,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  type Part10File,
  type Part10Meta,
  readPart10,
  readPart10Meta,
} from './part10.ts';
export { formatPersonName } from './person-name.ts';
export { StreamingHeader } from './streaming-header.ts';
export { Tag } from './tags.ts';
export { TRANSFER_SYNTAXES, TransferSyntaxUID, transferSyntaxOf } from './transfer-syntaxes.ts';
export type { InstanceHeader, InstanceIdentity } from './types.ts';
