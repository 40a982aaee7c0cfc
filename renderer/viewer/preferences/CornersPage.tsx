import { Button, NativeSelect } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import { useState } from 'react';
import {
  CORNER_ITEMS,
  CORNERS,
  type Corner,
  type CornerItem,
  type CornerText,
  type ViewerSettings,
} from '../../../shared/contract/index.ts';
import { IconButton } from '../../ui/IconButton.tsx';
import { DEFAULT_CORNERS } from './corner-layout.ts';
import { ModalityField } from './ModalityField.tsx';
import { forModality } from './preferences.ts';
import { sayPreference } from './words.ts';

interface CornersPageProps {
  readonly own: ViewerSettings['corners'];
  readonly modality: string;
  change(corners: ViewerSettings['corners']): void;
}

/** What stands in which corner, for each modality. */
export function CornersPage({ own, modality: first, change }: CornersPageProps) {
  const [modality, setModality] = useState(first);
  const now = forModality(own, modality) ?? DEFAULT_CORNERS;
  const set = (next: CornerText) => change({ ...own, [modality]: next });
  const move = (item: CornerItem, to: Corner | undefined) => {
    const without = Object.fromEntries(CORNERS.map((corner) => [corner, now[corner].filter((one) => one !== item)]));
    const next: CornerText = { ...now, ...without };
    set(to === undefined ? next : { ...next, [to]: [...next[to], item] });
  };
  const up = (corner: Corner, item: CornerItem) => {
    const list = [...now[corner]];
    const at = list.indexOf(item);
    if (at <= 0) return;
    list.splice(at, 1);
    list.splice(at - 1, 0, item);
    set({ ...now, [corner]: list });
  };
  const nowhere = CORNER_ITEMS.filter((item) => !CORNERS.some((corner) => now[corner].includes(item)));
  const row = (item: CornerItem, corner: Corner | undefined) => (
    <li key={item} data-item={item}>
      <span className="preference-name">{sayPreference(`corners.item.${item}`)}</span>
      {corner !== undefined && (
        <IconButton
          small
          label={sayPreference('corners.up', { item: sayPreference(`corners.item.${item}`) })}
          onClick={() => up(corner, item)}
        >
          <IconArrowUp size={14} aria-hidden="true" />
        </IconButton>
      )}
      <NativeSelect
        aria-label={sayPreference('corners.where', { item: sayPreference(`corners.item.${item}`) })}
        value={corner ?? ''}
        data={[
          ...CORNERS.map((one) => ({ value: one, label: sayPreference(`corners.corner.${one}`) })),
          { value: '', label: sayPreference('corners.nowhere') },
        ]}
        onChange={(event) =>
          move(
            item,
            CORNERS.find((one) => one === event.currentTarget.value),
          )
        }
      />
    </li>
  );
  return (
    <>
      <div className="preference-bar">
        <ModalityField
          value={modality}
          known={['CT', 'MR', 'PT', 'CR', 'DX', 'MG', 'US', 'XA', ...Object.keys(own)]}
          choose={setModality}
        />
        <Button
          disabled={!Object.hasOwn(own, modality)}
          onClick={() => change(Object.fromEntries(Object.entries(own).filter(([other]) => other !== modality)))}
        >
          {sayPreference('corners.reset')}
        </Button>
      </div>
      <p className="quiet">{sayPreference('corners.fixed')}</p>
      <div className="preference-corners">
        {CORNERS.map((corner) => (
          <section key={corner} data-corner={corner}>
            <h3>{sayPreference(`corners.corner.${corner}`)}</h3>
            <ul>{now[corner].map((item) => row(item, corner))}</ul>
          </section>
        ))}
        <section>
          <h3>{sayPreference('corners.nowhere')}</h3>
          <ul>{nowhere.map((item) => row(item, undefined))}</ul>
        </section>
      </div>
    </>
  );
}
