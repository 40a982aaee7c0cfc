import { join, resolve } from 'node:path';
import {
  type CommandArgs,
  type CommandName,
  type CommandResult,
  type NodeState,
  type PacsNode,
  PhosphorError,
  type Settings,
  toErrorData,
} from '../../shared/contract/index.ts';
import { ActionEngine, checkNode, type EngineParts, mainThreadTasks, startActionStore } from '../actions/index.ts';
import { takeLock } from '../archive/index.ts';
import type { OpenArchive } from '../archive/types.ts';
import type { CreateAssociationPool, StartListener } from '../associations/types.ts';
import { archiveHome } from './archive-home.ts';
import { fileError } from './atomic-file.ts';
import { openAuditTrail } from './audit-trail.ts';
import { identityRules } from './callers.ts';
import { Projects } from './de-identification-projects.ts';
import { DemoNode } from './demo-node.ts';
import { Dispatcher } from './dispatcher.ts';
import { EventHub } from './event-hub.ts';
import { makeHandlers } from './handlers.ts';
import { HeldContents } from './held-contents.ts';
import { HeldPasswords } from './held-passwords.ts';
import { openLog } from './log.ts';
import { NodeStore } from './node-store.ts';
import { Notices } from './notices.ts';
import { peerOf } from './peers.ts';
import { prepareProfile } from './profile-folder.ts';
import { Receiver } from './receiver.ts';
import { SecretStore } from './secrets.ts';
import { SettingsStore } from './settings-store.ts';
import { TLSFiles } from './tls-files.ts';
import type { Workstation, WorkstationOptions } from './types.ts';
import { Upkeep } from './upkeep.ts';
import { WatchedFolder } from './watched-folder.ts';

/** The rooms that the workstation is composed of; tests may put scripted ones in. */
export interface Rooms {
  readonly openArchive: OpenArchive;
  readonly createAssociationPool: CreateAssociationPool;
  readonly startListener: StartListener;
  readonly messageIds: EngineParts['messageIds'];
}

/** By what the archive reads text that does not say in which characters it is written. */
function characterSets({ fallbackCharacterSet }: Settings, nodes: readonly PacsNode[]) {
  const own = nodes.flatMap(({ aeTitle, fallbackCharacterSet: set }) => (set === undefined ? [] : [[aeTitle.trim(), set] as const]));
  return { all: fallbackCharacterSet, bySource: Object.fromEntries(own) };
}

const MAX_STUDIES_NAMED = 1000;
const NOT_RECORDED_AGAIN_MS = 600_000;

/**
 * Puts the workstation together. The archive's lock stands before anything is written, so that a second process changes nothing.
 * @throws PhosphorError `busy` when another process holds the profile, `storage`, `storage-full`
 */
export async function composeWorkstation(options: WorkstationOptions, rooms: Rooms): Promise<Workstation> {
  const profile = resolve(options.profile);
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    // In reverse order; what fails must not keep the rest open.
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch {}
    }
  };
  try {
    return await compose(options, rooms, profile, closers, closeAll);
  } catch (thrown) {
    await closeAll();
    throw thrown instanceof PhosphorError ? thrown : fileError(thrown, 'the profile');
  }
}

