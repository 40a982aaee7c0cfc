import type { ProcessCost } from './process-cost.ts';

/** What the benches ask of the process that stands for a running workstation (our-process.ts). */
export interface OurMethods {
  /** Opens a new archive below this folder, and a receiver on it where there is a port. The pool stays as it is. */
  open(args: { folder: string; receiverPort?: number }): Promise<undefined>;
  close(args: Record<string, never>): Promise<undefined>;
  import(args: { paths: readonly string[] }): Promise<Measured>;
  /** Reads every file of the archive anew and compares it. */
  verify(args: Record<string, never>): Promise<Measured & { problems: number }>;
  get(args: RetrieveWork): Promise<Measured>;
  move(args: RetrieveWork): Promise<Measured>;
  send(args: { peer: PeerAddress; files: readonly string[] }): Promise<Measured>;
  find(args: { peer: PeerAddress }): Promise<Measured & { matches: number; delay: WorkerDelay }>;
  echo(args: { peer: PeerAddress; repeat: number }): Promise<Measured & { latencyMs: number }>;
  /** One association after the other, each for one C-ECHO. */
  associate(args: { peer: PeerAddress; times: number }): Promise<Measured & { medianMs: number }>;
}

export interface PeerAddress {
  readonly port: number;
  readonly calledAETitle: string;
  readonly maxPDULength?: number;
}

export interface RetrieveWork {
  readonly peer: PeerAddress;
  readonly studyInstanceUID: string;
}

/** `seconds` from the request to its final result, for what arrives also until it is in the index. */
export interface Measured extends ProcessCost {
  readonly seconds: number;
  /** Instances that stand in the archive, or that the peer took. */
  readonly instances: number;
}

/** How long the association worker's event loop was held, ms (resolution 1 ms, subtracted). */
export interface WorkerDelay {
  readonly p99: number;
  readonly max: number;
}
