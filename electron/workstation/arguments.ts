import { type CommandArgs, type CommandName, commands, PhosphorError } from '../../shared/contract/index.ts';

/** A tag travels in every event of its action. */
const MAX_TAG_CHARACTERS = 64 * 1024;
const MAX_PATH_CHARACTERS = 120;

/**
 * The arguments of a command as its schema wants them.
 * @throws PhosphorError `invalid-arguments`, with the short path of the first mistake and nothing of what was sent
 */
export function checkArguments<C extends CommandName>(command: C, args: unknown): CommandArgs<C> {
  let parsed: { success: boolean; data?: unknown; error?: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
  try {
    parsed = commands[command].args.safeParse(args);
  } catch {
    // Nesting so deep that a recursive schema runs out of stack.
    throw new PhosphorError('invalid-arguments', 'the arguments are nested too deeply');
  }
  if (!parsed.success) {
    const [issue] = parsed.error?.issues ?? [];
    const path = shortPath(issue?.path.map(String).join('.') ?? '');
    throw new PhosphorError('invalid-arguments', `${path}: ${issue?.message.slice(0, 200) ?? 'invalid'}`);
  }
  if (isTagged(parsed.data) && JSON.stringify(parsed.data.tag).length > MAX_TAG_CHARACTERS) {
    throw new PhosphorError('invalid-arguments', 'tag: longer than 64 KiB');
  }
  return parsed.data as CommandArgs<C>;
}

/** Names in a path may come from outside: bounded. */
export const shortPath = (path: string) => path.slice(0, MAX_PATH_CHARACTERS);
const isTagged = (args: unknown): args is { tag: unknown } => typeof args === 'object' && args !== null && 'tag' in args;
