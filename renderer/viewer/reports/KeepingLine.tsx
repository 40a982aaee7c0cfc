import './reports.css';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useStore } from 'zustand';
import { useSession } from '../layout/use-session.ts';
import { sayReport } from './words.ts';

/** Says that marks are not being saved; nothing while they are. */
export function KeepingLine() {
  const { keeper } = useSession();
  const keeping = useStore(keeper.state, (state) => state.keeping);
  if (keeping === 'kept') return null;
  return (
    <p className="report-keeping" role="status">
      <IconAlertTriangle className="icon" stroke={1.5} aria-hidden="true" />
      {sayReport(`keeping.${keeping}`)}
    </p>
  );
}
