import { type NodeState, type PacsNode, PhosphorError, type Settings } from '../../shared/contract/index.ts';
import type { ActionEngine } from '../actions/index.ts';
import type { AuditTrail } from '../actions/types.ts';
import type { Archive } from '../archive/types.ts';
import type { Projects } from './de-identification-projects.ts';
import type { DemoNode } from './demo-node.ts';
import type { Handlers } from './dispatcher.ts';
import type { EventHub } from './event-hub.ts';
import type { HeldContents } from './held-contents.ts';
import type { HeldPasswords } from './held-passwords.ts';
import type { NodeStore } from './node-store.ts';
import type { Notices } from './notices.ts';
import type { Receiver } from './receiver.ts';
import type { SecretStore } from './secrets.ts';
import type { SettingsStore } from './settings-store.ts';
import type { TLSFiles } from './tls-files.ts';

export interface HandlerParts {
  readonly version: string;
  readonly profile: string;
  readonly settings: SettingsStore;
  readonly nodes: NodeStore;
  readonly secrets: SecretStore;
  readonly tlsFiles: Pick<TLSFiles, 'selfTest'>;
  readonly nodeStates: Map<string, NodeState>;
  readonly notices: Notices;
  readonly hub: EventHub;
  readonly receiver: Receiver;
  readonly demo: DemoNode;
  readonly engine: ActionEngine;
  readonly archive: Archive;
  readonly passwords: HeldPasswords;
  readonly contents: HeldContents;
  readonly projects: Projects;
  readonly audit: AuditTrail;
  /** Resolves when the archive's lists may be shown: at once where a window fills up as they grow, else when they are whole. */
  listable(): Promise<void>;
  nodesChanged(): void;
  /** Echoes a node in the background. */
  checkNode(node: PacsNode): void;
}

