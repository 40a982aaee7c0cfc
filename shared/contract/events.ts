import { z } from 'zod';
import { actionComplete, actionItems, actionUpdate } from './actions.ts';
import { listenerState, nodeState, notice, pacsNode, settings } from './model.ts';
import { count, uid } from './primitives.ts';
import { userDataChange } from './user-data.ts';

const seq = count;

/** Every event carries `seq`, ascending without gaps over the life of one workstation process. */
export const contractEvent = z.discriminatedUnion('type', [
  actionItems,
  actionUpdate,
  actionComplete,
  z.strictObject({ type: z.literal('NodesChanged'), seq, nodes: z.array(pacsNode).max(1000) }),
  z.strictObject({ type: z.literal('NodeStateChanged'), seq, state: nodeState }),
  z.strictObject({ type: z.literal('SettingsChanged'), seq, settings }),
  z.strictObject({ type: z.literal('ListenerChanged'), seq, listener: listenerState }),
  /** Studies whose rows or series changed in the archive; at most 4 a second. `everything` = list anew. */
  z.strictObject({ type: z.literal('StudiesChanged'), seq, studyInstanceUIDs: z.array(uid).max(1000), everything: z.boolean() }),
  /** What people noted on studies changed, in this window or another. */
  z.strictObject({ type: z.literal('UserDataChanged'), seq, ...userDataChange }),
  z.strictObject({ type: z.literal('NoticeRaised'), seq, notice }),
]);
export type ContractEvent = z.infer<typeof contractEvent>;
export type EventOf<T extends ContractEvent['type']> = Extract<ContractEvent, { type: T }>;
