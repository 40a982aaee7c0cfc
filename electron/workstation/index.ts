export { mainThreadTasks, type TaskReport } from '../actions/index.ts';
export type { Workstation, WorkstationOptions } from './types.ts';
export { openWorkstation } from './workstation.ts';
