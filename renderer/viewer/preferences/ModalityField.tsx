import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { sayPreference } from './words.ts';

interface ModalityFieldProps {
  readonly value: string;
  readonly known: readonly string[];
  choose(modality: string): void;
}

/** For which modality; `*` = any that has no entry of its own. */
export function ModalityField({ value, known, choose }: ModalityFieldProps) {
  const [typed, setTyped] = useState('');
  const all = [...new Set(['*', ...known, value])].filter((one) => one !== '');
  const wanted = typed.trim().toUpperCase();
  return (
    <>
      <NativeSelect
        aria-label={sayPreference('modality')}
        value={value}
        data={all.map((one) => ({ value: one, label: one === '*' ? sayPreference('anyModality') : one }))}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      <TextInput
        className="preference-modality"
        aria-label={sayPreference('addModality')}
        title={sayPreference('addModalityHelp')}
        placeholder={sayPreference('addModality')}
        value={typed}
        maxLength={16}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !/^[A-Z0-9_]{1,16}$/.test(wanted)) return;
          choose(wanted);
          setTyped('');
        }}
      />
    </>
  );
}
