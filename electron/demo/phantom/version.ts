/** Rises whenever the pictures or headers change, so that demo archives of older versions are made anew. */
export const PHANTOM_VERSION = 1;
