import { setSearch, setSort } from '../app/searching.ts';
import { useApp } from '../app/store.ts';
import { t } from '../i18n/index.ts';
import { COLUMNS, type Column } from './columns.ts';

/** Column heads that sort, and the filter fields under them. */
export function TableHead() {
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    <div className="study-head" role="rowgroup">
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: its buttons are */}
      <div className="columns heads" role="row">
        <span role="presentation" />
        {COLUMNS.map((column) => (
          <Head key={column.key} column={column} />
        ))}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: its fields are */}
      <div className="columns filters" role="row">
        <span role="presentation" />
        {COLUMNS.map((column) => (
          <Filter key={column.key} column={column} />
        ))}
      </div>
    </div>
  );
}

function Head({ column }: { column: Column }) {
  const sort = useApp((state) => state.sort);
  const words = t(`table.${column.key}`);
  const sorted = column.sort !== undefined && sort.by === column.sort;
  const by = column.sort;
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: its button is
    <div
      className="head"
      role="columnheader"
      data-align={column.align}
      aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
    >
      {by === undefined ? (
        words
      ) : (
        <button
          type="button"
          title={t('table.sortBy', { column: words })}
          onClick={() => setSort({ by, descending: sorted && !sort.descending })}
        >
          {words}
          <span className="head-arrow" aria-hidden>
            {sorted ? (sort.descending ? '▾' : '▴') : ''}
          </span>
        </button>
      )}
    </div>
  );
}

function Filter({ column }: { column: Column }) {
  const filters = useApp((state) => state.filters);
  const key = column.filter;
  // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
  // biome-ignore lint/a11y/useFocusableInteractive: nothing to focus
  if (key === undefined) return <div role="gridcell" />;
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: its field is
    <div role="gridcell">
      <input
        className="filter"
        type="text"
        aria-label={t('table.filter', { column: t(`table.${column.key}`) })}
        placeholder={key === 'studyDate' ? t('table.filterDate') : undefined}
        value={filters[key]}
        maxLength={64}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setSearch({ filters: { ...filters, [key]: event.currentTarget.value } })}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || filters[key] === '') return;
          event.stopPropagation();
          setSearch({ filters: { ...filters, [key]: '' } });
        }}
      />
    </div>
  );
}
