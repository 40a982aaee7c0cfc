import { Checkbox, Menu } from '@mantine/core';
import { IconDotsVertical, IconPencil, IconPlugConnected, IconPlus, IconRefresh, IconTestPipe, IconTrash } from '@tabler/icons-react';
import type { NodeState, PacsNode } from '../../shared/contract/index.ts';
import { attempt } from '../app/failure.ts';
import { formatCount, formatMilliseconds, formatMoment } from '../app/format.ts';
import { echoNode, removeNode } from '../app/node-commands.ts';
import { askAgain, includeSource } from '../app/searching.ts';
import { app, LOCAL, type SourceSearch, useApp } from '../app/store.ts';
import { t } from '../i18n/index.ts';
import { ImportButtons } from '../importing/ImportButtons.tsx';
import { Tip } from '../ui/Tip.tsx';
import { useDemo } from './use-demo.ts';

/** Where studies can come from. The tick says whether a search asks there; errors stand on the row of their source. */
export function Sources() {
  const nodes = useApp((state) => state.workstation.nodes);
  const { starting, start } = useDemo();
  return (
    <nav className="sources panel" aria-label={t('sources.title')}>
      <h2 className="panel-title">{t('sources.title')}</h2>
      <ul className="source-list">
        <LocalSource />
        {nodes.map((node) => (
          <NodeSource key={node.nodeId} node={node} />
        ))}
      </ul>
      <div className="source-offers">
        <ImportButtons />
        <button type="button" className="link-row" onClick={() => app.set({ panel: { kind: 'node', nodeId: undefined } })}>
          <IconPlus className="icon" aria-hidden />
          {t('sources.add')}
        </button>
        {!nodes.some((node) => node.kind === 'demo') && (
          <button type="button" className="link-row" onClick={start} disabled={starting}>
            <IconTestPipe className="icon" aria-hidden />
            {starting ? t('sources.demoStarting') : t('sources.demo')}
          </button>
        )}
      </div>
    </nav>
  );
}

function LocalSource() {
  const included = useApp((state) => state.excluded[LOCAL] !== true);
  const total = useApp((state) => state.localStudies);
  const search = useApp((state) => state.localSearch);
  const blank = useApp((state) => state.blankSearch);
  const count = blank || !included ? total : search.matches;
  const key = blank || !included ? 'sources.localStudies' : search.isLeast === true ? 'sources.matchesAtLeast' : 'sources.matches';
  return (
    <li className="source">
      <Checkbox
        className="source-tick"
        checked={included}
        aria-label={t('sources.include', { name: t('sources.local') })}
        onChange={(event) => includeSource(LOCAL, event.currentTarget.checked)}
      />
      <span className="source-name">{t('sources.local')}</span>
      <span className="source-line numbers" role="status">
        {search.state === 'failed' ? (
          <span className="error">{search.sentence}</span>
        ) : count === undefined ? (
          ' '
        ) : (
          t(key, { count, number: formatCount(count) })
        )}
      </span>
    </li>
  );
}

function NodeSource({ node }: { node: PacsNode }) {
  const included = useApp((state) => state.excluded[node.nodeId] !== true);
  const returnFocus = useReturnFocus();
  const echo = useApp((state) => state.workstation.nodeStates[node.nodeId]);
  const search = useApp((state) => state.nodeSearches[node.nodeId]);
  const address = t('sources.address', { title: node.aeTitle, host: node.host, port: node.port });
  return (
    <Menu position="bottom-start" withinPortal returnFocus={returnFocus}>
      <Menu.ContextMenu>
        <li className="source">
          <Checkbox
            className="source-tick"
            checked={included}
            aria-label={t('sources.include', { name: node.name })}
            onChange={(event) => includeSource(node.nodeId, event.currentTarget.checked)}
          />
          <Tip label={address}>
            <span className="source-name">
              <bdi>{node.name}</bdi>
            </span>
          </Tip>
          <EchoState node={node} state={echo} />
          <NodeMenu node={node} />
          <SourceLine search={search} echo={echo} included={included} address={address} />
        </li>
      </Menu.ContextMenu>
      <NodeMenuItems node={node} />
    </Menu>
  );
}

function EchoState({ node, state }: { node: PacsNode; state: NodeState | undefined }) {
  const echo = state?.echo ?? 'unknown';
  if (echo === 'ok') {
    const latency = formatMilliseconds(state?.latencyMs ?? 0);
    return (
      <Tip label={t('sources.okTitle', { name: node.name, latency, time: formatMoment(state?.checkedAt ?? Date.now()) })}>
        <span className="source-echo numbers">
          <span className="dot ok" aria-hidden /> {t('sources.ok')} {latency}
        </span>
      </Tip>
    );
  }
  const tone = echo === 'failed' ? 'error' : 'quiet';
  return (
    <span className={`source-echo ${tone}`}>
      {echo === 'failed' ? '✕' : <span className="dot" aria-hidden />} {t(`sources.${echo}`)}
    </span>
  );
}

interface SourceLineProps {
  readonly search: SourceSearch | undefined;
  readonly echo: NodeState | undefined;
  readonly included: boolean;
  readonly address: string;
}

function SourceLine({ search, echo, included, address }: SourceLineProps) {
  if (included && search?.state === 'failed') return <Failure sentence={search.sentence ?? t('sources.findFailed')} />;
  if (echo?.echo === 'failed') return <Failure sentence={echo.sentence ?? t('failure.unreachable')} />;
  return (
    <span className="source-line numbers" role="status">
      {included && search !== undefined ? searchWords(search) : included ? t('sources.waits') : address}
    </span>
  );
}

function Failure({ sentence }: { sentence: string }) {
  return (
    <span className="source-line source-failure" role="status">
      {sentence}
    </span>
  );
}

function searchWords({ state, matches }: SourceSearch): string {
  const number = formatCount(matches);
  const found = t('sources.matches', { count: matches, number });
  if (state === 'searching') return matches === 0 ? t('sources.searching') : `${found} · ${t('sources.searching')}`;
  return state === 'capped' ? t('sources.capped', { number }) : found;
}

/** A menu gives the focus back to where it was, unless it has opened a form that has it. */
function useReturnFocus(): boolean {
  return useApp((state) => state.panel === undefined);
}

function NodeMenu({ node }: { node: PacsNode }) {
  const returnFocus = useReturnFocus();
  return (
    <Menu position="bottom-end" withinPortal returnFocus={returnFocus}>
      <Menu.Target>
        <button type="button" className="source-menu" aria-label={t('sources.menu', { name: node.name })}>
          <IconDotsVertical className="icon" aria-hidden />
        </button>
      </Menu.Target>
      <NodeMenuItems node={node} />
    </Menu>
  );
}

function NodeMenuItems({ node }: { node: PacsNode }) {
  return (
    <Menu.Dropdown>
      <Menu.Item leftSection={<IconRefresh className="icon" />} onClick={() => askAgain(node.nodeId)}>
        {t('sources.searchAgain')}
      </Menu.Item>
      <Menu.Item leftSection={<IconPlugConnected className="icon" />} onClick={() => attempt(() => echoNode(node.nodeId))}>
        {t('sources.echo')}
      </Menu.Item>
      {node.kind === 'pacs' && (
        <Menu.Item leftSection={<IconPencil className="icon" />} onClick={() => app.set({ panel: { kind: 'node', nodeId: node.nodeId } })}>
          {t('sources.edit')}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconTrash className="icon" />} onClick={() => removeNode(node)}>
        {t('sources.remove')}
      </Menu.Item>
    </Menu.Dropdown>
  );
}
