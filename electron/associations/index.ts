export type * from './commitment-types.ts';
export { startListener } from './listener.ts';
export { MoveMessageIds, moveMessageIds } from './move-message-ids.ts';
export { createAssociationPool } from './pool.ts';
export { OWN_TLS_FILES } from './tls-errors.ts';
export { readTLSFile } from './tls-file.ts';
export type { ListenerTLS, PeerTLS } from './tls-profile.ts';
export { tlsSelfTest } from './tls-self-test.ts';
export type * from './types.ts';
