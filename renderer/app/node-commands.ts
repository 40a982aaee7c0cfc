import type { PacsNode, PacsNodeDraft } from '../../shared/contract/index.ts';
import { t } from '../i18n/index.ts';
import { attempt, say } from './failure.ts';
import { askAgain, dropSource, searchNow } from './searching.ts';
import { app, client } from './store.ts';

/** What a saved node's secret becomes, and who wants to know how far it got. */
interface SecretChange {
  /** null: none any more; undefined: as it is. */
  readonly secret?: string | null | undefined;
  onKept?(node: PacsNode): void;
  onSecret?(state: 'absent' | 'stored'): void;
}

/** Adds or changes a PACS and answers with it as it is kept. Throws PhosphorError. */
export async function saveNode(
  nodeId: string | undefined,
  draft: PacsNodeDraft,
  { secret, onKept, onSecret }: SecretChange = {},
): Promise<PacsNode> {
  const keepSecret = async (of: string, kept: string | null): Promise<void> => {
    await client().invoke('nodes.setSecret', { nodeId: of, secret: kept });
    onSecret?.(kept === null ? 'absent' : 'stored');
  };
  // The old one goes first: each change is followed by a test, and no PACS shall see it under a new name.
  if (nodeId !== undefined && secret !== undefined) await keepSecret(nodeId, null);
  const { node } =
    nodeId === undefined
      ? await client().invoke('nodes.add', { node: draft })
      : await client().invoke('nodes.update', { nodeId, node: draft });
  onKept?.(node);
  // The event says the same in a moment; the list must not wait for it.
  takeNode(node);
  if (typeof secret === 'string') await keepSecret(node.nodeId, secret);
  askAgain(node.nodeId, false);
  return node;
}

/** Starts an echo; its result comes with the node's state. */
export function echoNode(nodeId: string): Promise<{ actionId: string }> {
  return client().invoke('actions.request', { action: { command: 'echo', nodeId }, tag: { kind: 'echo' } });
}

export function startDemo(): Promise<void> {
  return client()
    .invoke('demo.start', {})
    .then(({ node }) => {
      takeNode(node);
      searchNow();
    });
}

/** Takes a PACS off the list at once and offers it back, instead of asking first. */
export function removeNode(node: PacsNode): void {
  attempt(async () => {
    await client().invoke('nodes.remove', { nodeId: node.nodeId });
    dropSource(node.nodeId);
    app.set(({ workstation, panel }) => ({
      workstation: { ...workstation, nodes: workstation.nodes.filter((one) => one.nodeId !== node.nodeId) },
      panel: panel?.kind === 'node' && panel.nodeId === node.nodeId ? undefined : panel,
    }));
    say(t('sources.removed', { name: node.name }), 'good', () =>
      attempt(async () => {
        const { nodeId: _nodeId, kind, ...draft } = node;
        if (kind === 'demo') await startDemo();
        else await saveNode(undefined, draft);
        // What proves who we are went with the entry, and nobody can read it back.
        const secretGone = draft.userIdentity !== undefined && draft.userIdentity.type !== 'username';
        say(t(secretGone ? 'sources.restoredWithoutSecret' : 'sources.restored', { name: node.name }), 'good');
      }),
    );
  });
}

function takeNode(node: PacsNode): void {
  app.set(({ workstation }) => {
    const known = workstation.nodes.some((one) => one.nodeId === node.nodeId);
    const nodes = known ? workstation.nodes.map((one) => (one.nodeId === node.nodeId ? node : one)) : [...workstation.nodes, node];
    return { workstation: { ...workstation, nodes } };
  });
}
