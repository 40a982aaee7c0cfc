/** Code of the error that says that index.db itself is broken, and not a file that it tells of. */
export const INDEX_DAMAGED = 'INDEX_DAMAGED';
