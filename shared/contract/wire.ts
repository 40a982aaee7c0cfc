import { z } from 'zod';
import { type CommandArgs, type CommandName, type CommandResult, commands } from './commands.ts';
import { phosphorError } from './errors.ts';
import { type ContractEvent, contractEvent } from './events.ts';
import { count } from './primitives.ts';

/**
 * Messages of every transport (WebSocket, local socket; Electron's IPC carries the same objects). `args`, `result` and `event` are
 * validated against the command table by client and dispatcher, not here.
 */
const commandName = z.custom<CommandName>((value) => typeof value === 'string' && Object.hasOwn(commands, value), 'unknown command');

export const requestMessage = z.strictObject({ kind: z.literal('request'), id: count, command: commandName, args: z.unknown() });
export const responseMessage = z.discriminatedUnion('ok', [
  z.strictObject({ kind: z.literal('response'), id: count, ok: z.literal(true), result: z.unknown() }),
  z.strictObject({ kind: z.literal('response'), id: count, ok: z.literal(false), error: phosphorError }),
]);
export const eventMessage = z.strictObject({ kind: z.literal('event'), event: contractEvent });

export type RequestMessage = z.infer<typeof requestMessage>;
export type ResponseMessage = z.infer<typeof responseMessage>;
export type EventMessage = { kind: 'event'; event: ContractEvent };

/** One message of text may not be longer than this (characters). */
export const MAX_MESSAGE = 64 * 1024 * 1024;
/** A request may not be longer than this. */
export const MAX_REQUEST = 4 * 1024 * 1024;

/** The contract as a caller sees it. Both the Workstation (main side) and the clients implement it. */
export interface Contract {
  /** Throws PhosphorError. */
  invoke<C extends CommandName>(command: C, args: CommandArgs<C>): Promise<CommandResult<C>>;
  /** Called for every event in `seq` order. Returns the function that ends the subscription. */
  subscribe(listener: (event: ContractEvent) => void): () => void;
}
