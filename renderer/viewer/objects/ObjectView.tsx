import { IconAlertTriangle } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import { useSession } from '../layout/use-session.ts';
import type { StackFrame } from '../stack.ts';
import { sayOr } from '../words.ts';
import { objectKind } from './kinds.ts';
import './objects.css';
import { openTags } from './tags/sheet-state.ts';
import type { Loaded } from './use-object.ts';
import { sayObject } from './words.ts';

const ReportView = lazy(() => import('./sr/ReportView.tsx').then((room) => ({ default: room.ReportView })));
const DocumentView = lazy(() => import('./document/DocumentView.tsx').then((room) => ({ default: room.DocumentView })));
const WaveformView = lazy(() => import('./waveform/WaveformView.tsx').then((room) => ({ default: room.WaveformView })));
const StructuresView = lazy(() => import('./radiotherapy/StructuresView.tsx').then((room) => ({ default: room.StructuresView })));
const ElementsView = lazy(() => import('./tags/ElementsView.tsx').then((room) => ({ default: room.ElementsView })));

/** An instance without a picture, shown as what it is; what has no view of its own as its elements. */
export function ObjectView({ frame, pane }: { readonly frame: StackFrame; readonly pane: string }) {
  const { sopInstanceUID, sopClassUID } = frame.instance;
  const kind = objectKind(sopClassUID);
  const props = { key: sopInstanceUID, sopInstanceUID, pane };
  return (
    <Suspense fallback={<p className="viewer-waiting">{sayObject('loading')}</p>}>
      {kind === 'report' ? (
        <ReportView {...props} />
      ) : kind === 'document' ? (
        <DocumentView {...props} />
      ) : kind === 'waveform' ? (
        <WaveformView {...props} />
      ) : kind === 'structures' ? (
        <StructuresView {...props} />
      ) : (
        <ElementsView {...props} />
      )}
    </Suspense>
  );
}

/** What stands in a pane while an object is read, and when it cannot be. */
export function NotThere({ loaded, pane }: { readonly loaded: Exclude<Loaded<unknown>, { state: 'there' }>; readonly pane: string }) {
  const session = useSession();
  if (loaded.state === 'loading') return <p className="viewer-waiting">{sayObject('loading')}</p>;
  return (
    <div className="viewer-tile" role="status">
      <IconAlertTriangle className="icon warn" aria-hidden="true" />
      <div>
        <strong>{sayObject('failed')}</strong>
        <p className="soft">{sayOr(`reason.${loaded.error}`, 'reason.other')}</p>
        <p className="soft">{sayObject('failedNext')}</p>
        <span className="object-actions">
          <button type="button" className="viewer-button" onPointerDown={(event) => event.stopPropagation()} onClick={loaded.retry}>
            {sayObject('retry')}
          </button>
          <button
            type="button"
            className="viewer-button"
            onPointerDown={(event) => event.stopPropagation()}
            onClick={() => openTags(session, pane)}
          >
            {sayObject('tags')}
          </button>
        </span>
      </div>
    </div>
  );
}
