import './reports.css';
import { IconAlertTriangle, IconCamera, IconCheck, IconLayersSubtract, IconReportMedical, IconStar } from '@tabler/icons-react';
import { useStore } from 'zustand';
import { useSession } from '../layout/use-session.ts';
import { SAVED_KINDS } from './saving.ts';
import { sayReport } from './words.ts';

const ICONS = { measurements: IconReportMedical, 'key-images': IconStar, presentation: IconLayersSubtract, capture: IconCamera } as const;

/** What can be made of the marks and the picture, and what came of it. */
export function SavePanel() {
  const session = useSession();
  const { saving } = session;
  const { running, said, saved } = useStore(saving.state);
  const [last] = saved;
  return (
    <section className="report-save" aria-label={sayReport('save.heading')}>
      <h3 className="report-heading">{sayReport('save.heading')}</h3>
      <div className="report-buttons">
        {SAVED_KINDS.map((kind) => {
          const Icon = ICONS[kind];
          return (
            <button
              key={kind}
              type="button"
              className="report-button"
              title={sayReport(`saveHelp.${kind}`)}
              disabled={running !== undefined}
              data-save={kind}
              onClick={() => void saving.save(session, kind)}
            >
              <Icon className="icon" stroke={1.5} aria-hidden="true" />
              {sayReport(`save.${kind}`)}
            </button>
          );
        })}
      </div>
      <div role="status">
        {running !== undefined && <p className="report-said quiet">{sayReport('saving')}</p>}
        {running === undefined && said !== undefined && (
          <p className="report-said" data-failed={said.failed}>
            {said.failed ? (
              <IconAlertTriangle className="icon" stroke={1.5} aria-hidden="true" />
            ) : (
              <IconCheck className="icon" stroke={1.5} aria-hidden="true" />
            )}
            <span>
              {said.sentence}
              {last !== undefined && (
                <button type="button" className="report-all" onClick={() => session.show(session.state.getState().active, last)}>
                  {sayReport('show')}
                </button>
              )}
            </span>
          </p>
        )}
      </div>
    </section>
  );
}
