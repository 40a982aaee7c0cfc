import { describe, expect, test } from 'vitest';
import {
  type AssociationClocks,
  acceptAssociation,
  CollectingSink,
  type ProposedContext,
  Rejections,
  requestAssociation,
  type ServiceProvider,
} from '../../../electron/dicom/network/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { associate, CLOCKS, type Pair } from './associations.ts';
import { FakeTime, settled } from './fake-time.ts';
import { memoryTransportPair } from './memory-transport.ts';
import { echoRQ, IMPLICIT, pdus, RawPeer, VERIFICATION } from './raw-peer.ts';

const FIND = '1.2.840.10008.5.1.4.1.2.2.1';
const CONTEXTS: ProposedContext[] = [
  { abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
  { abstractSyntax: FIND, transferSyntaxes: [IMPLICIT] },
];
const silentService: ServiceProvider = { commandField: 0x30, abstractSyntaxes: [VERIFICATION], handle: () => undefined };

/** Lines of one side, without its name, which every line begins with. */
function told(log: readonly string[], name: RegExp): string[] {
  for (const line of log) expect(line).toMatch(/^(NEAR|FAR|RAW|\?)->(NEAR|FAR|RAW|127\.0\.0\.1:104)\(\d+\) /);
  return log.filter((line) => name.test(line)).map((line) => line.replace(/^\S+ /, ''));
}
const ofNear = (pair: Pair) => told(pair.log, /^NEAR->FAR\(\d+\) /);
const ofFar = (pair: Pair) => told(pair.log, /^FAR->NEAR\(\d+\) /);

async function pairOf(clocks: Partial<AssociationClocks> = {}): Promise<Pair> {
  return await associate({ contexts: CONTEXTS, services: [silentService], requestor: { clocks: { ...CLOCKS, ...clocks } } });
}

/** Our acceptor with a caller that speaks raw bytes, and its log. */
function acceptor(authorize: () => object = () => ({})) {
  const [near, far] = memoryTransportPair();
  const time = new FakeTime();
  const log: string[] = [];
  const options = { clocks: CLOCKS, time, services: [], authorize, log: (line: string) => log.push(line) };
  const pending = acceptAssociation(far, options);
  pending.catch(() => {});
  return { peer: new RawPeer(near), time, log, pending };
}

function requestor() {
  const [near, far] = memoryTransportPair();
  const time = new FakeTime();
  const log: string[] = [];
  const titles = { callingAETitle: 'NEAR', calledAETitle: 'RAW' };
  const pending = requestAssociation(near, { clocks: CLOCKS, time, contexts: CONTEXTS, ...titles, log: (line) => log.push(line) });
  pending.catch(() => {});
  return { peer: new RawPeer(far), time, log, pending };
}

describe('the log tells of an association', () => {
  test('established and released, by whom', async () => {
    const pair = await pairOf();
    await pair.requestor.release();
    await pair.acceptor.closed;
    expect(ofNear(pair)).toEqual(['established, 1 of 2 presentation contexts', 'released']);
    expect(ofFar(pair)).toEqual(['established, 1 of 2 presentation contexts', 'released by the peer']);
  });

  test('released by the peer in the middle of an operation', async () => {
    const { peer, log, pending } = requestor();
    peer.send(pdus.associateAC());
    const association = await pending;
    const [context] = association.contexts;
    if (!context) throw new Error('no context');
    const { done } = association.send({ context, command: { commandField: 0x30 } });
    done.catch(() => {});
    await settled();
    peer.send(pdus.releaseRQ());
    await settled();
    expect(told(log, /^NEAR->RAW/).at(-1)).toBe('released by the peer in the middle of an operation');
  });

  test('aborted by us for a reason of ours', async () => {
    const pair = await pairOf();
    pair.acceptor.abort(new PhosphorError('interrupted', 'the workstation is closing'));
    await settled();
    expect(ofFar(pair).at(-1)).toBe('aborted by us: interrupted, the workstation is closing');
    expect(ofNear(pair).at(-1)).toContain('aborted by the peer');
  });

  test('aborted by us because the peer broke a rule, with what the peer was told', async () => {
    const { peer, log } = acceptor();
    peer.send(pdus.associateRQ());
    await settled();
    peer.send(pdus.invalid());
    await settled();
    expect(told(log, /^FAR->RAW/).at(-1)).toBe('aborted by us, by the service provider: unrecognized PDU, 2/1: protocol, unrecognized PDU');
  });

  test('refused by us, before and after the titles are known', async () => {
    const refused = acceptor(() => ({ reject: Rejections.callingAETitleNotRecognized }));
    refused.peer.send(pdus.associateRQ());
    await settled();
    refused.peer.close();
    await settled();
    expect(told(refused.log, /^FAR->RAW/)).toEqual([
      'refused: the association was refused, rejected permanently by the service user: calling AE title not recognized, 1/1/3',
    ]);
    const early = acceptor();
    early.peer.send(echoRQ());
    await settled();
    expect(told(early.log, /^\?->127\.0\.0\.1:104/)).toEqual([
      expect.stringMatching(/^aborted by us, by the service user, 0\/0: protocol, /),
    ]);
  });

  test('refused by the peer', async () => {
    const { peer, log } = requestor();
    peer.send(pdus.associateRJ());
    await settled();
    peer.close();
    await settled();
    expect(told(log, /^NEAR->RAW/)).toEqual([
      'refused: the peer refused the association, rejected for the moment by the service provider, presentation: local limit exceeded, 2/3/2',
    ]);
  });

  test('lost, with the code of the system', async () => {
    const pair = await pairOf();
    pair.near.break();
    await settled();
    expect(ofNear(pair).at(-1)).toBe('lost: the connection was closed in the middle of an association (ECONNRESET)');
  });

  test('given up while it was negotiated', async () => {
    const { peer, log, time } = requestor();
    await settled();
    peer.close();
    await settled();
    await time.pass(1);
    expect(told(log, /^NEAR->RAW/)).toEqual(['lost: the connection was closed in the middle of an association']);
  });

  const clocks: readonly (readonly [string, (pair: Pair) => Promise<unknown>, Partial<AssociationClocks>])[] = [
    ['idle', (pair) => pair.time.pass(100), { idle: 1000 }],
    [
      'dimse-response',
      async (pair) => {
        const [context] = pair.requestor.contexts;
        if (!context) throw new Error('no context');
        pair.requestor.send({ context, command: { commandField: 0x30 } }).done.catch(() => {});
        await pair.time.pass(70);
      },
      {},
    ],
    [
      'release',
      async (pair) => {
        pair.near.stuck = true;
        pair.requestor.release().catch(() => {});
        await pair.time.pass(20);
      },
      {},
    ],
  ];
  test.each(clocks)('timed out, by the name of its clock: %s', async (clock, act, changes) => {
    const pair = await pairOf(changes);
    await act(pair);
    expect(told(pair.log, /./).filter((line) => line.startsWith('timed out: ') && line.endsWith(`(clock ${clock})`))).toHaveLength(1);
    pair.near.break();
    await settled();
  });

  test('timed out while it was negotiated', async () => {
    const caller = acceptor();
    await caller.time.pass(40);
    expect(told(caller.log, /^\?->/)).toEqual(['timed out: the association was not negotiated in time (clock association)']);
    const called = requestor();
    await called.time.pass(40);
    expect(told(called.log, /^NEAR->RAW/)).toEqual(['timed out: the association was not negotiated in time (clock association)']);
  });
});

test('nothing that a peer says of a patient comes into the log', async () => {
  const identifier = Buffer.from('Doe^Jane 19610203 4711', 'latin1');
  const find: ServiceProvider = {
    commandField: 0x20,
    abstractSyntaxes: [FIND],
    handle: (request) =>
      new CollectingSink(() => {
        void request.respond({ status: 0xff00 }, Uint8Array.from(identifier));
        return request.respond({ status: 0xc000, errorComment: 'no match for Doe^Jane', offendingElements: ['00100010'] });
      }),
  };
  const failing: ServiceProvider = {
    commandField: 0x30,
    abstractSyntaxes: [VERIFICATION],
    handle: () => {
      throw new Error('Doe^Jane');
    },
  };
  const pair = await associate({ contexts: CONTEXTS, services: [find, failing] });
  const [verification, search] = pair.requestor.contexts;
  if (!verification || !search) throw new Error('no context');
  await pair.requestor.send({ context: search, command: { commandField: 0x20 }, dataSet: Uint8Array.from(identifier) }).done;
  await expect(pair.requestor.send({ context: verification, command: { commandField: 0x30 } }).done).rejects.toThrow();
  await settled();
  pair.near.break();
  await settled();
  expect(pair.log.length).toBeGreaterThanOrEqual(4);
  expect(pair.log.join('\n')).not.toMatch(/Doe|Jane|4711|19610203/);
});
