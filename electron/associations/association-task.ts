import { PhosphorError, toErrorData } from '../../shared/contract/phosphor-error.ts';
import type { Association } from '../dicom/network/index.ts';
import { commitOperation } from './commitment-task.ts';
import { echoOperation } from './echo-task.ts';
import { findOperation } from './find-task.ts';
import { getOperation } from './get-task.ts';
import { openAssociation } from './open-association.ts';
import type { AnyResult, Task } from './pool-protocol.ts';
import { moveOperation } from './retrieve-tasks.ts';
import { runStore } from './store-task.ts';
import { type Attendance, type OperationKind, type SingleTask, TaskControl, type TaskReport } from './task-control.ts';
import { worklistOperation } from './worklist-task.ts';

export interface RunningTask {
  /** The one final result. Never rejects. */
  readonly result: Promise<AnyResult>;
  /** The association is gone, released or aborted. Never rejects. */
  readonly closed: Promise<void>;
  /** C-CANCEL and its grace, or the end of connecting. */
  cancel(): void;
  acknowledge(): void;
  progress(): void;
  commitmentTaken?(ticket: number | undefined, status: number): void;
  /** A-ABORT at once. */
  abort(): void;
}

const OPERATIONS: { readonly [Kind in SingleTask['kind']]: OperationKind<Kind> } = {
  echo: echoOperation,
  find: findOperation,
  move: moveOperation,
  get: getOperation,
  worklist: worklistOperation,
  commit: commitOperation,
};

/** Opens an association, does the one operation on it, answers, and releases it afterwards. */
export function runTask(task: Task, report: TaskReport): RunningTask {
  if (task.kind === 'store') return runStore(task, report);
  const control = new TaskControl();
  const closed = Promise.withResolvers<void>();
  // The table's entry for a kind takes that kind's tasks.
  const kind = OPERATIONS[task.kind] as OperationKind<SingleTask['kind']>;
  const attendance = kind.attend?.(task, control, report);
  const result = associate(kind, task, control, attendance)
    .then((association) => {
      control.association = association;
      void association.closed.then(() => closed.resolve());
      return operate(kind, association, task, control, report, attendance).then(
        (outcome) => {
          // The answer does not wait for the release, whose own clock closes the connection in any case.
          association.release().catch(() => {});
          return outcome;
        },
        (thrown) => {
          association.abort();
          throw thrown;
        },
      );
    })
    .catch((thrown): AnyResult => {
      if (!control.association) closed.resolve();
      return { ok: false, error: toErrorData(thrown) };
    })
    .then(async (outcome) => {
      await attendance?.settle();
      return outcome;
    });
  return {
    result,
    closed: attendance ? Promise.all([closed.promise, result]).then(() => attendance.close()) : closed.promise,
    cancel: () => control.cancel(),
    acknowledge: () => control.onAcknowledge?.(),
    progress: () => control.onProgress?.(),
    commitmentTaken: (ticket, status) => control.onCommitmentTaken?.(ticket, status),
    abort: () => control.abort(),
  };
}

async function associate(
  kind: OperationKind<SingleTask['kind']>,
  task: SingleTask,
  control: TaskControl,
  attendance: Attendance | undefined,
): Promise<Association> {
  const contexts = kind.contexts(task);
  return await openAssociation({
    peer: task.peer,
    clocks: task.clocks,
    contexts,
    services: attendance?.services ?? [],
    extendedNegotiation: kind.extendedNegotiation?.(task, contexts) ?? [],
    signal: control.signal,
  });
}

async function operate(
  kind: OperationKind<SingleTask['kind']>,
  association: Association,
  task: SingleTask,
  control: TaskControl,
  report: TaskReport,
  attendance: Attendance | undefined,
): Promise<AnyResult> {
  if (control.cancelled) throw new PhosphorError('cancelled', 'cancelled before the request was sent');
  return await kind.run(association, task, control, report, attendance);
}
