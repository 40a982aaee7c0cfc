export type { TimeSource } from './clock.ts';
export { CommandField, Priority } from './command-set.ts';
export { acceptAssociation, numberAssociations, requestAssociation } from './establish.ts';
export { CollectingSink } from './message-reader.ts';
export { Rejections } from './negotiation.ts';
export { garbageAnswer, RequestGate, rejectionBytes } from './request-gate.ts';
export { isPending, Status, statusOf } from './status.ts';
export type { Transport, TransportHandler } from './transport.ts';
export type * from './types.ts';
