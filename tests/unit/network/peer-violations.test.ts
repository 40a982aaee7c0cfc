import { afterEach, describe, expect, test } from 'vitest';
import { type Association, acceptAssociation, requestAssociation, type ServiceProvider } from '../../../electron/dicom/network/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { CLOCKS } from './associations.ts';
import { FakeTime, settled } from './fake-time.ts';
import { memoryTransportPair } from './memory-transport.ts';
import { echoRQ, echoRSP, IMPLICIT, pdus, RawPeer, VERIFICATION } from './raw-peer.ts';

const verification: ServiceProvider = {
  commandField: 0x30,
  abstractSyntaxes: [VERIFICATION],
  handle: (request) => void request.respond({ status: 0 }),
};

type Outcome = { association: Association } | { error: PhosphorError };

/** Our side, brought into a state of PS3.8 §9.2 by a peer that speaks raw bytes. */
interface Scene {
  readonly peer: RawPeer;
  readonly outcome: () => Outcome | undefined;
  /** Filled when the association has ended. */
  readonly ended: () => PhosphorError | undefined | 'open';
}

function watch(pending: Promise<Association>, peer: RawPeer): Scene {
  raw = peer;
  let outcome: Outcome | undefined;
  let ended: PhosphorError | undefined | 'open' = 'open';
  pending.then(
    (association) => {
      outcome = { association };
      void association.closed.then((error) => {
        ended = error;
      });
    },
    (error: PhosphorError) => {
      outcome = { error };
    },
  );
  return { peer, outcome: () => outcome, ended: () => ended };
}

let time = new FakeTime();
let raw: RawPeer | undefined;
afterEach(async () => {
  // Whatever happened: in the end nothing watches any more.
  raw?.close();
  await time.pass(7);
  expect(time.timers).toBe(0);
});

function acceptor(authorize: () => object | Promise<object> = () => ({})): Scene {
  time = new FakeTime();
  const [near, far] = memoryTransportPair();
  const pending = acceptAssociation(far, { clocks: CLOCKS, time, services: [verification], authorize });
  return watch(pending, new RawPeer(near));
}

function requestor(): Scene {
  time = new FakeTime();
  const [near, far] = memoryTransportPair();
  const contexts = [{ abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] }];
  const pending = requestAssociation(near, { clocks: CLOCKS, time, callingAETitle: 'US', calledAETitle: 'RAW', contexts });
  return watch(pending, new RawPeer(far));
}

function associationOf(scene: Scene): Association {
  const outcome = scene.outcome();
  if (outcome === undefined || 'error' in outcome) throw new Error('no association');
  return outcome.association;
}

const SCENES: Record<string, () => Promise<Scene>> = {
  Sta2: async () => acceptor(),
  Sta3: async () => {
    const scene = acceptor(() => new Promise<object>(() => {}));
    scene.peer.send(pdus.associateRQ());
    await settled();
    return scene;
  },
  Sta5: async () => {
    const scene = requestor();
    await settled();
    expect(scene.peer.pdus).toEqual(['A-ASSOCIATE-RQ']);
    return scene;
  },
  'Sta6 as acceptor': async () => {
    const scene = acceptor();
    scene.peer.send(pdus.associateRQ());
    await settled();
    expect(scene.peer.last).toBe('A-ASSOCIATE-AC');
    return scene;
  },
  'Sta6 as requestor': async () => {
    const scene = requestor();
    scene.peer.send(pdus.associateAC());
    await settled();
    associationOf(scene);
    return scene;
  },
  Sta7: async () => {
    const scene = await open('Sta6 as requestor');
    void associationOf(scene)
      .release()
      .catch(() => {});
    await settled();
    expect(scene.peer.last).toBe('A-RELEASE-RQ');
    return scene;
  },
  Sta10: async () => {
    const scene = await open('Sta6 as acceptor');
    void associationOf(scene)
      .release()
      .catch(() => {});
    await settled();
    scene.peer.send(pdus.releaseRQ());
    await settled();
    expect(scene.peer.last).toBe('A-RELEASE-RQ');
    return scene;
  },
  Sta11: async () => {
    const scene = await open('Sta7');
    scene.peer.send(pdus.releaseRQ());
    await settled();
    expect(scene.peer.last).toBe('A-RELEASE-RP');
    return scene;
  },
};

