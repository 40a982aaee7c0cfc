import type { ContractEvent } from '../../shared/contract/index.ts';
import { type Client, connect } from '../api/index.ts';
import { takeImported } from '../importing/importing.ts';
import { takeArrivals } from './arrivals.ts';
import { poppedOut } from './popped-out.ts';
import { refreshArchive, searchNow, takeEnd, takeMatches } from './searching.ts';
import { afterEvent, fromSnapshot, type WorkstationState } from './state.ts';
import { app, bindClient } from './store.ts';

/** A frame has 16 ms; the events of a burst beyond this wait for the next one. */
const FRAME_BUDGET_MS = 8;
/** Faster than this nobody reads; the time between belongs to the reader's own gestures. */
const SHOW_EVERY_MS = 66;

let current: Client | undefined;

/** The window's connection whole, for what needs more of it than the contract; undefined before it stands. */
export function windowClient(): Client | undefined {
  return current;
}

/** Connects, takes the snapshot and keeps the store true to the main side for as long as the window lives. */
export async function startSession(open: () => Promise<Client> = connect): Promise<void> {
  let client: Client;
  try {
    client = await open();
  } catch {
    app.set({ connection: 'refused' });
    return;
  }
  current = client;
  bindClient(client);
  const queue = frameQueue(takeEvents);
  client.subscribe(queue);
  client.connection.subscribe(() => app.set({ connection: client.connection.get() }));
  client.onSnapshotNeeded(() => void takeSnapshot(client));
  await takeSnapshot(client);
}

async function takeSnapshot(client: Client): Promise<void> {
  try {
    const snapshot = await client.invoke('session.snapshot', {});
    app.set({ connection: client.connection.get(), workstation: fromSnapshot(snapshot) });
    // A window for one series lists nothing.
    if (poppedOut !== undefined) return;
    searchNow();
    void refreshArchive();
  } catch {
    // The connection broke again: its return asks for another snapshot.
    app.set({ connection: client.connection.get() });
  }
}

/** Takes in a batch and says how many events it has done; one store update for all of them. */
function takeEvents(events: readonly ContractEvent[]): number {
  const start = performance.now();
  let workstation: WorkstationState = app.get().workstation;
  let taken = 0;
  for (const event of events) {
    workstation = afterEvent(workstation, event, start);
    if (event.type === 'ActionItems') {
      takeMatches(event);
      takeImported(event);
    }
    taken += 1;
    if (performance.now() - start > FRAME_BUDGET_MS) break;
  }
  const done = events.slice(0, taken);
  const { list, listVersion } = app.get();
  if (workstation !== app.get().workstation || list.version !== listVersion) app.set({ workstation, listVersion: list.version });
  for (const event of done) {
    if (event.type === 'ActionComplete') takeEnd(event);
    if (event.type === 'StudiesChanged') void takeArrivals(event);
  }
  return taken;
}

/** Collects events until a frame at least SHOW_EVERY_MS after the last; in a window that nobody sees, and that gets no frames, by a timer. */
function frameQueue(take: (events: readonly ContractEvent[]) => number): (event: ContractEvent) => void {
  let waiting: ContractEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame = 0;
  let last = 0;
  const schedule = (): void => {
    const pause = Math.max(0, last + SHOW_EVERY_MS - performance.now());
    timer = setTimeout(() => {
      frame = requestAnimationFrame(flush);
      timer = setTimeout(flush, SHOW_EVERY_MS);
    }, pause);
  };
  const flush = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    const batch = waiting;
    waiting = [];
    waiting = [...batch.slice(take(batch)), ...waiting];
    if (waiting.length > 0) schedule();
  };
  return (event) => {
    waiting.push(event);
    if (timer === undefined) schedule();
  };
}
