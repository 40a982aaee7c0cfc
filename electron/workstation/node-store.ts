import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type PacsNode, type PacsNodeDraft, PhosphorError, pacsNode } from '../../shared/contract/index.ts';
import { keepAside, readSmallFile, writeAtomically } from './atomic-file.ts';
import type { RaiseNotice } from './notices.ts';

export const NODES_FILE = 'nodes.json';
const MAX_NODES = 1000;

/** The PACS nodes of this profile. Every change is on disk before it holds; changes follow one another. */
export class NodeStore {
  readonly #path: string;
  #nodes: readonly PacsNode[];
  #damaged: boolean;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, nodes: readonly PacsNode[], damaged: boolean) {
    this.#path = path;
    this.#nodes = nodes;
    this.#damaged = damaged;
  }

  /** @throws PhosphorError `storage` when the file exists and cannot be read at all */
  static async read(profile: string): Promise<NodeStore> {
    const path = join(profile, NODES_FILE);
    const text = await readSmallFile(path);
    if (text === undefined) return new NodeStore(path, [], false);
    const { nodes, damaged } = interpretNodes(text);
    return new NodeStore(path, nodes, damaged);
  }

  get list(): readonly PacsNode[] {
    return this.#nodes;
  }

  find(nodeId: string): PacsNode | undefined {
    return this.#nodes.find((node) => node.nodeId === nodeId);
  }

  /** Keeps a file with mistakes aside and goes on with the nodes that are good. */
  async repair(raise: RaiseNotice): Promise<void> {
    if (!this.#damaged) return;
    const kept = await keepAside(this.#path);
    await this.#write(this.#nodes);
    this.#damaged = false;
    raise('warning', `Some of the PACS nodes could not be read and are missing from the list. The old file was kept as ${kept}.`);
  }

  /** @throws PhosphorError `invalid-arguments` when the name is taken, `limit-exceeded`, `storage` */
  add(draft: PacsNodeDraft, kind: PacsNode['kind'] = 'pacs'): Promise<PacsNode> {
    return this.#change((nodes) => {
      if (nodes.length >= MAX_NODES) throw new PhosphorError('limit-exceeded', 'there are too many nodes');
      this.#checkName(draft.name, undefined);
      const node: PacsNode = { nodeId: randomUUID(), kind, ...draft };
      return { nodes: [...nodes, node], result: node };
    });
  }

  /** @throws PhosphorError `not-found`, `invalid-arguments`, `storage` */
  update(nodeId: string, draft: PacsNodeDraft): Promise<PacsNode> {
    return this.#change((nodes) => {
      const old = this.#existing(nodeId);
      this.#checkName(draft.name, nodeId);
      const node: PacsNode = { ...draft, nodeId, kind: old.kind };
      return { nodes: nodes.map((it) => (it.nodeId === nodeId ? node : it)), result: node };
    });
  }

  /** @throws PhosphorError `not-found`, `storage` */
  remove(nodeId: string): Promise<PacsNode> {
    return this.#change((nodes) => ({ nodes: nodes.filter((it) => it.nodeId !== nodeId), result: this.#existing(nodeId) }));
  }

  /** A name that nobody has yet: `Demo PACS`, `Demo PACS 2` … */
  freeName(wanted: string): string {
    for (let n = 1; ; n += 1) {
      const name = n === 1 ? wanted : `${wanted} ${n}`;
      if (!this.#nodes.some((node) => sameName(node.name, name))) return name;
    }
  }

  #existing(nodeId: string): PacsNode {
    const node = this.find(nodeId);
    if (node === undefined) throw new PhosphorError('not-found', 'nodeId: no such node');
    return node;
  }

  #checkName(name: string, except: string | undefined): void {
    const taken = this.#nodes.some((node) => node.nodeId !== except && sameName(node.name, name));
    if (taken) throw new PhosphorError('invalid-arguments', 'node.name: another node has this name');
  }

  #change<T>(make: (nodes: readonly PacsNode[]) => { nodes: readonly PacsNode[]; result: T }): Promise<T> {
    const change = this.#last.then(async () => {
      const { nodes, result } = make(this.#nodes);
      await this.#write(nodes);
      this.#nodes = nodes;
      return result;
    });
    this.#last = change.catch(() => undefined);
    return change;
  }

  #write(nodes: readonly PacsNode[]): Promise<void> {
    return writeAtomically(this.#path, `${JSON.stringify({ version: 1, nodes }, null, 2)}\n`);
  }
}

const sameName = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase();

export function interpretNodes(text: string): { nodes: PacsNode[]; damaged: boolean } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { nodes: [], damaged: true };
  }
  const list = typeof raw === 'object' && raw !== null && 'nodes' in raw ? raw.nodes : undefined;
  if (!Array.isArray(list)) return { nodes: [], damaged: true };
  const nodes: PacsNode[] = [];
  for (const candidate of list.slice(0, MAX_NODES)) {
    const { success, data } = pacsNode.safeParse(candidate);
    if (success && !nodes.some((it) => it.nodeId === data.nodeId || sameName(it.name, data.name))) nodes.push(data);
  }
  return { nodes, damaged: nodes.length < list.length };
}
