export { openArchive } from './archive.ts';
export { type IndexReader, openIndexReader } from './index-reader.ts';
export { locateInstance } from './layout.ts';
export { takeLock } from './lock.ts';
export type * from './types.ts';
