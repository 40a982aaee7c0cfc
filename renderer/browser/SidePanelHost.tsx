import { useApp } from '../app/store.ts';
import { NodeEditor } from '../nodes/NodeEditor.tsx';
import { SettingsPanel } from '../settings/SettingsPanel.tsx';

/**
 * The form that was asked for, over the right edge. It stands beside the screens, not in them: adding the first PACS turns the first screen
 * into the browser, and the form with its test's answer stays.
 */
export function SidePanelHost() {
  const panel = useApp((state) => state.panel);
  if (panel === undefined) return null;
  return (
    <div className="side-form">
      {panel.kind === 'node' ? <NodeEditor key={panel.nodeId ?? 'new'} nodeId={panel.nodeId} /> : <SettingsPanel />}
    </div>
  );
}
