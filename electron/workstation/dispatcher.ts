import {
  type CommandArgs,
  type CommandName,
  type CommandResult,
  commands,
  PhosphorError,
  toErrorData,
} from '../../shared/contract/index.ts';
import { type Log, mainThreadTasks } from '../actions/index.ts';
import { checkArguments, shortPath } from './arguments.ts';
import { firstFrame } from './first-frame.ts';
import { firstMistake } from './sliced-validation.ts';

/** One handler per command of the table, no more and no fewer. */
export type Handlers = { readonly [C in CommandName]: (args: CommandArgs<C>) => CommandResult<C> | Promise<CommandResult<C>> };

/**
 * The one way into the workstation: arguments are validated before a handler sees them, results before a client does (events in the
 * event hub). Whatever goes wrong in between becomes a PhosphorError without a word of what was processed.
 */
export class Dispatcher {
  readonly #handlers: Handlers;
  readonly #log: Log;

  constructor(handlers: Handlers, log: Log) {
    this.#handlers = handlers;
    this.#log = log;
  }

  /** @throws PhosphorError, and nothing else */
  async invoke<C extends CommandName>(command: C, args: CommandArgs<C>): Promise<CommandResult<C>> {
    try {
      const result = await mainThreadTasks.run(`command ${String(command).slice(0, 32)}`, () => this.#handle(command, args));
      const mistake = await firstMistake(commands[command].result, result);
      if (mistake !== undefined) throw new PhosphorError('internal', `${command}: the result breaks the contract at ${shortPath(mistake)}`);
      return result;
    } catch (thrown) {
      const error = toErrorData(thrown);
      if (error.kind === 'internal')
        this.#log.error({ command: String(command).slice(0, 32), error, at: firstFrame(thrown) }, 'a command failed unexpectedly');
      throw thrown instanceof PhosphorError ? thrown : PhosphorError.from(error);
    }
  }

  #handle<C extends CommandName>(command: C, args: unknown): CommandResult<C> | Promise<CommandResult<C>> {
    if (typeof command !== 'string' || !Object.hasOwn(commands, command)) throw new PhosphorError('invalid-arguments', 'no such command');
    return this.#handlers[command](checkArguments(command, args));
  }
}
