import { catalogue } from '../i18n/index.ts';
import { forModality, preferences } from './preferences/preferences.ts';

/** A window that one key sets. `label`: a key of the catalogue, or what the reader calls it. */
export interface Preset {
  readonly label: string;
  readonly center: number;
  readonly width: number;
}

/** By modality; the first has key 1. Modalities that are not listed use the windows of the file. */
const PRESETS: Readonly<Partial<Record<string, readonly Preset[]>>> = {
  CT: [
    { label: 'brain', center: 40, width: 80 },
    { label: 'lung', center: -600, width: 1500 },
    { label: 'bone', center: 480, width: 2500 },
    { label: 'abdomen', center: 60, width: 400 },
    { label: 'mediastinum', center: 50, width: 350 },
    { label: 'liver', center: 90, width: 150 },
    { label: 'subdural', center: 80, width: 250 },
    { label: 'stroke', center: 35, width: 35 },
    { label: 'angiography', center: 300, width: 800 },
  ],
};

/** The reader's own, else the program's. */
export function presetsOf(modality: string): readonly Preset[] {
  return forModality(preferences().presets, modality) ?? builtInPresets(modality);
}

export function builtInPresets(modality: string): readonly Preset[] {
  return PRESETS[modality] ?? [];
}

/** The program's windows have words in the catalogue; the reader's own are called as the reader wrote. */
export function presetName(label: string): string {
  const key = `preset.${label}`;
  return /^[a-z]+$/.test(label) && catalogue.exists(key, { ns: 'viewer' }) ? String(catalogue.t(key, { ns: 'viewer' })) : label;
}
