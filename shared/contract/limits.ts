// Constants of the contract that threads need too: no schema here, see phosphor-error.ts.

/**
 * A UID as it comes from peers and files (PS3.5 §9). Wider than the standard's grammar, because defective UIDs exist and must be
 * storable; never used as a path (files are named by a hash of it).
 */
export const USABLE_UID = /^[\x21-\x5b\x5d-\x7e]{1,128}$/;

/** Why an instance is no picture at all, where others say what is wrong with theirs. */
export const NO_PIXELS = 'The instance holds no pixels.';

/** At most this many items in one batch, and this long a wait before one is sent. */
export const ITEM_BATCH = { items: 64, milliseconds: 50 } as const;
/** Batches of one action that may be on their way before the client must give credit. */
export const ITEM_CREDITS = 16;