async function open(name: string): Promise<Scene> {
  const scene = await SCENES[name]?.();
  if (scene === undefined) throw new Error(`no scene ${name}`);
  return scene;
}

const MESSAGES: Record<string, () => Uint8Array> = {
  'A-ASSOCIATE-RQ': () => pdus.associateRQ(),
  'A-ASSOCIATE-AC': () => pdus.associateAC(),
  'A-ASSOCIATE-RJ': () => pdus.associateRJ(),
  'P-DATA-TF': () => echoRQ(),
  'A-RELEASE-RQ': () => pdus.releaseRQ(),
  'A-RELEASE-RP': () => pdus.releaseRP(),
  'an invalid PDU': () => pdus.invalid(),
};

/** What each state does with each PDU on the wire; what is not named here is answered with A-ABORT. */
const ALLOWED: Record<string, Record<string, string>> = {
  Sta2: { 'A-ASSOCIATE-RQ': 'A-ASSOCIATE-AC' },
  Sta5: { 'A-ASSOCIATE-AC': 'A-ASSOCIATE-RQ', 'A-ASSOCIATE-RJ': 'A-ASSOCIATE-RQ' },
  'Sta6 as acceptor': { 'P-DATA-TF': 'P-DATA-TF', 'A-RELEASE-RQ': 'A-RELEASE-RP' },
  // A request that we do not serve is answered with a status.
  'Sta6 as requestor': { 'P-DATA-TF': 'P-DATA-TF', 'A-RELEASE-RQ': 'A-RELEASE-RP' },
  // Data may still come in (AR-6); a request among it is not answered any more.
  Sta7: { 'P-DATA-TF': 'A-RELEASE-RQ', 'A-RELEASE-RQ': 'A-RELEASE-RP', 'A-RELEASE-RP': 'A-RELEASE-RQ' },
  Sta10: { 'A-RELEASE-RP': 'A-RELEASE-RP' },
  Sta11: { 'A-RELEASE-RP': 'A-RELEASE-RP' },
};

for (const name of Object.keys(SCENES)) {
  describe(`in ${name}`, () => {
    for (const [what, pdu] of Object.entries(MESSAGES)) {
      const allowed = ALLOWED[name]?.[what];
      test(`${what} is answered with ${allowed ?? 'A-ABORT'}`, async () => {
        const scene = await open(name);
        scene.peer.send(pdu());
        await settled();
        if (allowed !== undefined) expect(scene.peer.last).toBe(allowed);
        else expect(scene.peer.last).toMatch(/^A-ABORT/);
      });
    }

    test('A-ABORT ends it at once, with the name of who aborted', async () => {
      const scene = await open(name);
      scene.peer.send(pdus.abort());
      await settled();
      expect(scene.peer.closed).toBe(true);
      const outcome = scene.outcome();
      const error = outcome && 'error' in outcome ? outcome.error : scene.ended();
      if (name === 'Sta2') expect(error).toMatchObject({ data: { kind: 'connection-lost' } });
      else expect(error).toMatchObject({ data: { kind: 'aborted-by-peer', upperLayer: { source: 2, reason: 1 } } });
    });

    test('a closed connection ends it at once', async () => {
      const scene = await open(name);
      scene.peer.close();
      await settled();
      const outcome = scene.outcome();
      const error = outcome && 'error' in outcome ? outcome.error : scene.ended();
      expect(error).toMatchObject({ data: { kind: 'connection-lost', retryable: true } });
    });

    test('our own abort reaches the peer', async () => {
      const scene = await open(name);
      const outcome = scene.outcome();
      if (outcome === undefined || 'error' in outcome) return;
      outcome.association.abort(new PhosphorError('interrupted', 'closing'));
      await settled();
      expect(scene.peer.last).toBe('A-ABORT 0/0');
      await time.pass(6);
      expect(scene.peer.closed).toBe(true);
      expect(scene.ended()).toMatchObject({ data: { kind: 'interrupted' } });
    });
  });
}

