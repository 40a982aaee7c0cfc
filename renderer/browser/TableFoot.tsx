import { formatCount } from '../app/format.ts';
import { revealLate } from '../app/searching.ts';
import { useApp } from '../app/store.ts';
import { t } from '../i18n/index.ts';
import { Tip } from '../ui/Tip.tsx';

/** How many rows there are, who still answers, and the rows that wait so that nothing moves. */
export function TableFoot() {
  // The list changes in place; its version is what tells.
  useApp((state) => state.listVersion);
  const list = useApp((state) => state.list);
  const searching = useApp((state) => Object.values(state.nodeSearches).some((one) => one.state === 'searching'));
  const count = list.length + list.late.length;
  return (
    <div className="study-foot" role="presentation">
      <span className="numbers" role="status">
        {t('table.count', { count, number: formatCount(count) })}
        {searching && ` · ${t('table.searchingStill')} …`}
      </span>
      {list.late.length > 0 && (
        <Tip label={t('table.lateHelp')}>
          <button type="button" className="late numbers" onClick={revealLate}>
            ▴ {t('table.late', { count: list.late.length })}
          </button>
        </Tip>
      )}
      <span className="spacer" />
      <span className="legend">
        {(['local', 'part', 'remote'] as const).map((where) => (
          <span key={where} className="where" data-where={where}>
            <svg viewBox="0 0 12 12" aria-hidden="true">
              <circle cx="6" cy="6" r="4.25" />
              {where === 'part' && <path d="M6 1.75a4.25 4.25 0 0 0 0 8.5z" />}
            </svg>
            {t(`where.word.${where}`)}
          </span>
        ))}
      </span>
    </div>
  );
}
