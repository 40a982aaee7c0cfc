export { openArchive } from './archive.ts';
export { type ArrivalWriterOptions, createArrivalWriter } from './arrival.ts';
export { type IndexReader, openIndexReader, type StoredInstanceRef } from './index-reader.ts';
export { locateInstance } from './layout.ts';
export type * from './types.ts';
