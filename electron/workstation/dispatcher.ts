import {
  type CommandArgs,
  type CommandName,
  type CommandResult,
  commands,
  PhosphorError,
  toErrorData,
} from '../../shared/contract/index.ts';
import { type Log, mainThreadTasks } from '../actions/index.ts';
import { firstMistake } from './sliced-validation.ts';

/** One handler per command of the table, no more and no fewer. */
export type Handlers = { readonly [C in CommandName]: (args: CommandArgs<C>) => CommandResult<C> | Promise<CommandResult<C>> };

/** A tag travels in every event of its action. */
const MAX_TAG_CHARACTERS = 64 * 1024;
const MAX_PATH_CHARACTERS = 120;

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
      if (mistake !== undefined) throw new PhosphorError('internal', `${command}: the result breaks the contract at ${short(mistake)}`);
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
    const checked = parse(command, args);
    if (isTagged(checked) && JSON.stringify(checked.tag).length > MAX_TAG_CHARACTERS) {
      throw new PhosphorError('invalid-arguments', 'tag: longer than 64 KiB');
    }
    return this.#handlers[command](checked);
  }
}

function parse<C extends CommandName>(command: C, args: unknown): CommandArgs<C> {
  let parsed: { success: boolean; data?: unknown; error?: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
  try {
    parsed = commands[command].args.safeParse(args);
  } catch {
    // Nesting so deep that a recursive schema runs out of stack.
    throw new PhosphorError('invalid-arguments', 'the arguments are nested too deeply');
  }
  if (parsed.success) return parsed.data as CommandArgs<C>;
  const [issue] = parsed.error?.issues ?? [];
  throw new PhosphorError(
    'invalid-arguments',
    `${short(issue?.path.map(String).join('.') ?? '')}: ${issue?.message.slice(0, 200) ?? 'invalid'}`,
  );
}

const short = (path: string) => path.slice(0, MAX_PATH_CHARACTERS);
const isTagged = (args: unknown): args is { tag: unknown } => typeof args === 'object' && args !== null && 'tag' in args;

/** Where in our code it happened: a place, never a message. */
function firstFrame(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  return /\(?([^()\s]+:\d+:\d+)\)?/.exec(thrown.stack?.split('\n').find((line) => line.startsWith('    at ')) ?? '')?.[1]?.slice(-200);
}
