export { connect, styleNonce } from './client.ts';
export type { Client, ConnectionState, InstanceRequest } from './types.ts';
