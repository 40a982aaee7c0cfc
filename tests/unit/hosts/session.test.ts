import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSession, type Session } from '../../../renderer/api/session.ts';
import type { Answer, Transport, TransportHandlers } from '../../../renderer/api/transport.ts';
import { type ContractEvent, PhosphorError } from '../../../shared/contract/index.ts';
import { createFakeWorkstation, type FakeWorkstation } from './fake-workstation.ts';

let workstation: FakeWorkstation;
let storage: ReturnType<typeof createStorage>;
const sessions: Session[] = [];

beforeEach(() => {
  workstation = createFakeWorkstation('/nowhere');
  storage = createStorage();
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

describe('events', () => {
  test('what follows a snapshot comes after it, once and in order, even when it overtakes the answer', async () => {
    const wire = createWire();
    const session = await open(wire);
    const heard = listen(session);
    publish(2);
    const snapshot = session.invoke('session.snapshot', {});
    wire.hold();
    publish(2);
    wire.release();
    const { seq } = await snapshot;
    expect(heard).toEqual([]);
    await expect.poll(() => heard).toEqual([3, 4].filter((at) => at > seq));
    publish(1);
    expect(heard.at(-1)).toBe(5);
  });

  test('a broken connection loses none: what was missed comes first, nothing twice', async () => {
    const wire = createWire();
    const session = await live(wire);
    const heard = listen(session);
    publish(1);
    wire.down();
    expect(session.connection.get()).toBe('reconnecting');
    publish(3);
    wire.up();
    publish(1);
    await expect.poll(() => heard).toEqual([1, 2, 3, 4, 5]);
    expect(session.connection.get()).toBe('connected');
  });

  test('a reload loses none: the new page hears what happened since the old one', async () => {
    const first = createWire();
    const before = await live(first);
    listen(before);
    publish(2);
    await expect.poll(() => storage.getItem('phosphor.place')).toContain('"seq":2');
    first.down();
    before.close();
    publish(2);
    const after = await open(createWire());
    await new Promise((resolve) => setImmediate(resolve));
    // Nobody listened yet: it waited.
    const heard = listen(after);
    await expect.poll(() => heard).toEqual([3, 4]);
  });

  test('rows that were credited are missing from what is kept, and that is no gap', async () => {
    const wire = createWire();
    const session = await live(wire);
    const heard = listen(session);
    wire.down();
    publish(4);
    wire.lose = new Set([2, 3]);
    let needed = 0;
    session.onSnapshotNeeded(() => {
      needed += 1;
    });
    wire.up();
    await expect.poll(() => heard).toEqual([1, 4]);
    wire.lose = new Set();
    publish(1);
    expect([heard.at(-1), needed]).toEqual([5, 0]);
  });

  test('an event that got lost on the way is asked for', async () => {
    const wire = createWire();
    const session = await live(wire);
    const heard = listen(session);
    publish(1);
    wire.deaf = true;
    publish(1);
    wire.deaf = false;
    publish(1);
    await expect.poll(() => heard).toEqual([1, 2, 3]);
  });

  test('events left out for a slow window are asked for at once', async () => {
    const wire = createWire();
    const session = await live(wire);
    const heard = listen(session);
    wire.deaf = true;
    publish(3);
    wire.deaf = false;
    wire.skipped();
    await expect.poll(() => heard).toEqual([1, 2, 3]);
  });

  test('past what the workstation keeps, a new snapshot is called for and puts things right', async () => {
    const wire = createWire();
    const session = await live(wire);
    const heard = listen(session);
    let needed = 0;
    session.onSnapshotNeeded(() => {
      needed += 1;
    });
    wire.down();
    publish(5);
    workstation.forget(4);
    wire.up();
    await expect.poll(() => needed).toBe(1);
    publish(1);
    expect(heard).toEqual([]);
    const { seq } = await session.invoke('session.snapshot', {});
    expect(seq).toBe(6);
    await new Promise((resolve) => setTimeout(resolve, 5));
    publish(1);
    expect(heard).toEqual([7]);
  });

  test('what is not in the contract never reaches the window', async () => {
    const wire = createWire();
    const session = await live(wire);
    const heard = listen(session);
    wire.handlers?.onEvent({ type: 'NodesChanged', seq: 1, nodes: [{ name: '<b>' }] });
    wire.handlers?.onEvent({ type: 'Evil', seq: 1 });
    publish(1);
    await expect.poll(() => heard).toEqual([1]);
  });
});

describe('commands', () => {
  test('arguments and results are validated', async () => {
    const wire = createWire();
    const session = await open(wire);
    await expect(session.invoke('archive.series', { studyInstanceUID: 'has space' })).rejects.toMatchObject({
      data: { kind: 'invalid-arguments' },
    });
    expect(workstation.calls).toEqual([]);
    wire.answer = { ok: true, result: { total: 'many' } };
    await expect(session.invoke('archive.stats', {})).rejects.toMatchObject({ data: { kind: 'protocol' } });
    wire.answer = { ok: false, error: { kind: 'busy', message: 'x', retryable: true } };
    await expect(session.invoke('archive.stats', {})).rejects.toBeInstanceOf(PhosphorError);
    wire.answer = { ok: false, error: 'a stack trace' };
    await expect(session.invoke('archive.stats', {})).rejects.toMatchObject({ data: { kind: 'protocol' } });
  });

  test('a long manifest is validated to its last instance while other work goes on', async () => {
    const wire = createWire();
    const session = await open(wire);
    const args = { studyInstanceUID: '1.2', seriesInstanceUID: '1.3' };
    wire.answer = { ok: true, result: { manifest: manifest(1000) } };
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 0);
    const { manifest: read } = await session.invoke('archive.manifest', args);
    clearInterval(turning);
    expect([read?.instances.length, read?.instances[999]?.sopInstanceUID]).toEqual([1000, '1.4.999']);
    expect(turns).toBeGreaterThan(1);
    const broken = manifest(1000);
    broken.instances[999] = { ...broken.instances[0], fileBytes: -1 } as never;
    wire.answer = { ok: true, result: { manifest: broken } };
    await expect(session.invoke('archive.manifest', args)).rejects.toMatchObject({ data: { kind: 'protocol' } });
    wire.answer = { ok: true, result: { manifest: { ...manifest(1000), extra: 1 } } };
    await expect(session.invoke('archive.manifest', args)).rejects.toMatchObject({ data: { kind: 'protocol' } });
  });

  test('items of own actions are credited after they were delivered, those of others are not', async () => {
    const wire = createWire();
    const session = await live(wire);
    listen(session);
    const { actionId } = await session.invoke('actions.request', { action: { command: 'verify' }, tag: 1 });
    for (const id of [actionId, randomUUID(), actionId]) workstation.publish({ type: 'ActionItems', actionId: id, tag: 1, items: [] });
    await expect
      .poll(() => workstation.calls.filter((call) => call.command === 'actions.credit').map((call) => call.args))
      .toEqual([{ actionId, batches: 2 }]);
  });

  test('a snapshot credits what was on its way to this window, and nobody else’s', async () => {
    const wire = createWire();
    const session = await live(wire);
    listen(session);
    const { actionId } = await session.invoke('actions.request', { action: { command: 'verify' }, tag: 1 });
    await session.invoke('session.snapshot', {});
    await expect
      .poll(() => workstation.calls.filter((call) => call.command === 'actions.credit').map((call) => call.args))
      .toEqual([{ actionId, batches: 1000 }]);
  });
});

// ---------------------------------------------------------------------------------------------------------------------

function manifest(count: number) {
  const name = { alphabetic: 'A^B' };
  return {
    study: {
      level: 'study',
      studyInstanceUID: '1.2',
      patientName: name,
      patientID: '',
      patientBirthDate: '',
      patientSex: '',
      studyDate: '',
      studyTime: '',
      accessionNumber: '',
      studyDescription: '',
      referringPhysicianName: name,
      studyID: '',
      modalities: ['CT'],
      numberOfSeries: 1,
      numberOfInstances: count,
      bytes: 1,
      arrivedAt: 1,
    },
    series: {
      level: 'series',
      studyInstanceUID: '1.2',
      seriesInstanceUID: '1.3',
      modality: 'CT',
      seriesDescription: '',
      bodyPartExamined: '',
      seriesDate: '',
      numberOfInstances: count,
      bytes: 1,
    },
    instances: Array.from({ length: count }, (_, index) => ({
      sopInstanceUID: `1.4.${index}`,
      sopClassUID: '1.2',
      transferSyntaxUID: '1.2',
      numberOfFrames: 1,
      fileBytes: 10,
    })),
  };
}

function publish(count: number): void {
  for (let index = 0; index < count; index += 1) workstation.publish({ type: 'NodesChanged', nodes: [] });
}

function listen(session: Session): number[] {
  const heard: number[] = [];
  session.subscribe((event) => heard.push(event.seq));
  return heard;
}

async function open(wire: ReturnType<typeof createWire>): Promise<Session> {
  const session = await createSession({ transport: wire.transport, storage });
  sessions.push(session);
  return session;
}

/** A session that has taken its first snapshot. */
async function live(wire: ReturnType<typeof createWire>): Promise<Session> {
  const session = await open(wire);
  await session.invoke('session.snapshot', {});
  await new Promise((resolve) => setTimeout(resolve, 2));
  return session;
}

/** A transport straight to the fake workstation that can be broken in every way that matters. */
function createWire() {
  let up = false;
  let held: (() => void)[] | undefined;
  const state: { handlers?: TransportHandlers; deaf: boolean; lose: Set<number>; answer?: Answer } = { deaf: false, lose: new Set() };
  const wire = Object.assign(state, {
    up() {
      up = true;
      state.handlers?.onUp();
    },
    down() {
      up = false;
      state.handlers?.onDown();
    },
    skipped: () => state.handlers?.onSkipped(),
    hold() {
      held = [];
    },
    release() {
      const waiting = held ?? [];
      held = undefined;
      for (const go of waiting) go();
    },
    transport: {
      start(handlers) {
        state.handlers = handlers;
        workstation.subscribe((event) => {
          if (up && !state.deaf) handlers.onEvent(structuredClone(event));
        });
        up = true;
        handlers.onUp();
      },
      async request(command, args) {
        if (!up) throw new PhosphorError('connection-lost', 'down');
        if (state.answer !== undefined) return state.answer;
        const result = structuredClone(await workstation.invoke(command, args as never)) as { events?: ContractEvent[] };
        if (held !== undefined) await new Promise<void>((resolve) => held?.push(resolve));
        if (command === 'session.since' && result.events !== undefined)
          result.events = result.events.filter((event) => !state.lose.has(event.seq));
        return { ok: true, result };
      },
      acknowledge() {},
      close() {},
    } satisfies Transport,
  });
  return wire;
}

function createStorage() {
  const values = new Map<string, string>();
  return { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => void values.set(key, value) };
}
