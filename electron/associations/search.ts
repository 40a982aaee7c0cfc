import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import type { FindOutcome, ServiceOperation } from '../dicom/services/index.ts';
import { CreditedBatches } from './credited-batches.ts';
import { StallClock } from './stall-clock.ts';
import { finalResponse, type TaskControl } from './task-control.ts';
import type { Clocks, FindResult } from './types.ts';

export interface SearchOptions<Item> {
  readonly clocks: Clocks;
  readonly control: TaskControl;
  /** Takes batches; who is slow slows the peer. */
  readonly deliver: (items: Item[]) => void;
  /** Sends the C-FIND-RQ. */
  readonly start: (onItem: (item: Item) => Promise<void> | undefined) => ServiceOperation<FindOutcome>;
  readonly isSame: (a: Item, b: Item) => boolean;
}

/** One C-FIND under its clocks: a match that differs from the one before re-arms the first, nothing the second. */
export async function search<Item>({ clocks, control, deliver, start, isSame }: SearchOptions<Item>): Promise<FindResult> {
  const batches = new CreditedBatches<Item>(deliver);
  control.onAcknowledge = () => batches.acknowledge();
  const { dimseResponse, retrieveTotal } = clocks;
  let last: Item | undefined;
  const onItem = (item: Item): Promise<void> | undefined => {
    if (control.cancelled) return undefined;
    // Repeating the same match for ever is no progress, though every response re-arms the clock of responses.
    if (last === undefined || !isSame(last, item)) stall.rearm();
    last = item;
    const wait = batches.add(item);
    if (wait === undefined) return undefined;
    // Whoever reads the matches is slow: that is not held against the peer.
    stall.pause();
    return wait.then(() => stall.resume());
  };
  const operation = start(onItem);
  // After the request: one that cannot be sent throws, and no clock is left running.
  const stall = new StallClock(dimseResponse, () =>
    operation.cancel(new PhosphorError('timed-out', 'the peer says the same match again and again', { clock: 'dimse-response' })),
  );
  const total = new StallClock(retrieveTotal, () =>
    operation.cancel(new PhosphorError('timed-out', 'the search took too long in all', { clock: 'retrieve-total' })),
  );
  control.onCancel = () => {
    batches.discard();
    operation.cancel();
  };
  try {
    const { matches, status, errorComment, offendingElements } = await operation.done;
    return { ok: true, ...finalResponse({ status, errorComment, offendingElements }), matches };
  } finally {
    stall.stop();
    total.stop();
    batches.flush();
  }
}
