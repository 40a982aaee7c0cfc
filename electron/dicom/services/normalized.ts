import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { type Dataset, decodeDataset, encodeDataset } from '../dataset/index.ts';
import {
  type AcceptedContext,
  type Association,
  CollectingSink,
  CommandField,
  type CommandSet,
  type DataSetSink,
  type FinalMessage,
  type InboundRequest,
  type ServiceProvider,
  Status,
} from '../network/index.ts';
import { failureResponse, finalStatusOf, serviceOperation } from './final-status.ts';
import { sopClassName } from './sop-classes.ts';
import { IDENTIFIER_SYNTAXES } from './transfer-syntaxes.ts';
import type { FinalStatus, ServiceOperation } from './types.ts';

/** An action or an event of a SOP Instance: its type and what is said with it. */
export interface NormalizedRequest {
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
  /** Action Type ID or Event Type ID. */
  readonly typeID: number;
  /** Action Information or Event Information. */
  readonly information?: Dataset;
  /** The context's, where it is another than the instance's (PS3.7 §10.1 lets one context serve a group of SOP classes). */
  readonly abstractSyntax?: string;
}

export interface NormalizedOutcome extends FinalStatus {
  /** Action Reply or Event Reply. */
  readonly reply?: Dataset;
}

/** A request that came in, its data set decoded. */
export interface NormalizedIndication extends Omit<NormalizedRequest, 'abstractSyntax'> {
  readonly association: Association;
  /** Aborted by the end of the association. */
  readonly signal: AbortSignal;
}

/** What is answered; a thrown PhosphorError answers with its own status, else by its kind. */
export interface NormalizedAnswer {
  readonly status: number;
  readonly errorComment?: string;
  readonly reply?: Dataset;
}

export interface NormalizedProviderOptions {
  readonly abstractSyntaxes: readonly string[];
  readonly answer: (indication: NormalizedIndication) => NormalizedAnswer | Promise<NormalizedAnswer>;
  /** After the response was given to the transport. */
  readonly onAnswered?: (indication: NormalizedIndication, answer: NormalizedAnswer) => void;
}

/** N-ACTION as SCU (PS3.7 §10.1.4). Throws `no-presentation-context`. */
export function nAction(association: Association, request: NormalizedRequest): ServiceOperation<NormalizedOutcome> {
  return send(association, request, 'scu', {
    commandField: CommandField.nActionRQ,
    requestedSOPClassUID: request.sopClassUID,
    requestedSOPInstanceUID: request.sopInstanceUID,
    actionTypeID: request.typeID,
  });
}

/** N-EVENT-REPORT (PS3.7 §10.1.1), which the SCP of the class sends. Throws `no-presentation-context`. */
export function nEventReport(association: Association, request: NormalizedRequest): ServiceOperation<NormalizedOutcome> {
  return send(association, request, 'scp', {
    commandField: CommandField.nEventReportRQ,
    affectedSOPClassUID: request.sopClassUID,
    affectedSOPInstanceUID: request.sopInstanceUID,
    eventTypeID: request.typeID,
  });
}

/** N-ACTION as SCP. */
export function nActionProvider(options: NormalizedProviderOptions): ServiceProvider {
  return provider(options, CommandField.nActionRQ, ({ requestedSOPClassUID, requestedSOPInstanceUID, actionTypeID }) => [
    requestedSOPClassUID,
    requestedSOPInstanceUID,
    actionTypeID,
  ]);
}

/** N-EVENT-REPORT as its receiver, the SCU of the class. */
export function nEventReportProvider(options: NormalizedProviderOptions): ServiceProvider {
  return provider(options, CommandField.nEventReportRQ, ({ affectedSOPClassUID, affectedSOPInstanceUID, eventTypeID }) => [
    affectedSOPClassUID,
    affectedSOPInstanceUID,
    eventTypeID,
  ]);
}

