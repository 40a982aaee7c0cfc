import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it, vi } from 'vitest';
import { userDataMethods } from '../../../electron/archive/user-data.ts';
import { migrateUserData } from '../../../electron/archive/user-migrations/index.ts';
import type { Client } from '../../../renderer/api/types.ts';
import { AnnotationKeeper } from '../../../renderer/viewer/annotations/keeper.ts';
import { AnnotationStore } from '../../../renderer/viewer/annotations/store.ts';
import { History } from '../../../renderer/viewer/history.ts';
import type { ContractEvent } from '../../../shared/contract/index.ts';
import type { Annotation } from '../../../shared/marks/index.ts';

const STUDY = '1.2.3';
const mark = (id: string, change: Partial<Annotation> = {}): Annotation => ({
  id,
  kind: 'length',
  studyInstanceUID: STUDY,
  seriesInstanceUID: '1.2.3.1',
  sopInstanceUID: '1.2.3.1.1',
  frame: 0,
  points: [
    { x: 1.25, y: 2 },
    { x: 30.5, y: 40 },
  ],
  name: '',
  ...change,
});

/** user.db as the workstation has it, and windows on it. */
function workstation() {
  const database = new DatabaseSync(':memory:');
  migrateUserData(database, () => undefined);
  const listeners = new Set<(event: ContractEvent) => void>();
  let seq = 0;
  const methods = userDataMethods(database, 'archive', ({ topic, studyInstanceUIDs }) => {
    for (const listener of listeners) listener({ type: 'UserDataChanged', seq: seq++, topic, studyInstanceUIDs, everything: false });
  });
  const state = { down: false };
  const client = {
    invoke: async (command: 'user.annotations.get' | 'user.annotations.put', args: never) => {
      if (state.down) throw new Error('no connection');
      return methods[command](args);
    },
    subscribe: (listener: (event: ContractEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Client;
  const window = () => {
    const history = new History();
    const store = new AnnotationStore(history);
    const keeper = new AnnotationKeeper(client, store);
    keeper.open(STUDY);
    return { history, store, keeper };
  };
  return { window, methods, state };
}

const names = (store: AnnotationStore) =>
  store
    .snapshot()
    .map(({ id, name }) => `${id}${name}`)
    .sort();

afterEach(() => void vi.useRealTimers());

it('what is drawn is there when the study is opened again', async () => {
  const { window } = workstation();
  const first = window();
  first.store.put(mark('a', { name: 'Lesion' }));
  first.store.put(mark('k', { kind: 'key-image', points: [] }));
  first.store.put(mark('gone'));
  first.store.remove(['gone']);
  await first.keeper.close();
  const { store, keeper } = window();
  await vi.waitFor(() => expect(names(store)).toEqual(['aLesion', 'k']), { timeout: 30_000 });
  expect(store.get('a')).toEqual(mark('a', { name: 'Lesion' }));
  await keeper.close();
});

it('is written a moment after the last change, without waiting for the viewer to close', async () => {
  vi.useFakeTimers();
  const { window, methods } = workstation();
  const { store } = window();
  await vi.advanceTimersByTimeAsync(1);
  store.put(mark('a'));
  await vi.advanceTimersByTimeAsync(100);
  store.put(mark('b'));
  expect(methods['user.annotations.get']({ studyInstanceUID: STUDY }).revision).toBe(0);
  await vi.advanceTimersByTimeAsync(1000);
  const { document, revision } = methods['user.annotations.get']({ studyInstanceUID: STUDY });
  expect(revision, 'two changes, one write').toBe(1);
  expect(document).toContain('"b"');
});

it('a page that is left writes at once, also while it reads or writes', async () => {
  vi.useFakeTimers();
  const { window, methods } = workstation();
  const { store, keeper } = window();
  await vi.advanceTimersByTimeAsync(1);
  store.put(mark('a'));
  keeper.flush();
  expect(methods['user.annotations.get']({ studyInstanceUID: STUDY }).document).toContain('"a"');
  await vi.advanceTimersByTimeAsync(3000);
  expect(keeper.state.getState()).toEqual({ keeping: 'kept', unsaved: false });
  store.put(mark('b'));
  // The write of b has begun and is not answered.
  vi.advanceTimersByTime(400);
  store.put(mark('c'));
  keeper.flush();
  expect(methods['user.annotations.get']({ studyInstanceUID: STUDY }).document).toContain('"c"');
});

it('two windows on one study take over each other’s marks; the newer state of each wins', async () => {
  vi.useFakeTimers();
  const { window } = workstation();
  const [one, other] = [window(), window()];
  await vi.advanceTimersByTimeAsync(1);
  one.store.put(mark('a'));
  other.store.put(mark('b'));
  await vi.advanceTimersByTimeAsync(3000);
  expect(names(one.store)).toEqual(['a', 'b']);
  expect(names(other.store)).toEqual(['a', 'b']);
  other.store.put(mark('a', { name: 'other' }));
  await vi.advanceTimersByTimeAsync(10);
  one.store.remove(['b']);
  one.store.put(mark('a', { name: 'one' }));
  await vi.advanceTimersByTimeAsync(3000);
  expect(names(one.store)).toEqual(['aone']);
  expect(names(other.store)).toEqual(['aone']);
});

it('taking back what was drawn leaves what came from elsewhere', async () => {
  vi.useFakeTimers();
  const { window } = workstation();
  const [one, other] = [window(), window()];
  await vi.advanceTimersByTimeAsync(1);
  one.store.put(mark('a'));
  other.store.put(mark('b'));
  await vi.advanceTimersByTimeAsync(3000);
  one.history.undo();
  expect(names(one.store)).toEqual(['b']);
  await vi.advanceTimersByTimeAsync(3000);
  expect(names(other.store)).toEqual(['b']);
});

it('says when it cannot be saved, and saves when it can again', async () => {
  vi.useFakeTimers();
  const { window, methods, state } = workstation();
  const { store, keeper } = window();
  await vi.advanceTimersByTimeAsync(1);
  state.down = true;
  store.put(mark('a'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(keeper.state.getState().keeping).toBe('failed');
  state.down = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(keeper.state.getState().keeping).toBe('kept');
  expect(methods['user.annotations.get']({ studyInstanceUID: STUDY }).document).toContain('"a"');
});

it('marks that it does not understand stay as they are; a document that is none is not written over', async () => {
  const { window, methods } = workstation();
  const newer = { id: 'n', kind: 'hologram', at: 1 };
  const document = JSON.stringify({ version: 2, annotations: [newer], removed: [] });
  methods['user.annotations.put']({ studyInstanceUID: STUDY, document, revision: 0 });
  const { store, keeper } = window();
  store.put(mark('a'));
  await keeper.close();
  expect(methods['user.annotations.get']({ studyInstanceUID: STUDY }).document).toContain('hologram');

  methods['user.annotations.put']({ studyInstanceUID: STUDY, document: '[1]', revision: 2 });
  const next = window();
  next.store.put(mark('b'));
  await next.keeper.close();
  expect(next.keeper.state.getState().keeping).toBe('unreadable');
  expect(methods['user.annotations.get']({ studyInstanceUID: STUDY }).document).toBe('[1]');
});

it('more than can be kept is said, and what was kept stays', async () => {
  const { window, methods } = workstation();
  const { store, keeper } = window();
  const points = Array.from({ length: 90_000 }, (_, index) => ({ x: index / 7, y: index / 3 }));
  for (const id of ['a', 'b']) store.put(mark(id, { kind: 'freehand', points }));
  await keeper.close();
  expect(keeper.state.getState().keeping).toBe('too-long');
  expect(methods['user.annotations.get']({ studyInstanceUID: STUDY }).revision).toBe(0);
});
