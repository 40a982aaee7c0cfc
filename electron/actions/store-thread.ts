import { parentPort, workerData } from 'node:worker_threads';
import { ActionDatabase, sqliteError } from './store-database.ts';
import type { FromStoreThread, StoreCommand, StoredActions, StoreWorkerData, ToStoreThread } from './store-protocol.ts';

/** Does what the main thread asks of actions.db, in order, one answer each. */
const { file } = workerData as StoreWorkerData;
let database: ActionDatabase | undefined;

parentPort?.on('message', ({ id, command }: ToStoreThread) => {
  let answer: FromStoreThread;
  try {
    const loaded = perform(command);
    answer = { id, ok: true, ...(loaded === undefined ? {} : { loaded }) };
  } catch (thrown) {
    answer = { id, ok: false, error: sqliteError(thrown) };
  }
  parentPort?.postMessage(answer);
  if (command.type === 'close') parentPort?.close();
});

function perform(command: StoreCommand): StoredActions | undefined {
  if (command.type === 'close') {
    database?.close();
    database = undefined;
    return undefined;
  }
  database ??= new ActionDatabase(file);
  if (command.type === 'load') return database.load();
  if (command.type === 'insert') database.insert(command.record);
  else if (command.type === 'complete') database.complete(command.complete);
  else if (command.type === 'resume') database.resume(command.actionId, command.resumed);
  else database.dismiss(command.actionId);
  return undefined;
}
