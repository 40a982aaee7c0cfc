import { describe, expect, test } from 'vitest';
import { connectSocket } from '../../../electron/associations/socket-transport.ts';
import type { State } from '../../../electron/dicom/network/actions.ts';
import { Rejections } from '../../../electron/dicom/network/index.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { freePort } from '../../support/free-port.ts';
import { OurUpperLayer } from '../../support/our-upper-layer.ts';
import { ScriptedPeer } from '../../support/scripted-peer.ts';

// PS3.8 §9.2 on a real socket: our side is brought into each state in each role in which it can be in it, then hears every class of PDU. What it
// answers is laid out here as the standard's table says, cell by cell, not taken from the product's table.

type Pdu = 'AC' | 'RJ' | 'RQ' | 'P-DATA' | 'RELEASE-RQ' | 'RELEASE-RP' | 'ABORT' | 'invalid';
const PDUS: readonly Pdu[] = ['AC', 'RJ', 'RQ', 'P-DATA', 'RELEASE-RQ', 'RELEASE-RP', 'ABORT', 'invalid'];

/** Rows of PS3.8 table 9-10 for the PDUs above, by state. */
const TABLE: Readonly<Record<string, string>> = {
  2: 'AA-1 AA-1 AE-6 AA-1 AA-1 AA-1 AA-2 AA-1',
  3: 'AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-3 AA-8',
  5: 'AE-3 AE-4 AA-8 AA-8 AA-8 AA-8 AA-3 AA-8',
  6: 'AA-8 AA-8 AA-8 DT-2 AR-2 AA-8 AA-3 AA-8',
  7: 'AA-8 AA-8 AA-8 AR-6 AR-8 AR-3 AA-3 AA-8',
  8: 'AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-3 AA-8',
  9: 'AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-3 AA-8',
  10: 'AA-8 AA-8 AA-8 AA-8 AA-8 AR-10 AA-3 AA-8',
  11: 'AA-8 AA-8 AA-8 AA-8 AA-8 AR-3 AA-3 AA-8',
  12: 'AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-3 AA-8',
  13: 'AA-6 AA-6 AA-7 AA-6 AA-6 AA-6 AA-2 AA-7',
};

/** What an action shows: the PDU that the peer gets, the next state, what our user is told. */
interface Shown {
  readonly wire?: (pdu: Pdu) => string;
  readonly next: State;
  readonly told?: string;
  readonly failure?: (pdu: Pdu) => object;
}

const byProvider = (pdu: Pdu) => `A-ABORT 2/${pdu === 'invalid' ? 1 : 2}`;
const brokenRule = (source: 0 | 2) => (pdu: Pdu) => ({
  kind: 'protocol',
  upperLayer: { source, reason: source === 0 ? 0 : pdu === 'invalid' ? 1 : 2 },
});

const SHOWN: Readonly<Record<string, Shown>> = {
  'AE-3': { next: 6, told: 'associate confirmation' },
  'AE-4': { next: 1, failure: () => ({ kind: 'rejected', upperLayer: { result: 1, source: 1, reason: 3 } }) },
  'AE-6': { next: 3, told: 'associate indication' },
  'DT-2': { next: 6, told: 'fragment' },
  'AR-2': { next: 8, told: 'release indication' },
  'AR-3': { next: 1, told: 'release confirmation' },
  'AR-6': { next: 7, told: 'fragment' },
  'AR-8 requestor': { next: 9, told: 'release indication' },
  'AR-8 acceptor': { next: 10, told: 'release indication' },
  'AR-10': { next: 12, told: 'release confirmation' },
  'AA-1': { wire: () => 'A-ABORT 0/0', next: 13, failure: brokenRule(0) },
  'AA-2': { next: 1 },
  'AA-3': { next: 1, failure: () => ({ kind: 'aborted-by-peer', upperLayer: { source: 2, reason: 5 } }) },
  'AA-6': { next: 13 },
  'AA-7': { wire: byProvider, next: 13 },
  'AA-8': { wire: byProvider, next: 13, failure: brokenRule(2) },
};

