import { Button } from '@mantine/core';
import { NO_FILTERS } from '../app/query.ts';
import { searchNow, setSearch } from '../app/searching.ts';
import { LOCAL, useApp } from '../app/store.ts';
import { t } from '../i18n/index.ts';

/** What stands where rows would: a skeleton while the archive answers, else why there is nothing and what to do. */
export function TableMessage() {
  const local = useApp((state) => state.localSearch);
  const searches = useApp((state) => state.nodeSearches);
  const nodes = useApp((state) => state.workstation.nodes);
  const excluded = useApp((state) => state.excluded);
  const blank = useApp((state) => state.blankSearch);
  const asked = nodes.filter((node) => excluded[node.nodeId] !== true);
  const names = (among: typeof nodes) => among.map((node) => node.name).join(', ');
  const searching = asked.filter((node) => searches[node.nodeId]?.state === 'searching');
  const failed = asked.filter((node) => searches[node.nodeId]?.state === 'failed');

  if (local.stale || local.state === 'searching') return <Skeleton />;
  if (local.state === 'failed') {
    return (
      <Message title={t('empty.failed')} lines={[local.sentence ?? '']}>
        <Button onClick={() => searchNow()}>{t('empty.again')}</Button>
      </Message>
    );
  }
  if (searching.length > 0) return <Message title={t('empty.searching', { names: names(searching) })} lines={[]} />;
  if (failed.length > 0) {
    const lines = failed.map((node) => {
      const sentence = searches[node.nodeId]?.sentence ?? t('sources.findFailed');
      return sentence.startsWith(node.name) ? sentence : `${node.name}: ${sentence}`;
    });
    return (
      <Message title={t('empty.unanswered')} lines={lines}>
        <Button onClick={() => searchNow(true)}>{t('empty.again')}</Button>
      </Message>
    );
  }
  if (blank && Object.keys(searches).length === 0) {
    const hint = asked.length > 0 ? t('empty.blankHint', { names: names(asked) }) : t('empty.blankNone');
    return (
      <Message title={t('empty.blank')} lines={[hint]}>
        {asked.length > 0 && <Button onClick={() => searchNow(true)}>{t('empty.askAll')}</Button>}
      </Message>
    );
  }
  const sources = [
    ...(excluded[LOCAL] === true ? [] : [t('sources.local')]),
    ...asked.filter((node) => searches[node.nodeId] !== undefined).map((node) => node.name),
  ].join(', ');
  return (
    <Message title={t('empty.noMatch')} lines={[t('empty.noMatchSources', { names: sources }), ...(blank ? [] : [t('empty.noMatchHint')])]}>
      {!blank && <Button onClick={() => setSearch({ searchText: '', filters: NO_FILTERS })}>{t('empty.clear')}</Button>}
    </Message>
  );
}

function Message({ title, lines, children }: { title: string; lines: readonly string[]; children?: React.ReactNode }) {
  return (
    <div className="table-message" role="status">
      <h3>{title}</h3>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {children}
    </div>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" role="status" aria-label={t('table.loading')}>
      {SKELETON_ROWS.map((row) => (
        <div key={row} className="row columns" data-absent="true" />
      ))}
    </div>
  );
}

const SKELETON_ROWS = Array.from({ length: 12 }, (_, index) => index);
