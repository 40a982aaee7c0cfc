/** Objects that the viewer shows in a way of their own. */
export type ObjectKind = 'report' | 'document' | 'waveform' | 'segmentation' | 'structures' | 'dose' | 'other';

const STORAGE = '1.2.840.10008.5.1.4.1.1.';

const EXACT: Readonly<Partial<Record<string, ObjectKind>>> = {
  [`${STORAGE}66.4`]: 'segmentation',
  [`${STORAGE}66.7`]: 'segmentation',
  [`${STORAGE}481.2`]: 'dose',
  [`${STORAGE}481.3`]: 'structures',
};

/** By SOP class: families of them share their beginning (PS3.4 B.5). */
export function objectKind(sopClassUID: string): ObjectKind {
  const exact = EXACT[sopClassUID];
  if (exact !== undefined) return exact;
  if (sopClassUID.startsWith(`${STORAGE}88.`)) return 'report';
  if (sopClassUID.startsWith(`${STORAGE}104.`)) return 'document';
  return sopClassUID.startsWith(`${STORAGE}9.`) ? 'waveform' : 'other';
}
