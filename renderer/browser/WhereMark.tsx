import { formatCount } from '../app/format.ts';
import { promisedImages } from '../app/promised.ts';
import { useApp } from '../app/store.ts';
import { imageCount, type StudyEntry, type Whereabouts, whereabouts } from '../app/study-list.ts';
import { t } from '../i18n/index.ts';
import { Cell } from './Cell.tsx';

/** One glyph that says where the images are; the words are on hover and for screen readers. */
export function WhereMark({ entry }: { entry: StudyEntry }) {
  const nodes = useApp((state) => state.workstation.nodes);
  const promised = useApp((state) => promisedImages(state.workstation, entry.uid));
  const where = whereabouts(entry, promised);
  const names = entry.nodes.map((hit) => nodes.find((node) => node.nodeId === hit.nodeId)?.name ?? t('actions.gone')).join(', ');
  const here = formatCount(entry.local?.numberOfInstances ?? 0);
  const there = Math.max(imageCount(entry) ?? 0, typeof promised === 'number' ? promised : 0);
  const sentence = promised === 'more' ? t('where.more', { here }) : t(`where.${where}`, { here, there: formatCount(there), names });
  const also = where !== 'remote' && names !== '' ? `\n${t('where.several', { names })}` : '';
  return (
    <Cell className="where" where={where} title={sentence + also} label={sentence}>
      <WhereGlyph where={where} />
      {entry.nodes.length > 1 && <sup>{entry.nodes.length}</sup>}
    </Cell>
  );
}

/** Full, half or empty: local, part, remote. */
export function WhereGlyph({ where }: { where: Whereabouts }) {
  return (
    <svg viewBox="0 0 12 12" aria-hidden="true">
      <circle cx="6" cy="6" r="4.25" />
      {where === 'part' && <path d="M6 1.75a4.25 4.25 0 0 0 0 8.5z" />}
    </svg>
  );
}
