import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { decodeDataset, encodeDataset } from '../dataset/index.ts';
import { CollectingSink, CommandField, type DataSetSink, type InboundRequest, type ServiceProvider, Status } from '../network/index.ts';
import { failureResponse } from './final-status.ts';
import { grantedFlags } from './information-model.ts';
import { SOPClass } from './sop-classes.ts';
import { IDENTIFIER_LIMITS, IDENTIFIER_SYNTAXES } from './transfer-syntaxes.ts';
import type { FindProviderOptions, QueryRequest } from './types.ts';

/** C-FIND as SCP (PS3.4 C.4.1.3): one pending response per match, at the pace at which the peer takes them. */
export function findProvider(options: FindProviderOptions): ServiceProvider {
  return {
    commandField: CommandField.cFindRQ,
    abstractSyntaxes: options.sopClassUIDs ?? [SOPClass.StudyRootFind, SOPClass.PatientRootFind],
    transferSyntaxes: IDENTIFIER_SYNTAXES,
    handle: (request) => withIdentifier(request, (query) => answerMatches(options, request, query)),
  };
}

async function answerMatches(options: FindProviderOptions, request: InboundRequest, query: QueryRequest): Promise<void> {
  const { signal } = request;
  for await (const match of options.find(query)) {
    if (signal.aborted) break;
    const wait = request.respond({ status: Status.pending }, encodeDataset(match, request.context.transferSyntax));
    if (wait !== undefined) await wait;
    if (signal.aborted) break;
  }
  void request.respond({ status: signal.aborted ? Status.cancel : Status.success });
}

/** Gathers and decodes the identifier of a query or retrieve, then runs `answer`; what goes wrong is answered by its status. */
export function withIdentifier(request: InboundRequest, answer: (query: QueryRequest) => Promise<void>): DataSetSink | undefined {
  if (!request.command.hasDataSet) {
    void request.respond({ status: Status.dataSetMismatch, errorComment: 'no identifier' });
    return undefined;
  }
  return new CollectingSink((bytes) => {
    // Not waited for: a C-CANCEL-RQ may follow.
    void run(request, bytes, answer);
    return undefined;
  });
}

async function run(request: InboundRequest, bytes: Uint8Array, answer: (query: QueryRequest) => Promise<void>): Promise<void> {
  const { association, context, signal } = request;
  try {
    const identifier = decodeDataset(bytes, context.transferSyntax, IDENTIFIER_LIMITS);
    const sopClassUID = context.abstractSyntax;
    await answer({ association, sopClassUID, identifier, flags: grantedFlags(association.extendedNegotiation, sopClassUID), signal });
  } catch (thrown) {
    const cancelled = signal.aborted || (thrown instanceof PhosphorError && thrown.kind === 'cancelled');
    const { error: _, ...failure } = failureResponse(thrown);
    void request.respond(cancelled ? { status: Status.cancel } : failure);
  }
}
