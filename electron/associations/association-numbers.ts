/** Counts the associations of this process; its threads are given it when they start. One per main thread. */
export const ASSOCIATION_NUMBERS = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);

/** What an association worker is started with. */
export interface AssociationThreadStart {
  readonly associationNumbers: SharedArrayBuffer;
}
