import { parentPort, workerData } from 'node:worker_threads';
import { openAssociationLog } from './association-log.ts';
import type { AssociationThreadStart } from './association-numbers.ts';
import { type RunningTask, runTask } from './association-task.ts';
import type { FromAssociationWorker, Task, ToAssociationWorker } from './pool-protocol.ts';

// An association worker: several associations, each with one operation, all of them on this thread's sockets. What throws here is a bug
// and ends the thread; the pool replaces it, and only the operations of this thread end.

const port = parentPort;
if (!port) throw new Error('association-thread.ts runs as a worker thread only');

const running = new Map<number, RunningTask>();
const closing = new Set<Promise<void>>();

function post(message: FromAssociationWorker): void {
  port?.postMessage(message);
}

// The main side's pool wrote it.
const { associationNumbers } = (workerData ?? {}) as Partial<AssociationThreadStart>;
const log = openAssociationLog((lines) => post({ type: 'log', lines }), associationNumbers);

function start(seq: number, task: Task): void {
  const operation = runTask(task, {
    matches: (rows) => post({ type: 'matches', seq, rows }),
    entries: (entries) => post({ type: 'entries', seq, entries }),
    pending: (counts) => post({ type: 'pending', seq, counts }),
    stored: (instances) => post({ type: 'stored', seq, instances }),
    sent: (instances) => post({ type: 'sent', seq, instances }),
    refused: (instances) => post({ type: 'refused', seq, instances }),
    commitment: (part) => post({ type: 'commitment', seq, part }),
    commitmentAccepted: () => post({ type: 'commitmentAccepted', seq }),
  });
  running.set(seq, operation);
  void operation.result.then((result) => {
    running.delete(seq);
    post({ type: 'done', seq, result });
  });
  closing.add(operation.closed);
  void operation.closed.then(() => closing.delete(operation.closed));
}

async function close(): Promise<void> {
  for (const operation of running.values()) operation.abort();
  await Promise.all(closing);
  log.flush();
  port?.close();
}

port.on('message', (message: ToAssociationWorker) => {
  switch (message.type) {
    case 'start':
      return start(message.seq, message.task);
    case 'cancel':
      return running.get(message.seq)?.cancel();
    case 'acknowledge':
      return running.get(message.seq)?.acknowledge();
    case 'moveProgress':
      return running.get(message.seq)?.progress();
    case 'commitmentTaken':
      return running.get(message.seq)?.commitmentTaken?.(message.ticket, message.status);
    case 'ping':
      return post({ type: 'pong' });
    case 'close':
      return void close();
  }
});
