export type * from './commitment-types.ts';
export { startListener } from './listener.ts';
export { MoveMessageIds, moveMessageIds } from './move-message-ids.ts';
export { createAssociationPool } from './pool.ts';
export type * from './types.ts';
