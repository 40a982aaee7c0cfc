export type { Workstation, WorkstationOptions } from './types.ts';
export { openWorkstation } from './workstation.ts';