describe('what is refused before an association stands', () => {
  test('another protocol version, another application context', async () => {
    const version = acceptor();
    version.peer.send(pdus.associateRQ({ protocolVersion: 2 }));
    await settled();
    expect(version.peer.last).toBe('A-ASSOCIATE-RJ 1/2/2');
    await time.pass(10);
    const application = acceptor();
    application.peer.send(pdus.associateRQ({ applicationContext: '1.2.3' }));
    await settled();
    expect(application.peer.last).toBe('A-ASSOCIATE-RJ 1/1/2');
    expect(application.outcome()).toMatchObject({ error: { data: { kind: 'rejected' } } });
  });

  test('a caller whom nobody knows', async () => {
    const scene = acceptor(() => ({ reject: { result: 1, source: 1, reason: 3 } }));
    scene.peer.send(pdus.associateRQ());
    await settled();
    expect(scene.peer.last).toBe('A-ASSOCIATE-RJ 1/1/3');
    expect(scene.outcome()).toMatchObject({
      error: { data: { kind: 'rejected', retryable: false, upperLayer: { result: 1, source: 1, reason: 3 } } },
    });
  });

  test('everybody, when the judge himself fails', async () => {
    const scene = acceptor(() => {
      throw new Error('bug');
    });
    scene.peer.send(pdus.associateRQ());
    await settled();
    expect(scene.peer.last).toBe('A-ASSOCIATE-RJ 1/1/1');
  });

  test('a caller, for the moment, when the judge does not come to an end', async () => {
    const scene = await open('Sta3');
    await time.pass(29);
    expect(scene.peer.pdus).toEqual([]);
    await time.pass(2);
    expect(scene.peer.pdus).toEqual(['A-ASSOCIATE-RJ 2/3/1']);
    expect(scene.outcome()).toMatchObject({ error: { data: { kind: 'rejected', retryable: true } } });
  });

  test('a rejection by the peer tells whether to try again', async () => {
    const scene = requestor();
    scene.peer.send(pdus.associateRJ());
    await settled();
    expect(scene.outcome()).toMatchObject({
      error: {
        message: expect.stringContaining('local limit exceeded'),
        data: { kind: 'rejected', retryable: true, upperLayer: { result: 2, source: 3, reason: 2 } },
      },
    });
  });

  test('an acceptance of what was not proposed', async () => {
    for (const context of [
      { id: 3, result: 0, transferSyntax: IMPLICIT },
      { id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2.4.50' },
    ]) {
      const scene = requestor();
      scene.peer.send(pdus.associateAC({ contexts: [context] }));
      await settled();
      expect(scene.outcome()).toMatchObject({ error: { data: { kind: 'protocol' } } });
      expect(scene.peer.last).toBe('A-ABORT 2/6');
      await time.pass(10);
    }
  });
});

describe('messages that break the exchange', () => {
  test('a response that nobody waits for, or to another message', async () => {
    const scene = await open('Sta6 as requestor');
    scene.peer.send(echoRSP());
    await settled();
    expect(scene.peer.last).toBe('A-ABORT 0/0');
    await time.pass(10);

    const other = await open('Sta6 as requestor');
    const association = associationOf(other);
    const [context] = association.contexts;
    if (!context) throw new Error('no context');
    const operation = association.send({ context, command: { commandField: 0x30 } });
    other.peer.send(echoRSP(operation.messageID + 1));
    await expect(operation.done).rejects.toMatchObject({ data: { kind: 'protocol' } });
  });

  test('a P-DATA-TF PDU longer than announced', async () => {
    const scene = await open('Sta6 as acceptor');
    scene.peer.send(Uint8Array.of(4, 0, 0, 2, 0, 1));
    await settled();
    expect(scene.peer.last).toBe('A-ABORT 2/6');
    await time.pass(6);
    expect(scene.ended()).toMatchObject({ data: { kind: 'protocol' } });
  });

  test('a request for a service that is not there is refused, and the association lives', async () => {
    const scene = await open('Sta6 as acceptor');
    const { command } = await import('./raw-peer.ts');
    scene.peer.send(command({ commandField: 0x20, hasDataSet: false, affectedSOPClassUID: VERIFICATION, messageID: 5 }));
    scene.peer.send(echoRQ(6));
    await settled();
    expect(scene.peer.pdus.filter((pdu) => pdu === 'P-DATA-TF')).toHaveLength(2);
    scene.peer.send(pdus.releaseRQ());
    await settled();
    expect(scene.peer.last).toBe('A-RELEASE-RP');
  });
});
