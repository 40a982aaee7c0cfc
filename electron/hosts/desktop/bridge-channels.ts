/** Names of the IPC channels between preload and main: the contract, and nothing else. */
export const CHANNEL = {
  invoke: 'phosphor:invoke',
  listen: 'phosphor:listen',
  acknowledge: 'phosphor:acknowledge',
  event: 'phosphor:event',
  skipped: 'phosphor:skipped',
} as const;
