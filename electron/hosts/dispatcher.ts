import {
  type CommandName,
  type Contract,
  type ContractEvent,
  commands,
  contractEvent,
  type PhosphorErrorData,
  phosphorError,
  type ResponseMessage,
  requestMessage,
  toErrorData,
} from '../../shared/contract/index.ts';

/** A request whose arguments fit the command table. */
export interface CheckedRequest {
  readonly id: number;
  readonly command: CommandName;
  readonly args: unknown;
}

export type RawAnswer = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: PhosphorErrorData };

const MAX_TAG = 64 * 1024;

/**
 * One message of a client from end to end, on the main thread: its form and arguments are validated here, its result by the workstation
 * itself, in slices that do not hold the thread. Never throws and never rejects; a message without a usable `id` has no answer.
 */
export async function dispatch(contract: Contract, message: unknown): Promise<ResponseMessage | undefined> {
  const request = checkRequest(message);
  if (request === undefined || 'ok' in request) return request;
  return { kind: 'response', id: request.id, ...(await carryOut(contract, request)) };
}

/** Validates what a client sent. Answers with the response where it is refused, with nothing where there is no one to answer. */
export function checkRequest(message: unknown): CheckedRequest | ResponseMessage | undefined {
  const request = guarded(() => requestMessage.safeParse(message));
  if (request?.success !== true) {
    const id = typeof message === 'object' && message !== null && 'id' in message ? message.id : undefined;
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) return undefined;
    return refusal(id, { kind: 'invalid-arguments', message: 'not a request of the contract', retryable: false });
  }
  const { id, command } = request.data;
  const args = guarded(() => commands[command].args.safeParse(request.data.args));
  if (args?.success !== true) {
    const issue = args?.error?.issues[0];
    const where = issue === undefined ? '' : ` at ${issue.path.join('.')}: ${issue.message}`;
    return refusal(id, { kind: 'invalid-arguments', message: `${command}: wrong arguments${where}`.slice(0, 1000), retryable: false });
  }
  if ('tag' in args.data && JSON.stringify(args.data.tag).length > MAX_TAG) {
    return refusal(id, { kind: 'limit-exceeded', message: `${command}: the tag is longer than 64 KiB`, retryable: false });
  }
  return { id, command, args: args.data };
}

/** Carries a checked request out. Whatever is thrown becomes error data without text from outside. */
export async function carryOut(contract: Contract, { command, args }: CheckedRequest): Promise<RawAnswer> {
  try {
    return { ok: true, result: await contract.invoke(command, args as never) };
  } catch (thrown) {
    return { ok: false, error: toErrorData(thrown) };
  }
}

/** Validates what goes back to the client: what is not in the contract does not leave the main side. Not for the main thread. */
export function checkAnswer({ id, command }: Pick<CheckedRequest, 'id' | 'command'>, answer: RawAnswer): ResponseMessage {
  if (!answer.ok) {
    const error = phosphorError.safeParse(answer.error);
    return refusal(id, error.success ? error.data : { kind: 'internal', message: `${command}: malformed error`, retryable: false });
  }
  const result = commands[command].result.safeParse(answer.result);
  if (result.success) return { kind: 'response', id, ok: true, result: result.data };
  const path = result.error.issues[0]?.path.join('.') ?? '';
  return refusal(id, {
    kind: 'internal',
    message: `${command}: the result breaks the contract at ${path}`.slice(0, 1000),
    retryable: false,
  });
}

/** An event as it may leave the main side, or undefined. */
export function checkEvent(event: unknown): ContractEvent | undefined {
  const checked = contractEvent.safeParse(event);
  return checked.success ? checked.data : undefined;
}

function refusal(id: number, error: PhosphorErrorData): ResponseMessage {
  return { kind: 'response', id, ok: false, error };
}

/** Absurdly nested values overflow the stack of a recursive schema: that is a refusal like any other. */
function guarded<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