function send(
  association: Association,
  request: NormalizedRequest,
  role: 'scu' | 'scp',
  command: Partial<CommandSet> & { commandField: number },
): ServiceOperation<NormalizedOutcome> {
  const { information, abstractSyntax = request.sopClassUID } = request;
  const context = association.contextFor(abstractSyntax, undefined, role);
  if (context === undefined) {
    const name = sopClassName(abstractSyntax) ?? abstractSyntax;
    throw new PhosphorError('no-presentation-context', `no presentation context was accepted for ${name} as ${role.toUpperCase()}`);
  }
  const operation = association.send({
    context,
    command,
    ...(information === undefined ? {} : { dataSet: encodeDataset(information, context.transferSyntax) }),
  });
  return serviceOperation(
    operation,
    operation.done.then((message) => outcomeOf(message, context)),
  );
}

/** A reply that cannot be read does not undo what the status says. */
function outcomeOf({ command, identifier }: FinalMessage, context: AcceptedContext): NormalizedOutcome {
  const status = finalStatusOf(command);
  if (identifier === undefined) return status;
  try {
    return { ...status, reply: decodeDataset(identifier, context.transferSyntax) };
  } catch {
    return status;
  }
}

type Subject = readonly [sopClassUID: string | undefined, sopInstanceUID: string | undefined, typeID: number | undefined];

function provider(
  options: NormalizedProviderOptions,
  commandField: number,
  subjectOf: (command: Readonly<CommandSet>) => Subject,
): ServiceProvider {
  return {
    commandField,
    abstractSyntaxes: options.abstractSyntaxes,
    transferSyntaxes: IDENTIFIER_SYNTAXES,
    handle: (request) => {
      if (request.command.hasDataSet) return withInformation(request, (bytes) => run(options, request, subjectOf, bytes));
      void run(options, request, subjectOf, undefined);
      return undefined;
    },
  };
}

function withInformation(request: InboundRequest, use: (bytes: Uint8Array) => Promise<void>): DataSetSink {
  return new CollectingSink((bytes) => {
    // Not waited for: what the peer sends next, its release above all, must be seen meanwhile.
    if (!request.signal.aborted) void use(bytes);
    return undefined;
  });
}

async function run(
  options: NormalizedProviderOptions,
  request: InboundRequest,
  subjectOf: (command: Readonly<CommandSet>) => Subject,
  bytes: Uint8Array | undefined,
): Promise<void> {
  const [sopClassUID, sopInstanceUID, typeID] = subjectOf(request.command);
  const typed = typeID === undefined ? {} : typeElement(request, typeID);
  if (!sopClassUID || !sopInstanceUID || typeID === undefined) {
    void request.respond({ status: Status.mistypedArgument, errorComment: 'SOP Class, SOP Instance or type is missing', ...typed });
    return;
  }
  try {
    const information = bytes === undefined ? {} : { information: decodeDataset(bytes, request.context.transferSyntax) };
    const indication = { association: request.association, sopClassUID, sopInstanceUID, typeID, signal: request.signal, ...information };
    const answer = await options.answer(indication);
    const { status, errorComment, reply } = answer;
    const comment = errorComment === undefined ? {} : { errorComment };
    void request.respond(
      { status, ...comment, ...typed },
      reply === undefined ? undefined : encodeDataset(reply, request.context.transferSyntax),
    );
    options.onAnswered?.(indication, answer);
  } catch (thrown) {
    const { status, errorComment } = failureOf(thrown);
    void request.respond({ status, errorComment, ...typed });
  }
}

/** The response repeats the type of its request (PS3.7 tables 10.3-2 and 10.3-8). */
function typeElement(request: InboundRequest, typeID: number): Partial<CommandSet> {
  return request.command.commandField === CommandField.nActionRQ ? { actionTypeID: typeID } : { eventTypeID: typeID };
}

/** DIMSE-N knows other statuses than the composite services do (PS3.7 §10.1.1.1.8, §10.1.4.1.10). */
function failureOf(thrown: unknown): { status: number; errorComment: string } {
  const { errorComment, error } = failureResponse(thrown);
  return { status: error.data.status ?? STATUS_BY_KIND[error.kind] ?? Status.processingFailure, errorComment };
}

const STATUS_BY_KIND: Readonly<Partial<Record<PhosphorError['kind'], number>>> = {
  damaged: Status.mistypedArgument,
  'not-dicom': Status.mistypedArgument,
  'invalid-arguments': Status.mistypedArgument,
  'limit-exceeded': Status.resourceLimitation,
  busy: Status.resourceLimitation,
};
