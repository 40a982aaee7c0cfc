import {
  type CommandName,
  type Contract,
  type PhosphorErrorData,
  type ResponseMessage,
  requestMessage,
  toErrorData,
} from '../../shared/contract/index.ts';

/** A request of the right form. Its arguments are still what the client sent. */
export interface Request {
  readonly id: number;
  readonly command: CommandName;
  readonly args: unknown;
}

export type Answer = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: PhosphorErrorData };

const MALFORMED: PhosphorErrorData = { kind: 'invalid-arguments', message: 'not a request of the contract', retryable: false };

/**
 * One message of a client from end to end, on the main thread. The hosts read the form of a message only: arguments, results and events are
 * validated by the workstation itself, which no client gets around. Never rejects; a message without a usable `id` has no answer.
 */
export async function answerMessage(contract: Contract, message: unknown): Promise<ResponseMessage | undefined> {
  const request = readRequest(message);
  if (request === undefined || 'ok' in request) return request;
  return { kind: 'response', id: request.id, ...(await carryOut(contract, request)) };
}

/** What a client asks for. Answers with the refusal where it is no request, with nothing where there is no one to answer. Never throws. */
export function readRequest(message: unknown): Request | ResponseMessage | undefined {
  const { success, data } = requestMessage.safeParse(message);
  if (success) return { id: data.id, command: data.command, args: data.args };
  const id = typeof message === 'object' && message !== null && 'id' in message ? message.id : undefined;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) return undefined;
  return { kind: 'response', id, ok: false, error: MALFORMED };
}

/** Carries a request out. Whatever is thrown becomes error data without text from outside. */
export async function carryOut(contract: Contract, { command, args }: Pick<Request, 'command' | 'args'>): Promise<Answer> {
  try {
    return { ok: true, result: await contract.invoke(command, args as never) };
  } catch (thrown) {
    return { ok: false, error: toErrorData(thrown) };
  }
}
