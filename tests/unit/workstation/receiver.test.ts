import { expect, test } from 'vitest';
import type { Archive } from '../../../electron/archive/types.ts';
import type { ListenerTLS } from '../../../electron/associations/tls-profile.ts';
import type { Listener, ListenerOptions } from '../../../electron/associations/types.ts';
import type { IdentityRules } from '../../../electron/dicom/services/index.ts';
import { Receiver } from '../../../electron/workstation/receiver.ts';
import { DEFAULT_SETTINGS } from '../../../electron/workstation/settings-text.ts';
import { type ListenerState, type PacsNode, PhosphorError, type Settings } from '../../../shared/contract/index.ts';

const pacs: PacsNode = {
  nodeId: crypto.randomUUID(),
  kind: 'pacs',
  name: 'MAIN',
  host: 'pacs.example',
  port: 104,
  aeTitle: 'MAINPACS',
  method: 'move',
};
const demo: PacsNode = { ...pacs, nodeId: crypto.randomUUID(), kind: 'demo', name: 'Demo PACS', host: '127.0.0.1', aeTitle: 'DEMO' };

function scene(startNodes: PacsNode[] = [], standing = true) {
  const started: (ListenerOptions & { closed: boolean; access: ListenerOptions['access'] })[] = [];
  const states: ListenerState[] = [];
  const it = {
    nodes: startNodes,
    settings: DEFAULT_SETTINGS as Settings,
    callers: undefined as IdentityRules | undefined,
    refuse: undefined as PhosphorError | undefined,
    tls: undefined as ListenerTLS | undefined,
    refuseTLS: undefined as PhosphorError | undefined,
    notOpened: [] as string[],
    started,
    states,
    receiver: undefined as unknown as Receiver,
  };
  it.receiver = new Receiver({
    startListener: async (options) => {
      if (it.refuse !== undefined) throw it.refuse;
      if (options.tls !== undefined && it.refuseTLS !== undefined) throw it.refuseTLS;
      const one = { ...options, closed: false };
      started.push(one);
      const listener: Listener = {
        port: options.port,
        setAccess: (access) => {
          one.access = access;
        },
        expect: async () => {},
        unexpect: async () => ({ credited: 1 }),
        expectCommitment: () => () => {},
        close: async () => {
          one.closed = true;
        },
      };
      return listener;
    },
    archive: { location: { directory: '', databases: '', durable: true } } as unknown as Archive,
    settings: () => it.settings,
    nodes: () => it.nodes,
    callers: async () => it.callers,
    tls: { listener: async () => it.tls, check: async () => it.tls !== undefined, notOpened: (error) => it.notOpened.push(error.kind) },
    standing,
    changed: (state) => states.push(state),
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  return it;
}

const expectation = {
  actionId: 'a',
  moveOriginatorAETitle: 'PHOSPHOR',
  messageId: 1,
  studyInstanceUID: '1.2',
};
const handlers = { onStored: () => {}, onRefused: () => {} };

test('without a node nothing listens', async () => {
  const it = scene();
  await it.receiver.reconsider();
  expect(it.started).toEqual([]);
  expect(it.receiver.state).toMatchObject({ state: 'off', port: 11112 });
});

test('for a short command the port is taken only when a retrieve needs it', async () => {
  const it = scene([pacs], false);
  await it.receiver.reconsider();
  expect(it.started).toEqual([]);
  await it.receiver.expect(expectation, handlers);
  expect(it.started.map(({ port, closed }) => [port, closed])).toEqual([[11112, false]]);
});

test('with the demo PACS alone it listens on 127.0.0.1 only; a real node opens it, and the first one is known', async () => {
  const it = scene([demo]);
  await it.receiver.reconsider();
  expect(it.started.map(({ host }) => host)).toEqual(['127.0.0.1']);
  it.nodes = [demo, pacs];
  await it.receiver.reconsider();
  expect(it.started.map(({ host, closed }) => [host, closed])).toEqual([
    ['127.0.0.1', true],
    ['::', false],
  ]);
  expect(it.started[1]?.access).toEqual({
    aeTitle: 'PHOSPHOR',
    acceptAnyone: false,
    acceptPrivateSOPClasses: false,
    maxPDULength: 131_072,
    maxAssociations: 64,
    knownAETitles: ['DEMO', 'MAINPACS'],
    knownHosts: ['127.0.0.1', 'pacs.example'],
  });
  it.nodes = [];
  await it.receiver.reconsider();
  expect(it.receiver.state.state).toBe('off');
  expect(it.started[1]?.closed).toBe(true);
});

test('a new title, node, limit or rule for callers reaches the open port without closing it', async () => {
  const it = scene([pacs]);
  await it.receiver.reconsider();
  it.settings = {
    ...it.settings,
    aeTitle: 'READING1',
    acceptAnyone: true,
    acceptPrivateSOPClasses: true,
    maxAssociations: 3,
    maxPDULength: 8192,
  };
  it.callers = { required: true, passcodes: { jane: 'x' } };
  await it.receiver.reconsider();
  expect(it.started).toHaveLength(1);
  expect(it.started[0]?.access).toMatchObject({
    aeTitle: 'READING1',
    acceptAnyone: true,
    acceptPrivateSOPClasses: true,
    maxAssociations: 3,
    maxPDULength: 8192,
    userIdentity: { required: true, passcodes: { jane: 'x' } },
  });
});

test('a new port waits until no retrieve is running', async () => {
  const it = scene([pacs]);
  await it.receiver.expect(expectation, handlers);
  it.settings = { ...it.settings, port: 4242 };
  await it.receiver.reconsider();
  expect(it.started.map(({ port }) => port)).toEqual([11112]);
  expect(it.receiver.address().port).toBe(11112);
  expect(await it.receiver.unexpect('a')).toEqual({ credited: 1 });
  await it.receiver.reconsider();
  expect(it.started.map(({ port, closed }) => [port, closed])).toEqual([
    [11112, true],
    [4242, false],
  ]);
});

test('a port in use: the state names it and what to do, a retrieve fails, and the next one tries again', async () => {
  const it = scene([pacs]);
  it.refuse = new PhosphorError('port-in-use', 'in use', { code: 'EADDRINUSE' });
  await it.receiver.reconsider();
  expect(it.receiver.state).toMatchObject({ state: 'failed', sentence: expect.stringMatching(/port 11112.*another port/) });
  await expect(it.receiver.expect(expectation, handlers)).rejects.toMatchObject({ data: { kind: 'port-in-use' } });
  it.refuse = undefined;
  await it.receiver.expect(expectation, handlers);
  expect(it.receiver.state.state).toBe('listening');
});

test('asked for by a person, it listens without any node', async () => {
  const it = scene();
  expect(await it.receiver.start()).toMatchObject({ state: 'listening', host: '::' });
  it.refuse = new PhosphorError('port-in-use', 'in use');
  const other = scene();
  other.refuse = it.refuse;
  await expect(other.receiver.start()).rejects.toMatchObject({ data: { kind: 'port-in-use' } });
});

test('a port that is lost while open is told, and opened again when it is needed', async () => {
  const it = scene([pacs]);
  await it.receiver.reconsider();
  it.started[0]?.events.onState({ state: 'failed', error: new PhosphorError('worker-died', 'gone').data });
  expect(it.receiver.state.state).toBe('failed');
  await it.receiver.expect(expectation, handlers);
  expect(it.receiver.state.state).toBe('listening');
});

test('arrivals go to the retrieve they are credited to', async () => {
  const it = scene([pacs]);
  const got: number[] = [];
  await it.receiver.expect(expectation, { onStored: (instances) => got.push(instances.length), onRefused: () => {} });
  const one = {
    actionId: 'a',
    callingAETitle: 'X',
    studyInstanceUID: '1',
    seriesInstanceUID: '1',
    sopInstanceUID: '1',
    dataSetBytes: 1,
    result: 'stored' as const,
  };
  const { actionId: _, ...unsolicited } = one;
  it.started[0]?.events.onStored([one, unsolicited, { ...one, actionId: 'b' }, one]);
  expect(got).toEqual([2]);
});

const secured: ListenerTLS = { certificate: 'c', privateKey: 'k', port: 2762, minimumVersion: '1.2', clientCertificates: 'requested' };

test('the TLS port opens beside the other one, and a renewed certificate opens both anew', async () => {
  const it = scene([pacs]);
  it.tls = secured;
  await it.receiver.reconsider();
  await it.receiver.reconsider();
  expect(it.started.map(({ tls }) => tls)).toEqual([secured]);
  it.tls = { ...secured, certificate: 'renewed' };
  await it.receiver.reconsider();
  expect(it.started.map(({ tls, closed }) => [tls?.certificate, closed])).toEqual([
    ['c', true],
    ['renewed', false],
  ]);
  expect(it.receiver.state).toMatchObject({ state: 'listening', tlsPort: 2762 });
});

test('a TLS port that cannot be opened does not keep the other one shut, and is tried again with the next change', async () => {
  const it = scene([pacs]);
  it.tls = secured;
  it.refuseTLS = new PhosphorError('port-in-use', 'in use');
  await it.receiver.reconsider();
  expect(it.receiver.state.state).toBe('listening');
  expect(it.started.map(({ tls }) => tls)).toEqual([undefined]);
  expect(it.notOpened).toEqual(['port-in-use']);
  expect(it.receiver.state.tlsPort).toBeUndefined();
  it.refuseTLS = undefined;
  await it.receiver.reconsider();
  expect(it.receiver.state.tlsPort).toBe(2762);
});
