import type { ErrorKind, PhosphorErrorData } from './errors.ts';

// Imported by every thread: no schema here, loading zod takes a thread longer than starting it.

type Details = Omit<PhosphorErrorData, 'kind' | 'message' | 'retryable'>;

const RETRYABLE: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'busy',
  'unreachable',
  'aborted-by-peer',
  'connection-lost',
  'timed-out',
  'worker-died',
  'storage-full',
  'interrupted',
]);

/** The one error class of the product. Anything else that is thrown is a bug and becomes `internal` at the edge. */
export class PhosphorError extends Error {
  readonly data: PhosphorErrorData;

  constructor(kind: ErrorKind, message: string, details: Details & { retryable?: boolean } = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PhosphorError';
    const { retryable = RETRYABLE.has(kind), ...rest } = details;
    this.data = { kind, message: message.slice(0, 10_000), retryable, ...rest };
  }

  get kind(): ErrorKind {
    return this.data.kind;
  }

  static from(data: PhosphorErrorData): PhosphorError {
    const { kind, message, ...details } = data;
    return new PhosphorError(kind, message, details);
  }
}

/** Turns anything thrown into the serialised form. Unknown things keep their class name only: their text may hold patient data. */
export function toErrorData(thrown: unknown): PhosphorErrorData {
  if (thrown instanceof PhosphorError) return thrown.data;
  const code = systemCode(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return { kind: 'storage-full', message: 'the disk is full', retryable: true, code };
  }
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return { kind: 'internal', message: `unexpected ${name}`, retryable: false, ...(code === undefined ? {} : { code }) };
}

/** The `code` of a Node system error (ENOENT, ECONNREFUSED …), if it has one. */
export function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code.slice(0, 64) : undefined;
}