const SCENES: Readonly<Record<string, () => Promise<OurUpperLayer>>> = {
  '2': () => OurUpperLayer.acceptor(),
  '3': async () => {
    const ours = await OurUpperLayer.acceptor();
    await ours.hear(BYTES.RQ);
    return ours;
  },
  '5': () => OurUpperLayer.requestor(),
  '6 as acceptor': () => established('acceptor'),
  '6 as requestor': () => established('requestor'),
  '7 as acceptor': () => releasing('acceptor'),
  '7 as requestor': () => releasing('requestor'),
  '8 as acceptor': () => askedToRelease('acceptor'),
  '8 as requestor': () => askedToRelease('requestor'),
  '9': () => collided('requestor'),
  '10': () => collided('acceptor'),
  '11': async () => {
    const ours = await collided('requestor');
    ours.layer.respondRelease();
    expect(await ours.peer.readShort()).toBe('A-RELEASE-RP');
    return ours;
  },
  '12': async () => {
    const ours = await collided('acceptor');
    await ours.hear(BYTES['RELEASE-RP']);
    return ours;
  },
  '13 after A-ASSOCIATE-RJ': async () => {
    const ours = await scene('3');
    ours.layer.reject(Rejections.localLimitExceeded);
    expect(await ours.peer.readShort()).toBe('A-ASSOCIATE-RJ 2/3/2');
    return ours;
  },
  '13 after A-RELEASE-RP': async () => {
    const ours = await askedToRelease('acceptor');
    ours.layer.respondRelease();
    expect(await ours.peer.readShort()).toBe('A-RELEASE-RP');
    return ours;
  },
};

async function scene(name: string): Promise<OurUpperLayer> {
  const ours = await SCENES[name]?.();
  if (ours === undefined) throw new Error(`no scene ${name}`);
  expect(ours.layer.state).toBe(Number.parseInt(name, 10));
  return ours;
}

async function established(role: 'requestor' | 'acceptor'): Promise<OurUpperLayer> {
  if (role === 'requestor') {
    const ours = await OurUpperLayer.requestor();
    await ours.hear(BYTES.AC);
    return ours;
  }
  const ours = await scene('3');
  ours.accept();
  expect(await ours.peer.readShort()).toBe('A-ASSOCIATE-AC');
  return ours;
}

async function releasing(role: 'requestor' | 'acceptor'): Promise<OurUpperLayer> {
  const ours = await established(role);
  ours.layer.requestRelease();
  expect(await ours.peer.readShort()).toBe('A-RELEASE-RQ');
  return ours;
}

async function askedToRelease(role: 'requestor' | 'acceptor'): Promise<OurUpperLayer> {
  const ours = await established(role);
  await ours.hear(BYTES['RELEASE-RQ']);
  return ours;
}

async function collided(role: 'requestor' | 'acceptor'): Promise<OurUpperLayer> {
  const ours = await releasing(role);
  await ours.hear(BYTES['RELEASE-RQ']);
  return ours;
}

for (const name of Object.keys(SCENES)) {
  describe(`in Sta${name}`, () => {
    const row = TABLE[String(Number.parseInt(name, 10))]?.split(' ') ?? [];
    PDUS.forEach((pdu, column) => {
      const action = row[column] ?? '';
      test(`${pdu} is answered as ${action} says`, async () => {
        using ours = await scene(name);
        const shown = SHOWN[action] ?? SHOWN[`${action} ${ours.layer.role}`];
        if (shown === undefined) throw new Error(`nothing known of ${action}`);
        const toldBefore = ours.told.length;
        const failedBefore = ours.failure;
        if (shown.wire) {
          ours.peer.sendRaw(BYTES[pdu]);
          expect(await ours.peer.readShort()).toBe(shown.wire(pdu));
        } else await ours.hear(BYTES[pdu]);
        expect(ours.layer.state).toBe(shown.next);
        // After its release an association has had its end, and after a refusal its failure: nothing is told twice.
        const alreadyOver = failedBefore !== undefined;
        if (shown.told) expect(ours.told.slice(toldBefore)).toContain(shown.told);
        if (shown.failure && !alreadyOver) {
          await ours.until(() => ours.failure !== undefined);
          expect(ours.failure?.data).toMatchObject(shown.failure(pdu));
        }
        if (shown.next === 1) {
          // Our direction is closed, without another word.
          expect(await ours.rest()).toEqual([]);
        } else {
          ours.layer.transport.end();
          expect(await ours.rest()).toEqual([]);
        }
      });
    });

    test('the peer hangs up: our side ends without waiting for a clock', async () => {
      using ours = await scene(name);
      ours.peer.socket.destroy();
      await ours.until(() => ours.told.includes('closed'));
      expect(ours.layer.state).toBe(1);
      const quiet = ['2', '13 after A-ASSOCIATE-RJ', '13 after A-RELEASE-RP'].includes(name);
      if (!quiet) expect(ours.failure?.data).toMatchObject({ kind: 'connection-lost' });
    });

    if (name !== '2' && !name.startsWith('13')) {
      test('our own abort reaches the peer as A-ABORT by the service user', async () => {
        using ours = await scene(name);
        ours.layer.abort(new PhosphorError('interrupted', 'closing'));
        expect(await ours.peer.readShort()).toBe('A-ABORT 0/0');
        expect(ours.layer.state).toBe(13);
        expect(ours.failure?.data).toMatchObject({ kind: 'interrupted' });
        // What still comes is dropped unread: the peer has been told, and is not told again.
        await ours.hear(BYTES.invalid);
        await ours.hear(BYTES.RQ);
        ours.peer.socket.end();
        expect(await ours.rest()).toEqual([]);
      });
    }
  });
}