/** The command table, each entry handed to the room that answers it. Arguments are validated before, results after. */
export function makeHandlers(parts: HandlerParts): Handlers {
  const { settings, nodes, secrets, nodeStates, notices, hub, receiver, demo, engine, archive } = parts;
  return {
    'session.snapshot': () => {
      // Everything below is read in one turn of the event loop: it is the state as of this `seq`.
      return {
        seq: hub.seq,
        epoch: hub.epoch,
        version: parts.version,
        profile: parts.profile,
        settings: settings.current,
        nodes: [...nodes.list],
        nodeStates: [...nodeStates.values()],
        listener: receiver.state,
        running: engine.running(),
        finished: engine.finished(),
        notices: [...notices.list],
      };
    },
    'session.since': ({ epoch, seq }) => hub.since(epoch, seq),
    'notices.dismiss': ({ noticeId }) => {
      notices.dismiss(noticeId);
      return {};
    },

    'nodes.add': async ({ node: draft }) => {
      const node = await nodes.add(draft);
      parts.nodesChanged();
      parts.checkNode(node);
      return { node };
    },
    'nodes.update': async ({ nodeId, node: draft }) => {
      const old = nodes.find(nodeId);
      // Where the demo PACS listens is not for the user to say.
      const fixed = old?.kind === 'demo' ? { host: old.host, port: old.port, aeTitle: old.aeTitle } : {};
      const node = await nodes.update(nodeId, { ...draft, ...fixed });
      parts.nodesChanged();
      parts.checkNode(node);
      return { node };
    },
    'nodes.remove': async ({ nodeId }) => {
      const removed = await nodes.remove(nodeId);
      await secrets.setOfNode(nodeId, null);
      nodeStates.delete(nodeId);
      parts.nodesChanged();
      if (removed.kind === 'demo') await demo.close();
      return {};
    },
    'nodes.setSecret': async ({ nodeId, secret }) => {
      const node = nodes.find(nodeId);
      if (node === undefined) throw new PhosphorError('not-found', 'nodeId: no such node');
      await secrets.setOfNode(nodeId, secret);
      parts.checkNode(node);
      return {};
    },
    'nodes.secretState': ({ nodeId }) => ({ state: secrets.stateOfNode(nodeId) }),
    'callers.list': () => ({ usernames: [...secrets.callers] }),
    'callers.set': async ({ username, passcode }) => {
      await secrets.setCaller(username, passcode);
      await receiver.reconsider();
      return {};
    },
    'demo.start': async () => {
      const node = await demo.start();
      // Starts it, and shows in the node list when it is there.
      parts.checkNode(node);
      return { node };
    },

    'settings.update': async ({ changes }) => {
      const defined = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<Settings>;
      const current = await settings.update(defined);
      hub.publish({ type: 'SettingsChanged', settings: current });
      await receiver.reconsider();
      return { settings: current };
    },
    'listener.start': async () => ({ listener: await receiver.start() }),
    'tls.selfTest': async () => ({ findings: (await parts.tlsFiles.selfTest()).findings.slice(0, 1000) }),

    'actions.request': async ({ action, tag }) => ({ actionId: await engine.request(action, tag) }),
    'actions.cancel': ({ actionId }) => {
      engine.cancel(actionId);
      return {};
    },
    'actions.dismiss': async ({ actionId }) => {
      await engine.dismiss(actionId);
      return {};
    },
    'actions.retry': async ({ actionId }) => ({ actionId: await engine.retry(actionId) }),
    'actions.credit': ({ actionId, batches }) => {
      hub.credited(actionId, batches);
      engine.credit(actionId, batches);
      return {};
    },

    'deidentification.mapping': ({ project, offset }) => parts.projects.mapping(project, offset),

    'archive.search': async (args) => {
      await parts.listable();
      return await archive.search(args);
    },
    'archive.series': async ({ studyInstanceUID }) => {
      await parts.listable();
      return { series: await archive.series(studyInstanceUID) };
    },
    'archive.instances': async (args) => {
      await parts.listable();
      return { instances: await archive.instances(args) };
    },
    'archive.manifest': async (args) => ({ manifest: await archive.manifest(args) }),
    'archive.header': async (args) => ({ header: await archive.header(args) }),
    'archive.holdPassword': ({ password }) => ({ passwordId: parts.passwords.hold(password) }),
    'compose.hold': ({ content }) => ({ contentId: parts.contents.hold(content) }),
    'compose.picture': ({ contentId, piece }) => {
      parts.contents.addPicture(contentId, piece);
      return {};
    },
    'archive.trash.list': (args) => archive.job('trash', args).done,
    'archive.conflicts.list': (args) => archive.job('conflicts', args).done,
    'archive.conflicts.resolve': async (args) => {
      const { touched } = await archive.job('resolveConflict', args).done;
      const details = [{ type: 'Kept', value: args.keep }];
      const event = { action: 'U', what: 'resolve-conflict', studies: touched, instances: 1, success: true, details } as const;
      await parts.audit.record({ actionId: '', ...event });
      return {};
    },
    'archive.stats': async () => {
      await parts.listable();
      return await archive.stats();
    },

    'user.labels.list': (args) => archive.user('user.labels.list', args),
    'user.labels.change': (args) => archive.user('user.labels.change', args),
    'user.labels.rename': (args) => archive.user('user.labels.rename', args),
    'user.labels.delete': (args) => archive.user('user.labels.delete', args),
    'user.pins.set': (args) => archive.user('user.pins.set', args),
    'user.read.set': (args) => archive.user('user.read.set', args),
    'user.opened': (args) => archive.user('user.opened', args),
    'user.comments.list': (args) => archive.user('user.comments.list', args),
    'user.comments.add': (args) => archive.user('user.comments.add', args),
    'user.comments.edit': (args) => archive.user('user.comments.edit', args),
    'user.comments.remove': (args) => archive.user('user.comments.remove', args),
    'user.annotations.get': (args) => archive.user('user.annotations.get', args),
    'user.annotations.put': (args) => archive.user('user.annotations.put', args),
  };
}
