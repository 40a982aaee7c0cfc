export { type ByteSource, memorySource } from './byte-source.ts';
export { characterSetFor, decodeText, encodeText } from './character-sets.ts';
export { BulkReference, type DataElement, Dataset, decimalString, type ElementValue, Fragments, type ValueInput } from './dataset.ts';
export { decodeDataset } from './decode.ts';
export { type DictionaryEntry, entryOf, isPrivate, isSignDependent, keywordOf, tagOf, tagToHex, vrOf } from './dictionary.ts';
export { encodeDataset } from './encode.ts';
export { type FragmentRange, type FrameFragments, type FrameOptions, readFrameFragments } from './frames.ts';
export { bulkDataURI, type JsonAttribute, type JsonDataset, type JsonPersonName, type JsonValue, toDicomJson } from './json-model.ts';
export { type DatasetLimits, DEFAULT_LIMITS } from './limits.ts';
export {
  encodeFileMeta,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  isEncapsulated,
  type Part10File,
  type Part10Meta,
  type PixelDataLocation,
  readPart10,
  readPart10Meta,
} from './part10.ts';
export { formatPersonName, parsePersonName } from './person-name.ts';
export { StreamingHeader, type StreamingHeaderLimits } from './streaming-header.ts';
export { Tag } from './tags.ts';
export { TRANSFER_SYNTAXES, type TransferSyntax, TransferSyntaxUID, transferSyntaxOf } from './transfer-syntaxes.ts';
export type { FileMeta, InstanceHeader } from './types.ts';
export { isVR, traitsOf, type VR, type VRTraits } from './vr.ts';
