import { useState } from 'react';
import { say } from '../words.ts';
import { forgetRule, savedRules } from './hanging.ts';
import { useSession } from './use-session.ts';

/** Keeps the arrangement on the screen for studies like this one, and lets go of one that was kept. */
export function HangingMenu() {
  const session = useSession();
  const [, setRevision] = useState(0);
  const kind = session.hanger.kind();
  if (kind === undefined) return null;
  const saved = savedRules().find(({ modality, bodyPart }) => modality === kind.modality && bodyPart === kind.bodyPart);
  const name = [kind.modality, kind.bodyPart].filter(Boolean).join(' ');
  const refresh = () => setRevision((revision) => revision + 1);
  return (
    <div className="viewer-picker-hanging">
      <button
        type="button"
        className="viewer-button"
        onClick={() => {
          session.hanger.save();
          refresh();
        }}
      >
        {say('hangingSave', { name })}
      </button>
      {saved !== undefined && (
        <button
          type="button"
          className="viewer-button"
          onClick={() => {
            forgetRule(saved);
            refresh();
          }}
        >
          {say('hangingForget', { name })}
        </button>
      )}
    </div>
  );
}
