import { IconListTree, IconPhoto } from '@tabler/icons-react';
import { useState } from 'react';
import { useSession } from '../../layout/use-session.ts';
import { css } from '../colours.ts';
import { NotThere } from '../ObjectView.tsx';
import { showOnImages } from '../overlays/open-series.ts';
import { Sheet } from '../Sheet.tsx';
import { openTags } from '../tags/sheet-state.ts';
import { useObject } from '../use-object.ts';
import { sayObject } from '../words.ts';
import { readStructures } from './structures.ts';

/** A structure set whose images are not open: what it delineates. */
export function StructuresView({ sopInstanceUID, pane }: { readonly sopInstanceUID: string; readonly pane: string }) {
  const session = useSession();
  const loaded = useObject(sopInstanceUID, readStructures);
  const [away, setAway] = useState(false);
  if (loaded.state !== 'there') return <NotThere loaded={loaded} pane={pane} />;
  const { regions, title } = loaded.value;
  const show = () =>
    void showOnImages(session, pane, sopInstanceUID).then(
      (shown) => setAway(!shown),
      () => setAway(true),
    );
  return (
    <Sheet
      label={title || sayObject('overlay.structures')}
      kind="structures"
      bar={
        <>
          <span className="object-title">
            <bdi>{title || sayObject('overlay.structures')}</bdi>
          </span>
          <span className="spacer" />
          <button type="button" className="object-button" onClick={show}>
            <IconPhoto size={14} aria-hidden="true" />
            {sayObject('overlay.show')}
          </button>
          <button type="button" className="object-button" onClick={() => openTags(session, pane)}>
            <IconListTree size={14} aria-hidden="true" />
            {sayObject('tags')}
          </button>
        </>
      }
    >
      {away && <p className="object-warning">{sayObject('overlay.noImages')}</p>}
      {regions.length === 0 && <p className="object-empty">{sayObject('overlay.noRegions')}</p>}
      <ul className="structures">
        {regions.map(({ number, name, colour, contours }) => (
          <li key={number}>
            <span className="overlay-swatch" style={{ background: css(colour) }} />
            <span className="quiet numbers">{number}</span>
            <bdi>{name}</bdi>
            <span className="quiet numbers">{sayObject('overlay.contours', { count: contours.length })}</span>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
