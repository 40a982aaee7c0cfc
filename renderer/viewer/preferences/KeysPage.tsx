import { Button, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconArrowBackUp, IconPlus, IconX } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { ViewerSettings } from '../../../shared/contract/index.ts';
import { IconButton } from '../../ui/IconButton.tsx';
import { COMMANDS, type Command, displayed, KEYS } from '../keys.ts';
import { commandName } from './command-name.ts';
import { combinationOf, commandId, conflictsOf, isReserved, pressedCombination, withOwnKeys } from './own-keys.ts';
import { sayPreference } from './words.ts';

interface KeysPageProps {
  readonly own: ViewerSettings['keys'];
  change(keys: ViewerSettings['keys']): void;
}

/** Every command with its keys: searched by either, changed by pressing the new one. */
export function KeysPage({ own, change }: KeysPageProps) {
  const [search, setSearch] = useState('');
  const [asking, setAsking] = useState<string>();
  const [refused, setRefused] = useState<string>();
  const table = useMemo(() => withOwnKeys(KEYS, COMMANDS, own), [own]);
  const conflicts = useMemo(() => conflictsOf(table), [table]);
  const keysOf = (command: Command) => table.filter((one) => commandId(one.command) === commandId(command));
  const wanted = search.trim().toLowerCase();
  const shown = COMMANDS.filter(
    (command) =>
      command.do !== 'close' &&
      (wanted === '' ||
        commandName(command).toLowerCase().includes(wanted) ||
        keysOf(command).some((key) => displayed(key).toLowerCase() === wanted)),
  );
  const set = (command: Command, combinations: readonly string[]) =>
    change({ ...own, [commandId(command)]: [...combinations].slice(0, 4) });
  const without = (command: Command, combination: string) =>
    set(
      command,
      keysOf(command)
        .map(combinationOf)
        .filter((one) => one !== combination),
    );
  const onlyHere = (command: Command, combination: string) => {
    const next = { ...own };
    for (const other of conflicts.get(combination) ?? []) {
      if (commandId(other) === commandId(command)) continue;
      next[commandId(other)] = keysOf(other)
        .map(combinationOf)
        .filter((one) => one !== combination);
    }
    next[commandId(command)] = keysOf(command).map(combinationOf);
    change(next);
  };
  const press = (command: Command, event: React.KeyboardEvent) => {
    if (event.key === 'Tab' && event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') {
      setAsking(undefined);
      return;
    }
    const combination = pressedCombination(event);
    if (combination === undefined) return;
    setAsking(undefined);
    if (isReserved(combination)) setRefused(combination);
    else {
      setRefused(undefined);
      const before = keysOf(command).map(combinationOf);
      if (!before.includes(combination)) set(command, [...before, combination]);
    }
  };
  return (
    <>
      <div className="preference-bar">
        <TextInput
          className="preference-search"
          aria-label={sayPreference('keys.search')}
          placeholder={sayPreference('keys.search')}
          value={search}
          data-autofocus
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Button disabled={Object.keys(own).length === 0} onClick={() => change({})}>
          {sayPreference('keys.resetAll')}
        </Button>
      </div>
      <p className="quiet" role="status">
        {refused !== undefined ? (
          <span className="error">{sayPreference('keys.reserved', { key: refused })}</span>
        ) : conflicts.size > 0 ? (
          <span className="warn">{sayPreference('keys.conflicts', { count: conflicts.size })}</span>
        ) : (
          sayPreference('keys.fixed')
        )}
      </p>
      <ul className="preference-keys" aria-label={sayPreference('tabs.keys')}>
        {shown.map((command) => {
          const id = commandId(command);
          const name = commandName(command);
          return (
            <li key={id} data-command={id}>
              <span className="preference-name">{name}</span>
              <span className="preference-held">
                {keysOf(command).map((key) => {
                  const combination = combinationOf(key);
                  const others = (conflicts.get(combination) ?? []).filter((other) => commandId(other) !== id);
                  return (
                    <span key={combination} className="preference-key" data-conflict={others.length > 0}>
                      <kbd className="key">{displayed(key)}</kbd>
                      <IconButton
                        small
                        label={sayPreference('keys.remove', { key: displayed(key), command: name })}
                        onClick={() => without(command, combination)}
                      >
                        <IconX size={12} aria-hidden="true" />
                      </IconButton>
                      {others.length > 0 && (
                        <span className="preference-conflict warn">
                          <IconAlertTriangle size={12} aria-hidden="true" />
                          {sayPreference('keys.conflict', { key: displayed(key), others: others.map(commandName).join(', ') })}
                          <button type="button" className="preference-link" onClick={() => onlyHere(command, combination)}>
                            {sayPreference('keys.take')}
                          </button>
                        </span>
                      )}
                    </span>
                  );
                })}
                {keysOf(command).length === 0 && asking !== id && <span className="quiet">{sayPreference('keys.none')}</span>}
                {asking === id ? (
                  <input
                    className="preference-press"
                    aria-label={sayPreference('keys.set', { command: name })}
                    placeholder={sayPreference('keys.press')}
                    readOnly
                    ref={(field) => field?.focus()}
                    onKeyDown={(event) => press(command, event)}
                    onBlur={() => setAsking(undefined)}
                  />
                ) : (
                  <IconButton small label={sayPreference('keys.set', { command: name })} onClick={() => setAsking(id)}>
                    <IconPlus size={14} aria-hidden="true" />
                  </IconButton>
                )}
                {Object.hasOwn(own, id) && (
                  <IconButton
                    small
                    label={sayPreference('keys.reset')}
                    onClick={() => change(Object.fromEntries(Object.entries(own).filter(([other]) => other !== id)))}
                  >
                    <IconArrowBackUp size={14} aria-hidden="true" />
                  </IconButton>
                )}
              </span>
            </li>
          );
        })}
      </ul>
      {shown.length === 0 && <p className="quiet">{sayPreference('keys.nothing')}</p>}
    </>
  );
}
