import { z } from 'zod';
import { actionComplete, actionRequest, actionUpdate } from './actions.ts';
import { careCommands } from './care.ts';
import { composeCommands } from './compose.ts';
import { editCommands } from './edits.ts';
import { contractEvent } from './events.ts';
import { headerCommands } from './header.ts';
import {
  archiveStats,
  listenerState,
  localSeries,
  nodeState,
  notice,
  pacsNode,
  pacsNodeDraft,
  seriesManifest,
  settings,
  tlsFinding,
} from './model.ts';
import { actionId, count, nodeId, secret, tag, uid, username } from './primitives.ts';
import { localQuery, searchResult, searchSort } from './search.ts';
import { userCommands } from './user-data.ts';

const nothing = z.strictObject({});

/**
 * The whole command surface: one table, name → schema of arguments and of the result. Each command answers at once;
 * whatever takes time is an action (`actions.request`) and reports through events.
 */
export const commands = {
  /** State as of `seq`; what follows comes as events. Finished actions: the newest 200. */
  'session.snapshot': {
    args: nothing,
    result: z.strictObject({
      seq: count,
      /** Differs after a restart: events of another epoch cannot be continued. */
      epoch: z.uuid(),
      version: z.string().max(64),
      profile: z.string().max(4096),
      settings,
      nodes: z.array(pacsNode),
      nodeStates: z.array(nodeState),
      listener: listenerState,
      running: z.array(actionUpdate),
      finished: z.array(actionComplete),
      notices: z.array(notice),
    }),
  },
  /** Events after `seq`, oldest first, or `gap: true` when they are no longer kept (take a snapshot then). */
  'session.since': {
    args: z.strictObject({ epoch: z.uuid(), seq: count }),
    result: z.strictObject({ gap: z.boolean(), events: z.array(contractEvent) }),
  },
  'notices.dismiss': { args: z.strictObject({ noticeId: z.uuid() }), result: nothing },

  'nodes.add': { args: z.strictObject({ node: pacsNodeDraft }), result: z.strictObject({ node: pacsNode }) },
  'nodes.update': { args: z.strictObject({ nodeId, node: pacsNodeDraft }), result: z.strictObject({ node: pacsNode }) },
  'nodes.remove': { args: z.strictObject({ nodeId }), result: nothing },
  /** What we show of ourselves to a node: passcode, token, assertion, or a Kerberos ticket as base64. null removes it. Nothing ever answers it. */
  'nodes.setSecret': { args: z.strictObject({ nodeId, secret: secret.nullable() }), result: nothing },
  /** Whether there is one; `sealed`: by another host's key ring, so that this one cannot use it. */
  'nodes.secretState': { args: z.strictObject({ nodeId }), result: z.strictObject({ state: z.enum(['absent', 'stored', 'sealed']) }) },
  /** Who may call us with a username and passcode (PS3.7 D.3.3.7); null removes the caller. */
  'callers.set': { args: z.strictObject({ username, passcode: secret.nullable() }), result: nothing },
  'callers.list': { args: nothing, result: z.strictObject({ usernames: z.array(username).max(1000) }) },
  /** Starts the demo PACS (generating its studies on first use) and adds its node; idempotent. */
  'demo.start': { args: nothing, result: z.strictObject({ node: pacsNode }) },

  'settings.update': { args: z.strictObject({ changes: settings.partial() }), result: z.strictObject({ settings }) },
  /** Keeps the receiver open although no node calls for it (`phosphor listen`). */
  'listener.start': { args: nothing, result: z.strictObject({ listener: listenerState }) },

  /** What is wrong with our certificate, key and trust anchors, the gravest first; then our two ends shake hands with them. */
  'tls.selfTest': { args: nothing, result: z.strictObject({ findings: z.array(tlsFinding).max(1000) }) },

  'actions.request': { args: z.strictObject({ action: actionRequest, tag }), result: z.strictObject({ actionId }) },
  'actions.cancel': { args: z.strictObject({ actionId }), result: nothing },
  /** Takes a finished action off the list (it stays in actions.db). */
  'actions.dismiss': { args: z.strictObject({ actionId }), result: nothing },
  /** A new action with the same arguments and tag. */
  'actions.retry': { args: z.strictObject({ actionId }), result: z.strictObject({ actionId }) },
  /** The client has taken in this many batches of ActionItems. */
  'actions.credit': { args: z.strictObject({ actionId, batches: count.max(1000) }), result: nothing },

  'archive.search': {
    args: z.strictObject({ query: localQuery, sort: searchSort, offset: count, limit: count.max(1000) }),
    result: searchResult,
  },
  'archive.series': { args: z.strictObject({ studyInstanceUID: uid }), result: z.strictObject({ series: z.array(localSeries) }) },
  /** Instance UIDs of a series or study, for lists and tests. */
  'archive.instances': {
    args: z.strictObject({ studyInstanceUID: uid, seriesInstanceUID: uid.optional() }),
    result: z.strictObject({
      instances: z.array(
        z.strictObject({
          seriesInstanceUID: uid,
          sopInstanceUID: uid,
          sopClassUID: uid,
          instanceNumber: z.number().int().optional(),
          /** Its pixels end too early. */
          truncated: z.literal(true).optional(),
        }),
      ),
    }),
  },
  /**
   * Without `seriesInstanceUID` of the series that is read first. `known` = how many instances the caller already has: the answer is absent
   * (`manifest: null`) when nothing was added since. `first` = that many from the beginning of the stack are enough; a series whose positions
   * alone do not say which these are is told whole.
   */
  'archive.manifest': {
    args: z.strictObject({
      studyInstanceUID: uid,
      seriesInstanceUID: uid.optional(),
      known: count.optional(),
      first: count.min(1).optional(),
    }),
    result: z.strictObject({ manifest: seriesManifest.nullable() }),
  },
  ...headerCommands,
  ...careCommands,
  ...editCommands,
  ...composeCommands,
  /** A password for an action that bears its `passwordId`: held in memory, for one use, an hour at most. */
  'archive.holdPassword': {
    args: z.strictObject({ password: z.string().min(1).max(1024) }),
    result: z.strictObject({ passwordId: z.uuid() }),
  },
  'archive.stats': { args: nothing, result: archiveStats },

  ...userCommands,
} as const;

export type CommandName = keyof typeof commands;
export type CommandArgs<C extends CommandName> = z.infer<(typeof commands)[C]['args']>;
export type CommandResult<C extends CommandName> = z.infer<(typeof commands)[C]['result']>;
