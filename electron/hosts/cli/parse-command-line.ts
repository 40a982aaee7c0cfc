import { parseArgs } from 'node:util';
import { type CliCommand, COMMANDS, type CommandSpec, GLOBAL_OPTIONS, OPTIONS, type OptionName, type OptionSpec } from './command-table.ts';

/** A command line that was understood. */
export interface CommandLine {
  readonly command: CliCommand;
  readonly positionals: readonly string[];
  readonly options: Readonly<Partial<Record<OptionName, string | boolean>>>;
}

/** A command line that was not: one sentence that says what to type instead. */
export class UsageError extends Error {}

/**
 * Reads the arguments after `phosphor`. `help` = the text to print was asked for (of one command, or of all). Throws UsageError.
 */
export function parseCommandLine(args: readonly string[]): CommandLine | { readonly help: CliCommand | 'all' } {
  const leading = leadingWords(args);
  const words = leading.map((index) => args[index] ?? '');
  const command = commandNamed(words);
  if (command === undefined) {
    if (words.length === 0 && (args.length === 0 || args.includes('--help') || args.includes('-h'))) return { help: 'all' };
    if (words[0] === 'help') return { help: commandNamed(words.slice(1)) ?? 'all' };
    throw new UsageError(unknownCommand(words));
  }
  const spec: CommandSpec = COMMANDS[command];
  const allowed = [...new Set<OptionName>([...spec.options, ...GLOBAL_OPTIONS])];
  const { values, positionals, tokens } = parseArgs({
    args: args.filter((_, index) => !leading.slice(0, spec.words.length).includes(index)),
    options: Object.fromEntries(
      allowed.map((name) => [name, { type: 'value' in OPTIONS[name] ? 'string' : 'boolean', ...(name === 'help' ? { short: 'h' } : {}) }]),
    ) as Record<string, { type: 'string' | 'boolean'; short?: string }>,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  if (values.help === true) return { help: command };
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const name = allowed.find((candidate) => candidate === token.name);
    if (name === undefined) throw new UsageError(unknownOption(command, token.rawName, allowed));
    if ('value' in OPTIONS[name] !== (token.value !== undefined)) {
      throw new UsageError(`--${name} ${'value' in OPTIONS[name] ? `needs a value: --${name} ${OPTIONS[name].value}` : 'takes no value'}.`);
    }
    // parseArgs takes a following option for the value: `--host --port 104` forgot the host.
    if (typeof token.value === 'string' && token.inlineValue === false && /^--[a-z]/.test(token.value)) {
      throw new UsageError(`--${name} needs a value before ${token.value}.`);
    }
  }
  for (const name of spec.required ?? []) {
    if (values[name] === undefined)
      throw new UsageError(`phosphor ${command} needs --${name} ${placeholder(name)}, for example: ${spec.example}`);
  }
  checkPositionals(command, spec, positionals);
  return { command, positionals, options: values as CommandLine['options'] };
}

/** The text of `phosphor --help` or `phosphor COMMAND --help`, made from the table. */
export function helpText(about: CliCommand | 'all'): string {
  if (about !== 'all') {
    const spec: CommandSpec = COMMANDS[about];
    const own = spec.options.filter((name) => !(GLOBAL_OPTIONS as readonly string[]).includes(name));
    const lines = [
      ...(about === 'node add' ? (['port'] as const) : []),
      ...own,
      ...GLOBAL_OPTIONS.filter((name) => about !== 'node add' || name !== 'port'),
    ];
    return [`${synopsis(about)}\n    ${spec.summary}\n`, `Example: ${spec.example}\n`, 'Options:', ...lines.map(optionLine)].join('\n');
  }
  const commands = (Object.keys(COMMANDS) as CliCommand[]).map(
    (command) => `  ${synopsis(command)}\n      ${COMMANDS[command].summary}\n      e.g. ${COMMANDS[command].example}`,
  );
  return [
    'phosphor: the PACS workstation without its window\n',
    'Commands:',
    ...commands,
    '\nOptions:',
    ...(Object.keys(OPTIONS) as OptionName[]).map(optionLine),
    '\nExit code: 0 success, 2 partial or unconfirmed, 1 otherwise.',
  ].join('\n');
}

function synopsis(command: CliCommand): string {
  const spec: CommandSpec = COMMANDS[command];
  const options = spec.options.map((name) => {
    const text = `--${name} ${placeholder(name)}`;
    return spec.required?.includes(name) ? text : `[${text}]`;
  });
  return ['phosphor', command, ...spec.positionals, ...options].join(' ');
}

function optionLine(name: OptionName): string {
  return `  ${`--${name} ${placeholder(name)}`.trimEnd().padEnd(36)} ${OPTIONS[name].help}`;
}

function placeholder(name: OptionName): string {
  const option: OptionSpec = OPTIONS[name];
  return option.value ?? '';
}

/** Where the command's words stand (at most two): it comes first, only options of every command may stand before it. */
function leadingWords(args: readonly string[]): number[] {
  const words: number[] = [];
  for (let index = 0; index < args.length && words.length < 2; index += 1) {
    const arg = args[index] ?? '';
    const option = GLOBAL_OPTIONS.find((name) => `--${name}` === arg);
    if (option !== undefined && 'value' in OPTIONS[option]) index += 1;
    else if (!arg.startsWith('-')) words.push(index);
    else if (option === undefined && words.length === 0 && !arg.includes('=')) break;
  }
  return words;
}

function commandNamed(words: readonly string[]): CliCommand | undefined {
  const names = Object.keys(COMMANDS) as CliCommand[];
  return names.find((name) => name === words.slice(0, 2).join(' ')) ?? names.find((name) => name === words[0]);
}

function unknownCommand(words: readonly string[]): string {
  const given = words.slice(0, 2).join(' ');
  const group = (Object.keys(COMMANDS) as CliCommand[]).filter((name) => name.startsWith(`${words[0]} `));
  if (group.length > 0) return `phosphor ${words[0]} is followed by ${list(group.map((name) => name.split(' ')[1] ?? ''))}.`;
  const near = nearest(given, Object.keys(COMMANDS)) ?? nearest(words[0] ?? '', Object.keys(COMMANDS));
  const hint = near === undefined ? '`phosphor --help` lists the commands' : `did you mean \`phosphor ${near}\``;
  return `There is no command "${words[0] ?? ''}"; ${hint}${near === undefined ? '.' : '?'}`;
}

function unknownOption(command: CliCommand, given: string, allowed: readonly string[]): string {
  const near = nearest(given.replace(/^-+/, ''), allowed);
  const hint = near === undefined ? `\`phosphor ${command} --help\` lists its options.` : `did you mean --${near}?`;
  return `phosphor ${command} has no option ${given}; ${hint}`;
}

function checkPositionals(command: CliCommand, spec: CommandSpec, given: readonly string[]): void {
  const many = spec.positionals.at(-1)?.endsWith('…') === true;
  if (given.length < spec.positionals.length) {
    throw new UsageError(`phosphor ${command} needs ${list(spec.positionals.slice(given.length))}, for example: ${spec.example}`);
  }
  if (!many && given.length > spec.positionals.length) {
    throw new UsageError(
      `phosphor ${command} does not know what to do with "${given[spec.positionals.length] ?? ''}"; for example: ${spec.example}`,
    );
  }
}

function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** The candidate within two edits of `word`, if there is one. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let distance = Math.min(3, word.length);
  for (const candidate of candidates) {
    const found = candidate.startsWith(word) && word.length >= 2 ? 1 : edits(word, candidate);
    if (found < distance) {
      best = candidate;
      distance = found;
    }
  }
  return best;
}

/** Levenshtein distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