async function compose(
  options: WorkstationOptions,
  rooms: Rooms,
  profile: string,
  closers: (() => Promise<void> | void)[],
  closeAll: () => Promise<void>,
): Promise<Workstation> {
  await prepareProfile(profile);
  const settings = await SettingsStore.read(profile, { aeTitle: options.aeTitle, port: options.port });
  const nodes = await NodeStore.read(profile);
  const secrets = await SecretStore.read(profile, options.sealing);
  // Its thread starts beside the archive's; the file is opened under the lock.
  const store = startActionStore(join(profile, 'actions.db'));
  closers.push(() => store.close());
  const { archiveFolder, durable } = settings.current;
  const home = await archiveHome(profile, archiveFolder, durable);
  if (archiveFolder !== '') {
    // An archive elsewhere may be away, or not to be locked: two processes must still not share the profile.
    const lock = takeLock(profile);
    closers.push(() => lock.release());
  }
  const archive = await rooms.openArchive({ ...home.location, characterSets: characterSets(settings.current, nodes.list) }, home.expected);
  closers.push(() => archive.close());
  await home.opened(archive.archiveId);
  const log = openLog(profile);
  // First in the list = closed last.
  closers.unshift(() => log.close());

  const hub = new EventHub({ onFault: (fault) => log.error(fault, 'an event could not be delivered') });
  const notices = new Notices((notice) => hub.publish({ type: 'NoticeRaised', notice }));
  archive.onNotice(mainThreadTasks.wrap('archive notice', ({ severity, sentence }) => notices.raise(severity, sentence)));
  const changed = mainThreadTasks.wrap('archive changed', (studyInstanceUIDs: string[], everything: boolean) => {
    const all = everything || studyInstanceUIDs.length > MAX_STUDIES_NAMED;
    const seq = hub.publish({ type: 'StudiesChanged', studyInstanceUIDs: all ? [] : studyInstanceUIDs, everything: all });
    // A study whose UID cannot travel: the list is read anew as a whole.
    if (seq === undefined) hub.publish({ type: 'StudiesChanged', studyInstanceUIDs: [], everything: true });
  });
  archive.onChanged(({ studyInstanceUIDs, everything }) => changed(studyInstanceUIDs, everything));
  archive.onUserData(
    mainThreadTasks.wrap('user data', ({ topic, studyInstanceUIDs }) => {
      const all = studyInstanceUIDs.length > MAX_STUDIES_NAMED;
      hub.publish({ type: 'UserDataChanged', topic, studyInstanceUIDs: all ? [] : studyInstanceUIDs, everything: all });
    }),
  );
  await settings.repair(notices.raise);
  await nodes.repair(notices.raise);
  await secrets.repair(notices.raise);

  const loaded = await store.load();
  if (loaded.keptAside !== undefined) {
    notices.raise('warning', `The list of actions could not be read and begins anew. The old one was kept as ${loaded.keptAside}.`);
  }

  const pool = rooms.createAssociationPool({
    workers: settings.current.associationWorkers,
    onLog: mainThreadTasks.wrap('association log', (lines) => {
      for (const line of lines) log.info({}, line);
    }),
  });
  closers.push(() => pool.close());
  const nodeStates = new Map<string, NodeState>();
  const nodesChanged = () => {
    hub.publish({ type: 'NodesChanged', nodes: [...nodes.list] });
    void receiver.reconsider();
  };
  const standing = options.services !== 'on-demand';
  const tlsFiles = new TLSFiles({ settings: () => settings.current, nodes: () => nodes.list, raise: notices.raise });
  const receiver: Receiver = new Receiver({
    startListener: rooms.startListener,
    archive,
    settings: () => settings.current,
    nodes: () => nodes.list,
    callers: () => identityRules(settings.current.callers, secrets, log),
    tls: tlsFiles,
    standing,
    changed: (listener) => {
      hub.publish({ type: 'ListenerChanged', listener });
      if (listener.state === 'listening') void demo.destinationChanged().catch(() => undefined);
    },
    log,
  });
  const demo: DemoNode = new DemoNode({ factory: options.demo, profile, nodes, receiver, nodesChanged });
  closers.push(() => demo.close());
  closers.push(() => receiver.close());

  let notRecordedAt = Number.NEGATIVE_INFINITY;
  const passwords = new HeldPasswords();
  const contents = new HeldContents();
  const projects = new Projects(profile, secrets);
  const parts: EngineParts = {
    takePassword: (passwordId) => passwords.take(passwordId),
    takeContent: (contentId) => contents.take(contentId),
    audit: openAuditTrail(profile),
    projects,
    pool,
    archive,
    receiver,
    messageIds: rooms.messageIds,
    store,
    log,
    settings: () => settings.current,
    node: (nodeId) => nodes.find(nodeId),
    nodeReady: async (node) => (node.kind === 'demo' ? await demo.ready() : (nodes.find(node.nodeId) ?? node)),
    peerOf: (node) => peerOf(node, settings.current, secrets, tlsFiles),
    publish: (draft) => hub.publish(draft),
    hasAudience: () => hub.hasAudience,
    echoed: (state) => {
      if (nodes.find(state.nodeId) === undefined) return;
      nodeStates.set(state.nodeId, state);
      hub.publish({ type: 'NodeStateChanged', state });
    },
    notRecorded: () => {
      if (performance.now() - notRecordedAt < NOT_RECORDED_AGAIN_MS) return;
      notRecordedAt = performance.now();
      notices.raise(
        'error',
        'The list of actions cannot be written to disk. Make room on the disk that holds the profile; what runs now goes on.',
      );
    },
  };
  const engine = new ActionEngine(parts);
  const echoes = new AbortController();
  closers.push(() => engine.close());
  closers.push(() => echoes.abort());
  await engine.recover(loaded, standing);
  if (standing) {
    const upkeep = new Upkeep({
      settings: () => settings.current,
      request: (action) => engine.request(action, null),
      hasTrash: async () => (await archive.job('trash', { offset: 0, limit: 0 }).done).total > 0,
    });
    closers.push(() => upkeep.close());
    const watched = new WatchedFolder({
      archive,
      settings: () => settings.current,
      raise: notices.raise,
      imported: (folder, { touched, imported, conflict, missing }) =>
        parts.audit.record({
          actionId: '',
          action: 'C',
          what: 'import',
          studies: touched,
          instances: imported,
          success: conflict + missing === 0,
          media: { role: 'source', names: [folder] },
          details: [],
        }),
    });
    closers.push(() => watched.close());
  }

  const dispatcher = new Dispatcher(
    makeHandlers({
      version: options.version,
      profile,
      settings,
      nodes,
      secrets,
      tlsFiles,
      nodeStates,
      notices,
      hub,
      receiver,
      demo,
      engine,
      archive,
      passwords,
      contents,
      projects,
      audit: parts.audit,
      // A short command is gone before a lost index is read from the files: it would call the archive empty, every time.
      listable: () => (standing ? Promise.resolve() : archive.settled()),
      nodesChanged,
      checkNode: (node: PacsNode) => void checkNode(parts, node, echoes.signal),
    }),
    log,
  );
  void receiver.reconsider();
  if (standing && demo.node() !== undefined && options.demo !== undefined) {
    demo.ready().catch((thrown) => {
      log.error({ error: toErrorData(thrown) }, 'the demo PACS did not start');
      notices.raise('warning', 'The demo PACS did not start. Remove its entry and add it again.');
    });
  }
  log.info({ version: options.version, nodes: nodes.list.length }, 'workstation open');

  let closing: Promise<void> | undefined;
  return {
    archive: archive.location,
    invoke<C extends CommandName>(command: C, args: CommandArgs<C>): Promise<CommandResult<C>> {
      if (closing !== undefined) return Promise.reject(new PhosphorError('interrupted', 'the workstation is closing'));
      return dispatcher.invoke(command, args);
    },
    subscribe: (listener) => hub.subscribe(listener),
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
