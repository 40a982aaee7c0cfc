/** A window that one key sets. `label` is a key of the catalogue. */
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

export function presetsOf(modality: string): readonly Preset[] {
  return PRESETS[modality] ?? [];
}
