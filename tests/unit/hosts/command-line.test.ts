import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../electron/hosts/cli/command-table.ts';
import { helpText, parseCommandLine, UsageError } from '../../../electron/hosts/cli/parse-command-line.ts';

const words = (line: string): string[] => line.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];

describe('help', () => {
  test.each(Object.entries(COMMANDS))('%s is explained with an example that can be typed', (command, spec) => {
    expect(helpText('all')).toContain(spec.example);
    const line = parseCommandLine(words(spec.example).slice(1));
    expect(line).toMatchObject({ command });
    expect(parseCommandLine([...spec.words, '--help'])).toEqual({ help: command });
  });

  test.each([[[]], [['--help']], [['-h']], [['help']]])('%j shows every command', (args) => {
    expect(parseCommandLine(args)).toEqual({ help: 'all' });
  });
});

test.each([
  ['ecco MAIN', 'did you mean `phosphor echo`?'],
  ['nod list', 'did you mean `phosphor node list`?'],
  ['frobnicate', '`phosphor --help` lists the commands'],
  ['node', 'add, list, remove or secret'],
  ['archive check', 'verify, rebuild, stats, delete,'],
  ['find', 'needs NODE'],
  ['find MAIN --patientname X', 'did you mean --patient-name?'],
  ['find MAIN OTHER', 'does not know what to do with "OTHER"'],
  ['retrieve MAIN', 'needs --study UID'],
  ['node add MAIN --host --port 104 --ae X', '--host needs a value'],
  ['echo MAIN --json=1', '--json takes no value'],
  ['find MAIN --study', '--study needs a value'],
  ['list --to X', 'has no option --to'],
])('%s is answered with what to type instead', (line, sentence) => {
  expect(() => parseCommandLine(words(line))).toThrow(UsageError);
  expect(() => parseCommandLine(words(line))).toThrow(sentence);
});

test('options of every command may stand anywhere', () => {
  expect(parseCommandLine(words('--profile echo echo MAIN --json'))).toMatchObject({
    command: 'echo',
    positionals: ['MAIN'],
    options: { profile: 'echo', json: true },
  });
  expect(parseCommandLine(words('find --level series MAIN'))).toMatchObject({ command: 'find', positionals: ['MAIN'] });
});

test('an option can have an empty value or one that starts with a dash', () => {
  expect(parseCommandLine(['find', 'MAIN', '--date=-20261231'])).toMatchObject({ options: { date: '-20261231' } });
  expect(parseCommandLine(['find', 'MAIN', '--date', '-20261231'])).toMatchObject({ options: { date: '-20261231' } });
});
