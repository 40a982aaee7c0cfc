import './browser.css';
import { Group, Panel, type PanelSize, Separator, useDefaultLayout } from 'react-resizable-panels';
import { Details } from './Details.tsx';
import { Sources } from './Sources.tsx';
import { StudyTable } from './StudyTable.tsx';

/** Sources, studies, and the selected study beside them; the widths are remembered. */
export function Browser() {
  const { defaultLayout, onLayoutChanged } = useDefaultLayout({ id: 'browser', panelIds: PANELS, storage: localStorage });
  return (
    <Group className="browser" orientation="horizontal" defaultLayout={defaultLayout} onLayoutChanged={onLayoutChanged}>
      <Panel id="sources" defaultSize={208} minSize={176} maxSize={400} groupResizeBehavior="preserve-pixel-size">
        <Sources />
      </Panel>
      <Separator className="divider" />
      <Panel id="studies" minSize={480}>
        <StudyTable />
      </Panel>
      <Separator className="divider" />
      <Panel id="details" defaultSize={244} minSize={208} maxSize={520} groupResizeBehavior="preserve-pixel-size" onResize={tellWidth}>
        <Details />
      </Panel>
    </Group>
  );
}

const PANELS = ['sources', 'studies', 'details'];

/** The form over the details covers them exactly. */
function tellWidth(size: PanelSize): void {
  document.documentElement.style.setProperty('--details-width', `${Math.ceil(size.inPixels) + 1}px`);
}
