export { ActionEngine } from './engine.ts';
export { mainThreadTasks, type TaskReport } from './main-thread-tasks.ts';
export { openActionStore } from './store.ts';
export type { EngineParts, Log, MoveReceiver } from './types.ts';
