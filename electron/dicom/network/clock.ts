/** Where time comes from: the system's, or a test's. Milliseconds, monotonic. */
export interface TimeSource {
  now(): number;
  /** Calls `tick` about every `milliseconds` until the returned function is called. Must not keep a process alive. */
  every(milliseconds: number, tick: () => void): () => void;
}