describe('states without an association', () => {
  test('Sta1: what comes after the association is over is neither read nor answered', async () => {
    using ours = await releasing('requestor');
    await ours.hear(BYTES['RELEASE-RP']);
    expect(ours.layer.state).toBe(1);
    ours.peer.sendRaw(BYTES['P-DATA']);
    ours.peer.sendRaw(BYTES.invalid);
    expect(await ours.rest()).toEqual([]);
  });

  test('Sta4: nobody listens, or we give up while connecting: no association, no byte sent', async () => {
    await expect(connectSocket('127.0.0.1', await freePort(), 10)).rejects.toMatchObject({ data: { kind: 'unreachable' } });
    const heard: number[] = [];
    await using peer = await ScriptedPeer.listen(async (connection) => {
      heard.push((await connection.expectPDU(1))?.length ?? 0);
    });
    const controller = new AbortController();
    const connecting = connectSocket('127.0.0.1', peer.port, 10, controller.signal);
    controller.abort(new PhosphorError('cancelled', 'given up'));
    await expect(connecting).rejects.toMatchObject({ data: { kind: 'cancelled' } });
    expect(heard.filter((length) => length > 0)).toEqual([]);
  });
});

describe('ARTIM on a real socket', () => {
  test('Sta2: a caller that says nothing is hung up on', async () => {
    using ours = await OurUpperLayer.acceptor({ association: 0.2 });
    expect(await ours.rest()).toEqual([]);
    await ours.until(() => ours.failure !== undefined);
    expect(ours.failure?.data).toMatchObject({ kind: 'timed-out', clock: 'association' });
  });

  test.each(['13 after A-ASSOCIATE-RJ', '13 after A-RELEASE-RP'])('Sta%s: a peer that does not hang up is hung up on', async (name) => {
    using ours = await OurUpperLayer.acceptor({ release: 0.2 });
    await ours.hear(BYTES.RQ);
    if (name.endsWith('RJ')) ours.layer.reject(Rejections.noReason);
    else {
      ours.accept();
      await ours.hear(BYTES['RELEASE-RQ']);
      ours.layer.respondRelease();
    }
    expect(ours.layer.state).toBe(13);
    expect(await ours.rest()).toHaveLength(name.endsWith('RJ') ? 1 : 2);
    await ours.until(() => ours.told.includes('closed'));
  });
});

test('a PDU may be sent after the peer asked for release and before we answer (AR-7)', async () => {
  using ours = await askedToRelease('acceptor');
  ours.layer.send([BYTES['P-DATA']]);
  expect(await ours.peer.readShort()).toBe('P-DATA-TF');
  ours.layer.respondRelease();
  expect(await ours.peer.readShort()).toBe('A-RELEASE-RP');
  expect(ours.layer.state).toBe(13);
});

const BYTES: Readonly<Record<Pdu, Buffer>> = (() => {
  const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');
  const item = (type: string, value: string) => {
    const bytes = Buffer.from(value, 'latin1');
    return `${type}00${bytes.length.toString(16).padStart(4, '0')}${bytes.toString('hex')}`;
  };
  const titles = Buffer.from(`${'OURS'.padEnd(16)}${'RAW'.padEnd(16)}`).toString('hex') + '00'.repeat(32);
  const user = '50000008 51000004 00004000';
  const context = (type: string, inner: string) => `${type}00${(inner.length / 2 + 4).toString(16).padStart(4, '0')}01000000${inner}`;
  const associate = (type: string, inner: string) => {
    const body = hex(`00010000${titles}${item('10', '1.2.840.10008.3.1.1.1')}${inner}${user}`);
    return hex(`${type}00${body.length.toString(16).padStart(8, '0')}${body.toString('hex')}`);
  };
  const implicit = item('40', '1.2.840.10008.1.2');
  return {
    RQ: associate('01', context('20', item('30', '1.2.840.10008.1.1') + implicit)),
    AC: associate('02', context('21', implicit)),
    RJ: hex('0300 00000004 00010103'),
    // One PDV of a command's last fragment, two bytes long: the upper layer does not look into it.
    'P-DATA': hex('0400 00000008 00000004 01 03 0000'),
    'RELEASE-RQ': hex('0500 00000004 00000000'),
    'RELEASE-RP': hex('0600 00000004 00000000'),
    ABORT: hex('0700 00000004 00000205'),
    invalid: hex('6300 00000004 00000000'),
  };
})();
