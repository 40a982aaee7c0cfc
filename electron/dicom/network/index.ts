export { Association, acceptAssociation, requestAssociation } from './association.ts';
export type { TimeSource } from './clock.ts';
export type { Transport, TransportHandler } from './transport.ts';
export type * from './types.ts';
