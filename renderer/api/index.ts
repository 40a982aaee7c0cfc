export {
  type Client,
  type Connection,
  type ConnectionState,
  connect,
  type InstanceRange,
  type InstanceRequest,
  styleNonce,
} from './client.ts';
