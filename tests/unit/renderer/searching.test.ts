import { beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_FILTERS } from '../../../renderer/app/query.ts';
import { searchNow, takeEnd, takeMatches } from '../../../renderer/app/searching.ts';
import { fromSnapshot, NOTHING_KNOWN } from '../../../renderer/app/state.ts';
import { app, bindClient } from '../../../renderer/app/store.ts';
import type { ActionRequest, CommandName, Contract, LocalStudy, PacsNode, Tag } from '../../../shared/contract/index.ts';
import { complete, localStudy, studyRow } from './people.ts';

const MAIN: PacsNode = {
  nodeId: '00000000-0000-4000-8000-000000000001',
  kind: 'pacs',
  name: 'MAIN',
  host: 'pacs.example',
  port: 104,
  aeTitle: 'MAIN',
  method: 'move',
};

interface Asked {
  readonly action: ActionRequest;
  readonly tag: Tag;
  readonly actionId: string;
}

/** A main side whose answers are given by hand. */
function mainSide() {
  const asked: Asked[] = [];
  const cancelled: string[] = [];
  const dismissed: string[] = [];
  const searches: ((studies: LocalStudy[], more?: { total: number; totalIsLeast: true }) => void)[] = [];
  const answers: Partial<Record<CommandName, (args: never) => unknown>> = {
    'archive.search': () =>
      new Promise((resolve) => {
        searches.push((studies, more = undefined) => resolve({ total: studies.length, studies, ...more }));
      }),
    'actions.request': ({ action, tag }: { action: ActionRequest; tag: Tag }) => {
      const actionId = `00000000-0000-4000-8000-0000000001${String(asked.length).padStart(2, '0')}`;
      asked.push({ action, tag, actionId });
      return { actionId };
    },
    'actions.cancel': ({ actionId }: { actionId: string }) => {
      cancelled.push(actionId);
      return {};
    },
    'actions.dismiss': ({ actionId }: { actionId: string }) => {
      dismissed.push(actionId);
      return {};
    },
  };
  const client = { invoke: async (command: CommandName, args: never) => answers[command]?.(args) ?? {} } as unknown as Contract;
  return { client, asked, cancelled, dismissed, searches };
}

let side = mainSide();
/** vitest's own second is short on a loaded machine. */
const until = (holds: () => void) => vi.waitFor(holds, { timeout: 30_000 });
const rows = () => app.get().list.order;
const matches = (asked: Asked | undefined, ...numbers: number[]) =>
  takeMatches({
    type: 'ActionItems',
    actionId: asked?.actionId ?? '',
    tag: asked?.tag ?? null,
    seq: 1,
    items: numbers.map((number) => ({ kind: 'match', row: studyRow(number) })),
  });

beforeEach(() => {
  side = mainSide();
  bindClient(side.client);
  app.set({ workstation: { ...NOTHING_KNOWN, nodes: [MAIN] }, searchText: 'doe', filters: NO_FILTERS, excluded: {}, nodeSearches: {} });
});

/** Begins a search and lets the archive and the PACS take it. */
async function begin(studies: LocalStudy[] = []): Promise<Asked | undefined> {
  const before = side.asked.length;
  searchNow();
  await until(() => expect(side.searches.length).toBeGreaterThan(0));
  side.searches.pop()?.(studies);
  await until(() => expect(side.asked.length).toBeGreaterThan(before));
  await until(() => expect(app.get().nodeSearches[MAIN.nodeId]?.actionId).toBeDefined());
  return side.asked.at(-1);
}

