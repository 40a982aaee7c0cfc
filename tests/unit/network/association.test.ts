import { describe, expect, test } from 'vitest';
import {
  type Association,
  acceptAssociation,
  CollectingSink,
  type InboundRequest,
  type ProposedContext,
  requestAssociation,
  type ServiceProvider,
} from '../../../electron/dicom/network/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { associate, CLOCKS } from './associations.ts';
import { FakeTime, settled } from './fake-time.ts';
import { memoryTransportPair } from './memory-transport.ts';
import { IMPLICIT, pdus, RawPeer, VERIFICATION } from './raw-peer.ts';

const EXPLICIT = '1.2.840.10008.1.2.1';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const FIND = '1.2.840.10008.5.1.4.1.2.2.1';
const CT = '1.2.840.10008.5.1.4.1.1.2';
const CONTEXTS: ProposedContext[] = [
  { abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
  { abstractSyntax: FIND, transferSyntaxes: [IMPLICIT] },
];

const verification: ServiceProvider = {
  commandField: 0x30,
  abstractSyntaxes: [VERIFICATION],
  handle: (request) => void request.respond({ status: 0 }),
};

/** A service that keeps its requests until the test answers them. */
function held(commandField = 0x30, abstractSyntaxes = [VERIFICATION]) {
  const requests: InboundRequest[] = [];
  const service: ServiceProvider = {
    commandField,
    abstractSyntaxes,
    handle: (request) => {
      requests.push(request);
      return undefined;
    },
  };
  return { service, requests };
}

function echo(association: Association, options: { messageID?: number } = {}) {
  const context = association.contextFor(VERIFICATION);
  if (!context) throw new Error('no context');
  return association.send({ context, command: { commandField: 0x30, affectedSOPClassUID: VERIFICATION }, ...options });
}

function find(association: Association, onPending?: () => Promise<void> | undefined) {
  const context = association.contextFor(FIND);
  if (!context) throw new Error('no context');
  return association.send({
    context,
    command: { commandField: 0x20, affectedSOPClassUID: FIND },
    dataSet: Uint8Array.of(0, 0),
    ...(onPending === undefined ? {} : { onPending }),
  });
}

async function waiting(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  const end = () => {
    over = true;
  };
  promise.then(end, end);
  await settled();
  return !over;
}

describe('negotiation', () => {
  const services: ServiceProvider[] = [
    { ...verification, abstractSyntaxes: [CT] },
    { ...verification, abstractSyntaxes: [FIND], transferSyntaxes: [IMPLICIT] },
  ];

  test('the first syntax of the peer that we know is taken, and nothing unknown', async () => {
    const { requestor, acceptor } = await associate({
      services,
      contexts: [
        { abstractSyntax: CT, transferSyntaxes: ['1.2.3.4.5', BIG_ENDIAN, EXPLICIT] },
        { abstractSyntax: FIND, transferSyntaxes: [EXPLICIT, IMPLICIT] },
        { abstractSyntax: FIND, transferSyntaxes: [EXPLICIT] },
        { abstractSyntax: '1.2.3', transferSyntaxes: [IMPLICIT] },
      ],
    });
    const agreed = [
      { id: 1, abstractSyntax: CT, transferSyntax: BIG_ENDIAN, requestorRoles: { scu: true, scp: false } },
      { id: 3, abstractSyntax: FIND, transferSyntax: IMPLICIT, requestorRoles: { scu: true, scp: false } },
    ];
    expect(requestor.contexts).toEqual(agreed);
    expect(acceptor.contexts).toEqual(agreed);
    expect(requestor.contextFor(CT, BIG_ENDIAN)?.id).toBe(1);
    expect(requestor.contextFor(CT, EXPLICIT)).toBeUndefined();
    expect(requestor.contextFor(CT, BIG_ENDIAN, 'scp')).toBeUndefined();
    expect(acceptor.contextFor(CT, BIG_ENDIAN, 'scp')?.id).toBe(1);
    expect(acceptor.contextFor(CT)).toBeUndefined();
    requestor.abort();
  });

  test('the requestor becomes SCP only where the acceptor sends sub-operations', async () => {
    const roles = { scu: true, scp: true };
    const { requestor, acceptor } = await associate({
      services,
      contexts: [
        { abstractSyntax: CT, transferSyntaxes: [EXPLICIT], roles },
        { abstractSyntax: FIND, transferSyntaxes: [IMPLICIT], roles },
      ],
      acceptor: { subOperations: (uid) => uid === CT },
    });
    expect(requestor.contextFor(CT, undefined, 'scp')).toBeDefined();
    expect(requestor.contextFor(FIND, undefined, 'scp')).toBeUndefined();
    expect(acceptor.contextFor(CT)).toBeDefined();
    requestor.abort();
  });

  test('both learn who the other is, and each is named from its own side', async () => {
    const { requestor, acceptor } = await associate({ contexts: CONTEXTS, services: [verification], acceptor: { maxPDULength: 4096 } });
    expect(requestor.peer).toMatchObject({ maxPDULength: 4096, implementationVersionName: expect.stringMatching(/^PHOSPHOR/) });
    expect(acceptor.peer.maxPDULength).toBe(131_072);
    expect(requestor.name).toMatch(/^NEAR->FAR\(\d+\)$/);
    expect(acceptor.name).toMatch(/^FAR->NEAR\(\d+\)$/);
    expect(requestor.name).not.toBe(acceptor.name);
    requestor.abort();
  });

  test('the judge sees titles, contexts, address and identity', async () => {
    let seen: unknown;
    const userIdentity = { type: 1, primary: Uint8Array.of(0x6d), secondary: new Uint8Array(0), positiveResponseRequested: true };
    const { requestor } = await associate({
      contexts: CONTEXTS,
      services: [verification],
      requestor: { userIdentity, extendedNegotiation: [{ sopClassUID: FIND, serviceClassApplicationInformation: Uint8Array.of(1) }] },
      acceptor: {
        authorize: async (request) => {
          seen = request;
          return { extendedNegotiation: request.extendedNegotiation };
        },
      },
    });
    expect(seen).toMatchObject({
      callingAETitle: 'NEAR',
      calledAETitle: 'FAR',
      remoteAddress: '127.0.0.1:104',
      contexts: [{ id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }, { id: 3 }],
      userIdentity,
    });
    expect(requestor.extendedNegotiation).toEqual([{ sopClassUID: FIND, serviceClassApplicationInformation: Uint8Array.of(1) }]);
    requestor.abort();
  });

  test('more than 128 contexts are not sent', async () => {
    const many = Array.from({ length: 300 }, (_, index) => ({ abstractSyntax: `1.${index}`, transferSyntaxes: [IMPLICIT] }));
    const [near] = memoryTransportPair();
    const attempt = requestAssociation(near, { clocks: CLOCKS, callingAETitle: 'A', calledAETitle: 'B', contexts: many });
    await expect(attempt).rejects.toMatchObject({ data: { kind: 'invalid-arguments' } });
    expect(near.closed).toBe(true);
  });

  test('given up by its caller, a request for an association ends as cancelled', async () => {
    const [near, far] = memoryTransportPair();
    const peer = new RawPeer(far);
    const controller = new AbortController();
    const { signal } = controller;
    const time = new FakeTime();
    const attempt = requestAssociation(near, { clocks: CLOCKS, time, signal, callingAETitle: 'A', calledAETitle: 'B', contexts: CONTEXTS });
    await settled();
    controller.abort();
    await expect(attempt).rejects.toMatchObject({ data: { kind: 'cancelled' } });
    await settled();
    expect(peer.last).toBe('A-ABORT 0/0');
    await time.pass(10);
    expect(time.timers).toBe(0);
  });
});

describe('one request is outstanding at a time', () => {
  test('a second one waits, and they go in order', async () => {
    const { service, requests } = held();
    const { requestor } = await associate({ contexts: CONTEXTS, services: [service] });
    const operations = [echo(requestor), echo(requestor), echo(requestor, { messageID: 1234 })];
    const order: number[] = [];
    for (const { messageID, done } of operations) void done.then(() => order.push(messageID));
    await settled();
    expect(requests).toHaveLength(1);
    for (let turn = 0; turn < 3; turn++) {
      requests[turn]?.respond({ status: 0 });
      await settled();
    }
    expect(requests.map(({ messageID }) => messageID)).toEqual(operations.map(({ messageID }) => messageID));
    expect(order).toEqual([operations[0]?.messageID, operations[1]?.messageID, 1234]);
    expect(new Set(order).size).toBe(3);
    requestor.abort();
  });

  test('a request that is cancelled before its turn is never sent', async () => {
    const { service, requests } = held();
    const { requestor } = await associate({ contexts: CONTEXTS, services: [service] });
    const [first, second, third] = [echo(requestor), echo(requestor), echo(requestor)];
    second.cancel();
    await expect(second.done).rejects.toMatchObject({ data: { kind: 'cancelled' } });
    await settled();
    requests[0]?.respond({ status: 0 });
    await settled();
    requests[1]?.respond({ status: 0 });
    await Promise.all([first.done, third.done]);
    expect(requests.map(({ messageID }) => messageID)).toEqual([first.messageID, third.messageID]);
    requestor.abort();
  });

  test('a release waits for what is outstanding, and nothing new is taken', async () => {
    const { service, requests } = held();
    const { requestor } = await associate({ contexts: CONTEXTS, services: [service] });
    const operation = echo(requestor);
    const release = requestor.release();
    expect(await waiting(release)).toBe(true);
    expect(() => echo(requestor)).toThrow(PhosphorError);
    requests[0]?.respond({ status: 0 });
    await operation.done;
    await release;
    expect(await requestor.closed).toBeUndefined();
  });

  test('what waits ends with the association', async () => {
    const { requestor, near } = await associate({ contexts: CONTEXTS, services: [held().service] });
    const operations = [echo(requestor), echo(requestor)];
    await settled();
    near.break();
    for (const { done } of operations) await expect(done).rejects.toMatchObject({ data: { kind: 'connection-lost', code: 'ECONNRESET' } });
    expect(() => echo(requestor)).toThrow(PhosphorError);
  });

  test('message IDs start anew after 65,535 and skip the one in use', async () => {
    const { service, requests } = held();
    const { requestor } = await associate({ contexts: CONTEXTS, services: [service] });
    const blocker = echo(requestor, { messageID: 2 });
    const ids = [echo(requestor).messageID, echo(requestor).messageID];
    expect(ids).toEqual([1, 3]);
    expect(blocker.messageID).toBe(2);
    await settled();
    expect(requests).toHaveLength(1);
    requestor.abort();
  });

  test('a peer that sends a second request before its answer is made to wait', async () => {
    const [near, far] = memoryTransportPair();
    const peer = new RawPeer(near);
    const { service, requests } = held();
    const time = new FakeTime();
    const accepting = acceptAssociation(far, { clocks: CLOCKS, time, services: [service], authorize: () => ({}) });
    const { echoRQ } = await import('./raw-peer.ts');
    peer.send(pdus.associateRQ());
    await accepting;
    peer.send(echoRQ(1), echoRQ(2));
    await settled();
    expect(requests).toHaveLength(1);
    requests[0]?.respond({ status: 0 });
    await settled();
    expect(requests).toHaveLength(2);
    peer.close();
    await settled();
  });
});

describe('release collision', () => {
  test('both release at once: both end in good order', async () => {
    const { requestor, acceptor, time } = await associate({ contexts: CONTEXTS, services: [verification] });
    await Promise.all([requestor.release(), acceptor.release()]);
    expect(await requestor.closed).toBeUndefined();
    expect(await acceptor.closed).toBeUndefined();
    expect(time.timers).toBe(0);
  });

  test('a release by the peer in the middle of our request ends the request, and is answered', async () => {
    const [near, far] = memoryTransportPair();
    const peer = new RawPeer(far);
    const contexts = [{ abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }];
    const attempt = requestAssociation(near, { clocks: CLOCKS, callingAETitle: 'A', calledAETitle: 'B', contexts });
    peer.send(pdus.associateAC());
    const association = await attempt;
    const operation = echo(association);
    await settled();
    peer.send(pdus.releaseRQ());
    await expect(operation.done).rejects.toMatchObject({ data: { kind: 'connection-lost' } });
    await settled();
    expect(peer.last).toBe('A-RELEASE-RP');
    peer.close();
    expect(await association.closed).toBeUndefined();
  });
});

describe('cancel', () => {
  test('C-CANCEL reaches the service, and its final response is the result', async () => {
    const { service, requests } = held(0x20, [FIND]);
    const { requestor } = await associate({ contexts: CONTEXTS, services: [service] });
    const operation = find(requestor);
    await settled();
    operation.cancel();
    await settled();
    const [request] = requests;
    expect(request?.signal.aborted).toBe(true);
    expect(request?.signal.reason).toMatchObject({ data: { kind: 'cancelled' } });
    request?.respond({ status: 0xfe00 });
    expect((await operation.done).command.status).toBe(0xfe00);
    requestor.abort();
  });

  test('without a final response within the grace the association is aborted', async () => {
    const { service, requests } = held(0x20, [FIND]);
    const { requestor, acceptor, time } = await associate({ contexts: CONTEXTS, services: [service] });
    const operation = find(requestor);
    await settled();
    operation.cancel();
    await time.pass(4.5);
    expect(await waiting(operation.done)).toBe(true);
    await time.pass(1);
    await expect(operation.done).rejects.toMatchObject({ data: { kind: 'timed-out', clock: 'cancel-grace' } });
    await settled();
    expect(await acceptor.closed).toMatchObject({ data: { kind: 'aborted-by-peer', upperLayer: { source: 0 } } });
    expect(requests[0]?.signal.aborted).toBe(true);
  });

  test('pending responses do not prolong the grace', async () => {
    const { service, requests } = held(0x20, [FIND]);
    const { requestor, time } = await associate({ contexts: CONTEXTS, services: [service] });
    const operation = find(requestor);
    await settled();
    operation.cancel();
    for (let turn = 0; turn < 12; turn++) {
      requests[0]?.respond({ status: 0xff00 });
      await time.pass(0.5);
    }
    await expect(operation.done).rejects.toMatchObject({ data: { clock: 'cancel-grace' } });
  });
});

describe('clocks', () => {
  test('association: nobody answers our request', async () => {
    const [near, far] = memoryTransportPair();
    const peer = new RawPeer(far);
    const time = new FakeTime();
    const attempt = requestAssociation(near, { clocks: CLOCKS, time, callingAETitle: 'A', calledAETitle: 'B', contexts: CONTEXTS });
    attempt.catch(() => {});
    await time.pass(29);
    expect(await waiting(attempt)).toBe(true);
    await time.pass(2);
    await expect(attempt).rejects.toMatchObject({ data: { kind: 'timed-out', clock: 'association', retryable: true } });
    expect(peer.last).toBe('A-ABORT 0/0');
  });

  test('association: a caller says nothing, or one byte a second', async () => {
    for (const slow of [false, true]) {
      const [near, far] = memoryTransportPair();
      const peer = new RawPeer(near);
      const time = new FakeTime();
      const accepting = acceptAssociation(far, { clocks: CLOCKS, time, services: [verification], authorize: () => ({}) });
      accepting.catch(() => {});
      const request = pdus.associateRQ();
      for (let second = 0; second < 32; second++) {
        if (slow) peer.send(request.subarray(second, second + 1));
        await time.pass(1);
      }
      await expect(accepting).rejects.toMatchObject({ data: { kind: 'timed-out', clock: 'association' } });
      expect(peer.closed).toBe(true);
      expect(time.timers).toBe(0);
    }
  });

  test('release: the peer does not answer it', async () => {
    const [near, far] = memoryTransportPair();
    const peer = new RawPeer(far);
    const time = new FakeTime();
    const attempt = requestAssociation(near, {
      clocks: CLOCKS,
      time,
      callingAETitle: 'A',
      calledAETitle: 'B',
      contexts: [{ abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }],
    });
    peer.send(pdus.associateAC());
    const association = await attempt;
    const release = association.release();
    await time.pass(6);
    await expect(release).rejects.toMatchObject({ data: { kind: 'timed-out', clock: 'release' } });
    await time.pass(6);
    expect(peer.closed).toBe(true);
    expect(await association.closed).toMatchObject({ data: { clock: 'release' } });
    expect(time.timers).toBe(0);
  });

  test('DIMSE response: any response arms it anew, silence ends the operation', async () => {
    const { service, requests } = held(0x20, [FIND]);
    const { requestor, time } = await associate({ contexts: CONTEXTS, services: [service] });
    const operation = find(requestor);
    await settled();
    for (let turn = 0; turn < 3; turn++) {
      await time.pass(50);
      requests[0]?.respond({ status: 0xff00 });
      await settled();
    }
    expect(await waiting(operation.done)).toBe(true);
    await time.pass(61);
    await expect(operation.done).rejects.toMatchObject({ data: { kind: 'timed-out', clock: 'dimse-response' } });
  });

  test('DIMSE response: a slow reader of matches does not count against the peer', async () => {
    const { service, requests } = held(0x20, [FIND]);
    const { requestor, time } = await associate({
      contexts: CONTEXTS,
      services: [service],
      acceptor: { clocks: { ...CLOCKS, writeProgress: 1000, idle: 1000 } },
    });
    const gate = Promise.withResolvers<void>();
    const operation = find(requestor, () => gate.promise);
    await settled();
    requests[0]?.respond({ status: 0xff00 });
    requests[0]?.respond({ status: 0 });
    await settled();
    await time.pass(300);
    gate.resolve();
    expect((await operation.done).command.status).toBe(0);
    requestor.abort();
  });

  test('DIMSE response: does not run where the caller has a clock of its own', async () => {
    const { service, requests } = held();
    const { requestor, time } = await associate({ contexts: CONTEXTS, services: [service] });
    const context = requestor.contextFor(VERIFICATION);
    if (!context) throw new Error('no context');
    const operation = requestor.send({ context, command: { commandField: 0x30 }, responseClock: false });
    await time.pass(500);
    requests[0]?.respond({ status: 0 });
    expect((await operation.done).command.status).toBe(0);
    requestor.abort();
  });

  test('PDU receive: a peer that says a data set follows, and falls silent, does not keep its association', async () => {
    const [near, far] = memoryTransportPair();
    const peer = new RawPeer(near);
    const time = new FakeTime();
    let opened = 0;
    const service: ServiceProvider = {
      commandField: 0x20,
      abstractSyntaxes: [VERIFICATION],
      handle: () => {
        opened += 1;
        const abort = () => {
          opened -= 1;
        };
        return { write: () => undefined, end: () => undefined, abort };
      },
    };
    const accepting = acceptAssociation(far, { clocks: { ...CLOCKS, idle: 1000 }, time, services: [service], authorize: () => ({}) });
    peer.send(pdus.associateRQ());
    const association = await accepting;
    const { command } = await import('./raw-peer.ts');
    peer.send(command({ commandField: 0x20, hasDataSet: true, messageID: 1, affectedSOPClassUID: VERIFICATION, priority: 0 }, 1));
    await time.pass(50);
    expect(association.established).toBe(true);
    expect(opened).toBe(1);
    await time.pass(20);
    expect(await association.closed).toMatchObject({ data: { kind: 'timed-out', clock: 'pdu-receive' } });
    expect(opened).toBe(0);
  });

  test('PDU receive: from the first byte to the last, whatever trickles in', async () => {
    const [near, far] = memoryTransportPair();
    const peer = new RawPeer(near);
    const time = new FakeTime();
    const accepting = acceptAssociation(far, { clocks: { ...CLOCKS, idle: 1000 }, time, services: [verification], authorize: () => ({}) });
    peer.send(pdus.associateRQ());
    const association = await accepting;
    const { echoRQ } = await import('./raw-peer.ts');
    const request = echoRQ();
    for (let second = 0; second < 62; second++) {
      peer.send(request.subarray(second, second + 1));
      await time.pass(1);
    }
    await time.pass(6);
    expect(await association.closed).toMatchObject({ data: { kind: 'timed-out', clock: 'pdu-receive' } });
    expect(peer.last).toBe('A-ABORT 0/0');
    expect(time.timers).toBe(0);
  });

  test('PDU receive: a transfer may take as long as it likes, however its PDUs are cut', async () => {
    const [near, far] = memoryTransportPair();
    const peer = new RawPeer(near);
    const time = new FakeTime();
    const accepting = acceptAssociation(far, { clocks: CLOCKS, time, services: [verification], authorize: () => ({}) });
    peer.send(pdus.associateRQ());
    const association = await accepting;
    const { echoRQ } = await import('./raw-peer.ts');
    // Every delivery holds the end of one PDU and the beginning of the next.
    let rest: Uint8Array = echoRQ();
    for (let second = 0; second < 150; second += 10) {
      const next = echoRQ(second + 2);
      const cut = 20;
      peer.send(Buffer.concat([rest, next.subarray(0, cut)]));
      rest = next.subarray(cut);
      await time.pass(10);
    }
    expect(association.established).toBe(true);
    association.abort();
    await time.pass(10);
  });

  test('PDU receive: our own slow disk does not count', async () => {
    const gate = Promise.withResolvers<void>();
    const service: ServiceProvider = {
      commandField: 0x20,
      abstractSyntaxes: [FIND],
      handle: (request) => ({
        write: () => gate.promise,
        end: () => request.respond({ status: 0 }),
        abort: () => {},
      }),
    };
    const { requestor, time } = await associate({
      contexts: CONTEXTS,
      services: [service],
      transport: { chunk: 100 },
      requestor: { clocks: { ...CLOCKS, dimseResponse: 10_000, writeProgress: 10_000 } },
    });
    const context = requestor.contextFor(FIND);
    if (!context) throw new Error('no context');
    const operation = requestor.send({ context, command: { commandField: 0x20 }, dataSet: new Uint8Array(1000) });
    await time.pass(500);
    gate.resolve();
    expect((await operation.done).command.status).toBe(0);
    requestor.abort();
  });

  test('write progress: the peer stops taking data', async () => {
    const sink = (request: InboundRequest) => new CollectingSink(() => request.respond({ status: 0 }));
    const { requestor, near, time } = await associate({
      contexts: CONTEXTS,
      services: [{ commandField: 0x20, abstractSyntaxes: [FIND], handle: sink }],
    });
    near.stuck = true;
    const context = requestor.contextFor(FIND);
    if (!context) throw new Error('no context');
    const operation = requestor.send({ context, command: { commandField: 0x20 }, dataSet: new Uint8Array(4 << 20) });
    await time.pass(29);
    expect(await waiting(operation.done)).toBe(true);
    await time.pass(2);
    await expect(operation.done).rejects.toMatchObject({ data: { kind: 'timed-out', clock: 'write-progress' } });
    expect(near.closed).toBe(true);
    expect(near.maxBuffered).toBeLessThan(4 << 20);
  });

  test('idle: runs only while nothing is outstanding, and any PDU arms it anew', async () => {
    const { service, requests } = held();
    const { requestor, acceptor, time } = await associate({
      contexts: CONTEXTS,
      services: [service],
      requestor: { clocks: { ...CLOCKS, idle: 1000, dimseResponse: 1000 } },
    });
    await time.pass(50);
    const operation = echo(requestor);
    await time.pass(200);
    requests[0]?.respond({ status: 0 });
    await operation.done;
    await time.pass(50);
    expect(acceptor.established).toBe(true);
    await time.pass(12);
    expect(await acceptor.closed).toMatchObject({ data: { kind: 'timed-out', clock: 'idle' } });
  });

  test('idle: a requestor leaves in good order', async () => {
    const { requestor, acceptor, time } = await associate({
      contexts: CONTEXTS,
      services: [verification],
      acceptor: { clocks: { ...CLOCKS, idle: 1000 } },
    });
    await time.pass(61);
    expect(await requestor.closed).toMatchObject({ data: { clock: 'idle' } });
    expect(await acceptor.closed).toBeUndefined();
    expect(time.timers).toBe(0);
  });

  test('time in which this thread could not work is not held against anybody', async () => {
    const { requestor, time } = await associate({ contexts: CONTEXTS, services: [held().service] });
    const operation = echo(requestor);
    await settled();
    await time.sleep(3600);
    expect(await waiting(operation.done)).toBe(true);
    requestor.abort();
  });
});

test('every log line of an association begins with its name and knows no patient', async () => {
  const { requestor, log } = await associate({ contexts: CONTEXTS, services: [verification] });
  await echo(requestor).done;
  await requestor.release();
  await requestor.closed;
  expect(log.length).toBeGreaterThanOrEqual(4);
  for (const line of log) expect(line).toMatch(/^(NEAR->FAR|FAR->NEAR)\(\d+\) /);
});
