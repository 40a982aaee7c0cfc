import { IconActivityHeartbeat, IconFileDescription, IconListTree, IconReportMedical, IconTopologyRing } from '@tabler/icons-react';
import { type ObjectKind, objectKind } from './kinds.ts';

const ICONS: Readonly<Record<ObjectKind, typeof IconListTree>> = {
  report: IconReportMedical,
  document: IconFileDescription,
  waveform: IconActivityHeartbeat,
  structures: IconTopologyRing,
  segmentation: IconListTree,
  dose: IconListTree,
  other: IconListTree,
};

/** Stands in the strip for what has no picture of its own. */
export function ObjectIcon({ sopClassUID }: { readonly sopClassUID: string }) {
  const Icon = ICONS[objectKind(sopClassUID)];
  return <Icon className="object-icon" size={36} stroke={1.25} aria-hidden="true" />;
}
