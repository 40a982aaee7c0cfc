import { catalogue } from '../../i18n/index.ts';
import type { Command } from '../keys.ts';
import { commandId } from './own-keys.ts';
import { sayCommand } from './words.ts';

/** What people call a command. */
export function commandName(command: Command): string {
  if (command.do === 'preset') return sayCommand('preset', { number: command.index + 1 });
  if (command.do === 'tool') return sayCommand('tool', { tool: toolName(command.tool) });
  const id = commandId(command);
  return word('viewer-commands', id.replace(':', '.')) ?? sayCommand('other', { id });
}

function toolName(tool: string): string {
  return word('viewer', `kind.${tool}`) ?? word('viewer-commands', `tools.${tool}`) ?? tool;
}

function word(ns: string, key: string): string | undefined {
  return catalogue.exists(key, { ns }) ? String(catalogue.t(key, { ns })) : undefined;
}