describe('a search over the archive and a PACS', () => {
  it('merges what both answer, and asks the PACS at the study level', async () => {
    const find = await begin([localStudy(1, 500)]);
    expect(find?.action).toMatchObject({ command: 'find', nodeId: MAIN.nodeId, query: { level: 'study', patientName: '*doe*' } });
    matches(find, 1, 2);
    expect([...rows()].sort()).toEqual(['1.2.3.1', '1.2.3.2']);
    expect(app.get().nodeSearches[MAIN.nodeId]).toMatchObject({ state: 'searching', matches: 2 });
  });

  it('lets the newest question win when an older answer comes late', async () => {
    searchNow();
    await until(() => expect(side.searches).toHaveLength(1));
    app.set({ searchText: 'doe, jane' });
    searchNow();
    await until(() => expect(side.searches).toHaveLength(2));
    side.searches[1]?.([localStudy(2, 1)]);
    await until(() => expect(rows()).toEqual(['1.2.3.2']));
    side.searches[0]?.([localStudy(1, 1)]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(rows()).toEqual(['1.2.3.2']);
  });

  it('cancels the find of the old question and drops its rows', async () => {
    const old = await begin();
    await begin();
    expect(side.cancelled).toEqual([old?.actionId]);
    matches(old, 7);
    expect(rows()).toEqual([]);
  });

  it('does not ask a hospital for everything unless told to', async () => {
    app.set({ searchText: '' });
    searchNow();
    await until(() => expect(side.searches).toHaveLength(1));
    side.searches[0]?.([]);
    await until(() => expect(app.get().localSearch.state).toBe('done'));
    expect(side.asked).toEqual([]);
  });
});

it('says that there are at least so many, where the archive has not counted them all', async () => {
  searchNow();
  await until(() => expect(side.searches.length).toBeGreaterThan(0));
  side.searches.at(-1)?.([], { total: 20_000, totalIsLeast: true });
  await until(() => expect(app.get().localSearch).toMatchObject({ state: 'done', matches: 20_000, isLeast: true }));
});

describe('the end of a find', () => {
  const end = (find: Asked | undefined, outcome: 'success' | 'rejected') =>
    complete(2, outcome, {
      actionId: find?.actionId ?? '',
      tag: find?.tag ?? null,
      action: find?.action ?? { command: 'verify' },
      ...(outcome === 'rejected' ? { diagnosis: { sentence: 'MAIN does not know PHOSPHOR.' } } : {}),
    });

  it('puts the reason of a failure on the row of the source, not "no results"', async () => {
    takeEnd(end(await begin(), 'rejected'));
    expect(app.get().nodeSearches[MAIN.nodeId]).toMatchObject({ state: 'failed', sentence: 'MAIN does not know PHOSPHOR.' });
    expect(side.dismissed).toEqual([]);
  });

  it('takes one that went well off the list of actions', async () => {
    const find = await begin();
    takeEnd(end(find, 'success'));
    expect(app.get().nodeSearches[MAIN.nodeId]?.state).toBe('done');
    expect(side.dismissed).toEqual([find?.actionId]);
  });

  it('keeps one line of a PACS that goes on failing', async () => {
    const first = end(await begin(), 'rejected');
    app.set(({ workstation }) => ({ workstation: { ...workstation, finished: { [first.actionId]: first } } }));
    takeEnd(end(await begin(), 'rejected'));
    expect(side.dismissed).toEqual([first.actionId]);
    expect(app.get().workstation.finished).toEqual({});
  });
});

it('takes a snapshot over whole, running and finished actions included', () => {
  const snapshot = fromSnapshot({
    seq: 1,
    epoch: '00000000-0000-4000-8000-000000000009',
    version: '1',
    profile: '/p',
    settings: undefined as never,
    nodes: [MAIN],
    nodeStates: [{ nodeId: MAIN.nodeId, echo: 'ok' }],
    listener: { state: 'off', aeTitle: 'PHOSPHOR', host: '', port: 1, associations: 0 },
    running: [],
    finished: [complete(1, 'partial')],
    notices: [],
  });
  expect(snapshot.nodeStates[MAIN.nodeId]?.echo).toBe('ok');
  expect(Object.values(snapshot.finished).map(({ outcome }) => outcome)).toEqual(['partial']);
});
