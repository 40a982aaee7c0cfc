import { formatCount } from '../app/format.ts';
import { revealLate } from '../app/searching.ts';
import { useApp } from '../app/store.ts';
import { t } from '../i18n/index.ts';
import { Tip } from '../ui/Tip.tsx';
import { WhereGlyph } from './WhereMark.tsx';

/** How many rows there are, who still answers, and the rows that wait so that nothing moves. */
export function TableFoot() {
  // The list changes in place; its version is what tells.
  useApp((state) => state.listVersion);
  const list = useApp((state) => state.list);
  const searching = useApp((state) => Object.values(state.nodeSearches).some((one) => one.state === 'searching'));
  const loading = useApp(({ localSearch }) => localSearch.state === 'searching');
  const count = list.length + list.late.length;
  return (
    <div className="study-foot" role="presentation">
      <span className="numbers" role="status">
        {loading && count === 0 ? t('table.loading') : t('table.count', { count, number: formatCount(count) })}
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
            <WhereGlyph where={where} />
            {t(`where.word.${where}`)}
          </span>
        ))}
      </span>
    </div>
  );
}
