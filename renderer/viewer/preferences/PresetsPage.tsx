import { Button } from '@mantine/core';
import { IconArrowUp, IconTrash } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { type ViewerSettings, type WindowPreset, windowPreset } from '../../../shared/contract/index.ts';
import { IconButton } from '../../ui/IconButton.tsx';
import { builtInPresets, type Preset, presetName } from '../presets.ts';
import type { Window } from '../voi.ts';
import { ModalityField } from './ModalityField.tsx';
import { sayPreference } from './words.ts';

interface PresetsPageProps {
  readonly own: ViewerSettings['presets'];
  readonly modality: string;
  /** The window of the active pane. */
  readonly shown: Window | undefined;
  change(presets: ViewerSettings['presets']): void;
}

const MOST = 9;

/** The windows of the keys 1 to 9, for each modality. What is typed holds as soon as it makes sense. */
export function PresetsPage({ own, modality: first, shown, change }: PresetsPageProps) {
  const [modality, setModality] = useState(first);
  const program = useMemo(() => named(builtInPresets(modality)), [modality]);
  const list = (Object.hasOwn(own, modality) ? own[modality] : undefined) ?? program;
  const set = (next: readonly WindowPreset[]) => change({ ...own, [modality]: [...next] });
  const add = (center: number, width: number) =>
    set([...list, { label: sayPreference('presets.help', { number: list.length + 1 }), center, width }]);
  return (
    <>
      <div className="preference-bar">
        <ModalityField
          value={modality}
          known={['CT', 'MR', 'PT', 'CR', 'DX', 'MG', 'NM', 'XA', ...Object.keys(own)]}
          choose={setModality}
        />
        <Button
          disabled={!Object.hasOwn(own, modality)}
          onClick={() => change(Object.fromEntries(Object.entries(own).filter(([other]) => other !== modality)))}
        >
          {sayPreference('presets.reset')}
        </Button>
      </div>
      {list.length === 0 ? (
        <p className="quiet">{sayPreference('presets.none')}</p>
      ) : (
        <div className="preference-presets" data-modality={modality}>
          <span className="quiet">{sayPreference('presets.head.key')}</span>
          <span className="quiet">{sayPreference('presets.head.name')}</span>
          <span className="quiet">{sayPreference('presets.head.width')}</span>
          <span className="quiet">{sayPreference('presets.head.center')}</span>
          <span />
          {list.map((preset, index) => (
            <PresetRow
              // biome-ignore lint/suspicious/noArrayIndexKey: a preset is its place: the key that sets it
              key={`${modality} ${index}`}
              number={index + 1}
              preset={preset}
              change={(next) => set(list.map((one, at) => (at === index ? next : one)))}
              remove={() => set(list.filter((_, at) => at !== index))}
              up={index === 0 ? undefined : () => set(swapped(list, index))}
            />
          ))}
        </div>
      )}
      <div className="preference-bar">
        <Button disabled={list.length >= MOST} onClick={() => add(40, 400)}>
          {sayPreference('presets.add')}
        </Button>
        {shown !== undefined && (
          <Button disabled={list.length >= MOST} onClick={() => add(shown.center, shown.width)}>
            {sayPreference('presets.addShown', { width: rounded(shown.width), center: rounded(shown.center) })}
          </Button>
        )}
      </div>
    </>
  );
}

interface PresetRowProps {
  readonly number: number;
  readonly preset: WindowPreset;
  change(next: WindowPreset): void;
  remove(): void;
  readonly up: (() => void) | undefined;
}

function PresetRow({ number, preset, change, remove, up }: PresetRowProps) {
  const kept = { label: preset.label, width: String(preset.width), center: String(preset.center) };
  const [draft, setDraft] = useState(kept);
  const [from, setFrom] = useState(preset);
  if (from !== preset) {
    setFrom(preset);
    setDraft(kept);
  }
  const read = windowPreset.safeParse({ label: draft.label, width: toNumber(draft.width), center: toNumber(draft.center) });
  const done = () => {
    if (read.success && JSON.stringify(read.data) !== JSON.stringify(preset)) change(read.data);
  };
  const field = (name: 'label' | 'width' | 'center', label: string) => (
    <input
      className="preference-field numbers"
      aria-label={label}
      aria-invalid={!read.success}
      value={draft[name]}
      maxLength={40}
      inputMode={name === 'label' ? 'text' : 'decimal'}
      onChange={(event) => setDraft({ ...draft, [name]: event.currentTarget.value })}
      onBlur={done}
      onKeyDown={(event) => event.key === 'Enter' && done()}
    />
  );
  return (
    <>
      <kbd className="key">{number}</kbd>
      {field('label', sayPreference('presets.name', { number }))}
      {field('width', sayPreference('presets.width', { number }))}
      {field('center', sayPreference('presets.center', { number }))}
      <span className="preference-held">
        <IconButton small label={sayPreference('presets.up', { number })} onClick={() => up?.()}>
          <IconArrowUp size={14} aria-hidden="true" />
        </IconButton>
        <IconButton small label={sayPreference('presets.remove', { number })} onClick={remove}>
          <IconTrash size={14} aria-hidden="true" />
        </IconButton>
      </span>
      {!read.success && <p className="preference-wrong error">{sayPreference('presets.invalid')}</p>}
    </>
  );
}

/** The program's own windows, called as the menu calls them. */
function named(presets: readonly Preset[]): WindowPreset[] {
  return presets.map(({ label, center, width }) => ({ label: presetName(label), center, width }));
}

function swapped(list: readonly WindowPreset[], index: number): WindowPreset[] {
  const next = [...list];
  const [one, other] = [next[index - 1], next[index]];
  if (one !== undefined && other !== undefined) {
    next[index - 1] = other;
    next[index] = one;
  }
  return next;
}

/** Both the point and the comma are written for decimals. */
function toNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text.trim().replace(',', '.').replace('−', '-'));
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
