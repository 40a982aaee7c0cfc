export { diagnose, ownAndPeerWords } from './diagnosis.ts';
export { ActionEngine } from './engine.ts';
export { mainThreadTasks, type TaskReport } from './main-thread-tasks.ts';
export { checkNode } from './simple-operations.ts';
export { startActionStore } from './store.ts';
export type { EngineParts, Log, MoveReceiver } from './types.ts';
