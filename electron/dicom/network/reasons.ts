// What A-ASSOCIATE-RJ and A-ABORT say, as the standard calls it: for error messages, log lines and diagnoses.

/** A-ABORT source (PS3.8 table 9-26). */
export const AbortSource = { serviceUser: 0, serviceProvider: 2 } as const;

/** A-ABORT reason of the service provider (PS3.8 table 9-26). */
export const AbortReason = {
  notSpecified: 0,
  unrecognizedPDU: 1,
  unexpectedPDU: 2,
  unrecognizedPDUParameter: 4,
  unexpectedPDUParameter: 5,
  invalidPDUParameterValue: 6,
} as const;

const RESULTS: Readonly<Record<number, string>> = { 1: 'rejected permanently', 2: 'rejected for the moment' };

/** Source and reason of A-ASSOCIATE-RJ (PS3.8 table 9-21). */
const REJECTION_SOURCES: Readonly<Record<number, { readonly name: string; readonly reasons: Readonly<Record<number, string>> }>> = {
  1: {
    name: 'service user',
    reasons: {
      1: 'no reason given',
      2: 'application context name not supported',
      3: 'calling AE title not recognized',
      7: 'called AE title not recognized',
    },
  },
  2: { name: 'service provider, ACSE', reasons: { 1: 'no reason given', 2: 'protocol version not supported' } },
  3: { name: 'service provider, presentation', reasons: { 1: 'temporary congestion', 2: 'local limit exceeded' } },
};

const ABORT_REASONS: Readonly<Record<number, string>> = {
  [AbortReason.notSpecified]: 'reason not specified',
  [AbortReason.unrecognizedPDU]: 'unrecognized PDU',
  [AbortReason.unexpectedPDU]: 'unexpected PDU',
  [AbortReason.unrecognizedPDUParameter]: 'unrecognized PDU parameter',
  [AbortReason.unexpectedPDUParameter]: 'unexpected PDU parameter',
  [AbortReason.invalidPDUParameterValue]: 'invalid PDU parameter value',
};

/** `rejected permanently by the service user: calling AE title not recognized , 1/1/3`; values that the standard reserves keep their numbers. */
export function rejectionInWords({ result, source, reason }: { result: number; source: number; reason: number }): string {
  const known = REJECTION_SOURCES[source];
  const by = known?.name ?? `source ${source}`;
  const why = known?.reasons[reason] ?? `reserved reason ${reason}`;
  return `${RESULTS[result] ?? `result ${result}`} by the ${by}: ${why}, ${result}/${source}/${reason}`;
}

/** `by the service provider: unexpected PDU, 2/2`. The reason of a service user is not significant (PS3.8 table 9-26). */
export function abortInWords({ source, reason }: { source: number; reason: number }): string {
  if (source === AbortSource.serviceUser) return `by the service user, ${source}/${reason}`;
  const by = source === AbortSource.serviceProvider ? 'service provider' : `reserved source ${source}`;
  return `by the ${by}: ${ABORT_REASONS[reason] ?? `reserved reason ${reason}`}, ${source}/${reason}`;
}
