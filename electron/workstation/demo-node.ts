import { join } from 'node:path';
import { type PacsNode, PhosphorError } from '../../shared/contract/index.ts';
import type { MoveReceiver } from '../actions/index.ts';
import type { NodeStore } from './node-store.ts';
import type { DemoFactory, DemoPacs } from './types.ts';

export interface DemoNodeParts {
  readonly factory: DemoFactory | undefined;
  readonly profile: string;
  readonly nodes: NodeStore;
  readonly receiver: Pick<MoveReceiver, 'address'>;
  nodesChanged(): void;
}

const NAME = 'Demo PACS';
const DESTINATION_HOST = '127.0.0.1';
/** Until it is up, and says for itself. */
const PLACEHOLDER = { host: '127.0.0.1', port: 104, aeTitle: 'DEMOPACS' } as const;
const CLOSE_LIMIT_MS = 5_000;
const unsupported = () => new PhosphorError('unsupported', 'This program comes without the demo PACS.');

/** The demo PACS and its node: started on demand, once, and again after a failure; its port is another one in every run. */
export class DemoNode {
  readonly #parts: DemoNodeParts;
  #running: Promise<DemoPacs> | undefined;
  #adding: Promise<PacsNode> | undefined;
  #destination = '';

  constructor(parts: DemoNodeParts) {
    this.#parts = parts;
  }

  /**
   * Adds its node and starts it in the background: the first start generates its studies, which takes a while, and actions wait for it.
   * Idempotent. @throws PhosphorError `unsupported` where the host brought none
   */
  start(): Promise<PacsNode> {
    this.#adding ??= this.#add().finally(() => {
      this.#adding = undefined;
    });
    return this.#adding;
  }

  /** Its node with the address of this run. */
  async ready(): Promise<PacsNode> {
    await this.#run();
    const node = this.node();
    if (node === undefined) throw new PhosphorError('not-found', 'the demo node is gone');
    return node;
  }

  node(): PacsNode | undefined {
    return this.#parts.nodes.list.find(({ kind }) => kind === 'demo');
  }

  /** Our title or port may have changed. */
  async destinationChanged(): Promise<void> {
    const { aeTitle, port } = this.#parts.receiver.address();
    const demo = await this.#running?.catch(() => undefined);
    if (demo === undefined || this.#destination === `${aeTitle}:${port}`) return;
    this.#destination = `${aeTitle}:${port}`;
    await demo.setDestination(aeTitle, DESTINATION_HOST, port);
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    const closed = running.then(
      (demo) => demo.close(),
      () => undefined,
    );
    // One that is still generating cannot be stopped; it is closed as soon as it is up, and nobody waits for that.
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([closed, new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_LIMIT_MS)))]);
    clearTimeout(timer);
  }

  async #add(): Promise<PacsNode> {
    const { factory, nodes, nodesChanged } = this.#parts;
    if (factory === undefined) throw unsupported();
    const existing = this.node();
    if (existing !== undefined) return existing;
    const node = await nodes.add({ ...PLACEHOLDER, name: nodes.freeName(NAME), method: 'move' }, 'demo');
    nodesChanged();
    return node;
  }

  #run(): Promise<DemoPacs> {
    this.#running ??= this.#launch().catch((thrown) => {
      this.#running = undefined;
      throw thrown;
    });
    return this.#running;
  }

  async #launch(): Promise<DemoPacs> {
    const { factory, profile, nodes, receiver } = this.#parts;
    if (factory === undefined) throw unsupported();
    const { aeTitle, port } = receiver.address();
    this.#destination = `${aeTitle}:${port}`;
    const demo = await factory({ directory: join(profile, 'demo'), destination: { aeTitle, host: DESTINATION_HOST, port } });
    const node = this.node();
    if (node !== undefined && (node.port !== demo.port || node.host !== demo.host || node.aeTitle !== demo.aeTitle)) {
      const { name, method } = node;
      await nodes.update(node.nodeId, { name, method, host: demo.host, port: demo.port, aeTitle: demo.aeTitle });
      this.#parts.nodesChanged();
    }
    return demo;
  }
}
