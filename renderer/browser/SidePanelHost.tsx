import { useApp } from '../app/store.ts';
import { NodeEditor } from '../nodes/NodeEditor.tsx';
import { SettingsPanel } from '../settings/SettingsPanel.tsx';
import { Details } from './Details.tsx';

/** The right side: the selected study, or the form that was asked for. */
export function SidePanelHost() {
  const panel = useApp((state) => state.panel);
  if (panel?.kind === 'node') return <NodeEditor key={panel.nodeId ?? 'new'} nodeId={panel.nodeId} />;
  if (panel?.kind === 'settings') return <SettingsPanel />;
  return <Details />;
}
