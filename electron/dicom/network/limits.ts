/** Bounds of what a peer may make us hold (bytes). */
export const LIMITS = {
  /** Any PDU but P-DATA-TF, whose contents are passed on as they come. */
  pdu: 1 << 20,
  commandSet: 64 << 10,
  identifier: 16 << 20,
  presentationContexts: 128,
  transferSyntaxesPerContext: 256,
  /** User information sub-items of one kind. */
  subItems: 1024,
} as const;

/** PDU length that we announce unless told otherwise. */
export const DEFAULT_MAX_PDU_LENGTH = 131_072;

export const SEND = {
  /** Largest variable field of a P-DATA-TF PDU that we send, whatever the peer would take. */
  pduLength: 262_144,
  /** Messages up to this size are copied into one buffer. */
  gather: 8192,
  /** About as much is handed to the transport in one write. */
  burst: 262_144,
  /** Above this many buffered bytes we wait for the transport. With one burst on top it stays far below 4 MiB. */
  highWater: 1 << 20,
} as const;
