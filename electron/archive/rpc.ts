import type { Transferable } from 'node:worker_threads';
import type { PhosphorErrorData } from '../../shared/contract/index.ts';
import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';

/** Methods of a thread by name: what it takes and what it answers. */
// biome-ignore lint/suspicious/noExplicitAny: parameters of unknown methods can only be bounded so; callers see the precise type
export type Methods = Record<string, (args: any) => unknown>;

/** One call, as it travels: a discriminated union over the methods' names. */
export type CallMessage<M extends Methods> = {
  readonly [Name in keyof M & string]: {
    readonly type: 'call';
    readonly sequence: number;
    readonly name: Name;
    readonly args: Parameters<M[Name]>[0];
  };
}[keyof M & string];

export type AnswerMessage =
  | { readonly type: 'answer'; readonly sequence: number; readonly ok: true; readonly value: unknown }
  | { readonly type: 'answer'; readonly sequence: number; readonly ok: false; readonly error: PhosphorErrorData };

/** What a thread says unasked. */
export interface EventMessage<Event> {
  readonly type: 'event';
  readonly event: Event;
}

interface Port {
  postMessage(value: unknown, transfer?: readonly Transferable[]): void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PhosphorError) => void;
}

/** The calling side of a port: numbered calls, one answer each. Whoever owns the port hands in its messages and its end. */
export class RpcClient<M extends Methods> {
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  #sequence = 0;
  #dead: PhosphorError | undefined;

  constructor(port: Port) {
    this.#port = port;
  }

  call<Name extends keyof M & string>(
    name: Name,
    args: Parameters<M[Name]>[0],
    transfer: readonly Transferable[] = [],
  ): Promise<Awaited<ReturnType<M[Name]>>> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    this.#sequence += 1;
    const sequence = this.#sequence;
    return new Promise((resolve, reject) => {
      this.#port.postMessage({ type: 'call', sequence, name, args }, transfer);
      // After the post, which throws for what cannot be cloned: nobody would ever answer that one.
      this.#waiting.set(sequence, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  answered(message: AnswerMessage): void {
    const waiting = this.#waiting.get(message.sequence);
    this.#waiting.delete(message.sequence);
    if (message.ok) waiting?.resolve(message.value);
    else waiting?.reject(PhosphorError.from(message.error));
  }

  /** The other side is gone: everything in flight and everything later fails with this. */
  end(error: PhosphorError): void {
    this.#dead = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The answering side: calls a handler and posts what it returns, throws or resolves to. */
export function answer<M extends Methods>(port: Port, handlers: M, message: CallMessage<M>): void {
  const reply = (value: AnswerMessage): void => port.postMessage(value);
  const { sequence } = message;
  const run = async (): Promise<unknown> => {
    const handler = handlers[message.name];
    if (handler === undefined) throw new PhosphorError('internal', 'unknown call between threads');
    return handler(message.args);
  };
  run().then(
    (value) => reply({ type: 'answer', sequence, ok: true, value }),
    (thrown: unknown) => reply({ type: 'answer', sequence, ok: false, error: toErrorData(thrown) }),
  );
}
