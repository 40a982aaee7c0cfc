import { describe, expect, test } from 'vitest';
import type { AcceptorOptions, ServiceProvider } from '../../../electron/dicom/network/index.ts';
import { ourAcceptor, ourRequestor, rawAnswer, rawAssociate, rawContext, rawMaximumLength } from '../../support/our-association.ts';
import { item, items, PDU, type ScriptedConnection, UIDs } from '../../support/scripted-peer.ts';

const verification: ServiceProvider = {
  commandField: 0x30,
  abstractSyntaxes: [UIDs.verification],
  transferSyntaxes: [UIDs.implicitVRLittleEndian, UIDs.explicitVRLittleEndian],
  handle: (request) => void request.respond({ status: 0 }),
};

const LENGTH = rawMaximumLength(16_384);
const uid = (text: string) => Buffer.from(text, 'latin1');
const sized = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);

interface Answer {
  /** `id/result/transfer syntax` of each presentation context. */
  readonly contexts: readonly string[];
  /** User information sub-items by their type, in hex. */
  readonly user: ReadonlyMap<number, string>;
}

async function readAC(peer: ScriptedConnection): Promise<Answer> {
  const { type, body } = await peer.readPDU();
  expect(type).toBe(PDU.associateAC);
  const all = [...items(body.subarray(68))];
  const contexts = all
    .filter((part) => part.type === 0x21)
    .map(({ value }) => `${value[0]}/${value[2]}/${[...items(value.subarray(4))][0]?.value.toString('latin1')}`);
  const user = all.find((part) => part.type === 0x50)?.value ?? Buffer.alloc(0);
  return { contexts, user: new Map([...items(user)].map((part) => [part.type, part.value.toString('hex')])) };
}

/** What our acceptor answers to an A-ASSOCIATE-RQ that is sent as these bytes. */
async function accepted(rq: Buffer, options: Partial<AcceptorOptions> = {}): Promise<Answer> {
  using ours = await ourAcceptor({ services: [verification], ...options });
  ours.peer.sendRaw(rq);
  return await readAC(ours.peer);
}

describe('an unusual A-ASSOCIATE-RQ that can be served is served', () => {
  const IMPLICIT = UIDs.implicitVRLittleEndian;
  const served: readonly (readonly [string, Parameters<typeof rawAssociate>[1]])[] = [
    ['reserved bytes that are not zero', { reserved: 0xff }],
    ['a later protocol version beside the first', { protocolVersion: 3 }],
    ['no user information', { user: [] }],
    ['a maximum length of 0', { user: [rawMaximumLength(0)] }],
    ['UIDs padded with NUL and with spaces', { contexts: [rawContext(1, `${UIDs.verification}\0`, [`${IMPLICIT} `])] }],
    ['unknown items', { contexts: [item(0x11, Buffer.alloc(3)), rawContext(1), item(0x7f, Buffer.alloc(0))] }],
    ['unknown sub-items', { user: [item(0x5a, Buffer.alloc(5)), LENGTH, item(0x99, Buffer.alloc(1))] }],
    ['user information before the contexts', { contexts: [item(0x50, LENGTH), rawContext(1)], user: [] }],
  ];
  test.each(served)('%s', async (_name, parts) => {
    expect((await accepted(rawAssociate(1, parts))).contexts).toEqual([`1/0/${IMPLICIT}`]);
  });

  test('128 presentation contexts, the most there can be', async () => {
    const contexts = Array.from({ length: 128 }, (_, index) => rawContext(2 * index + 1));
    const answer = await accepted(rawAssociate(1, { contexts }));
    expect(answer.contexts).toHaveLength(128);
    expect(answer.contexts.at(-1)).toBe(`255/0/${IMPLICIT}`);
  });

  test('each presentation context has its own result', async () => {
    const contexts = [
      rawContext(1),
      rawContext(3, '1.2.3.4'),
      rawContext(5, UIDs.verification, ['1.2.3.4.5']),
      rawContext(7, UIDs.verification, []),
      rawContext(9, ''),
      rawContext(11, UIDs.verification, ['1.2.3.4.5', UIDs.explicitVRLittleEndian, IMPLICIT]),
    ];
    expect((await accepted(rawAssociate(1, { contexts }))).contexts).toEqual([
      `1/0/${IMPLICIT}`,
      `3/3/${IMPLICIT}`,
      '5/4/1.2.3.4.5',
      `7/4/${IMPLICIT}`,
      `9/3/${IMPLICIT}`,
      `11/0/${UIDs.explicitVRLittleEndian}`,
    ]);
  });
});

describe('an A-ASSOCIATE-RQ that cannot be served', () => {
  const twice = Array.from({ length: 129 }, (_, index) => rawContext((2 * index + 1) & 0xff));
  const cut = rawAssociate(1, {});
  cut.writeUInt16BE(60_000, cut.indexOf(item(0x10, uid('1.2.840.10008.3.1.1.1'))) + 2);
  const refused: readonly (readonly [string, string, Buffer])[] = [
    ['no presentation context', 'A-ASSOCIATE-RJ 1/2/1', rawAssociate(1, { contexts: [] })],
    ['only a protocol version that we do not know', 'A-ASSOCIATE-RJ 1/2/2', rawAssociate(1, { protocolVersion: 2 })],
    // In Sta2 PS3.8 answers whatever is invalid as service user (AA-1), for which no reason is defined.
    ['an even presentation context ID', 'A-ABORT 0/0', rawAssociate(1, { contexts: [rawContext(2)] })],
    ['a presentation context ID twice', 'A-ABORT 0/0', rawAssociate(1, { contexts: [rawContext(1), rawContext(1)] })],
    ['more than 128 presentation contexts', 'A-ABORT 0/0', rawAssociate(1, { contexts: twice })],
    ['an item that leaves its PDU', 'A-ABORT 0/0', cut],
    ['a PDU of 2 GiB', 'A-ABORT 0/0', Buffer.from([1, 0, 0x80, 0, 0, 0])],
    ['a maximum length in which no message fits', 'A-ABORT 2/6', rawAssociate(1, { user: [rawMaximumLength(7)] })],
  ];
  test.each(refused)('%s: %s', async (_name, answer, rq) => {
    using ours = await ourAcceptor({ services: [verification] });
    ours.peer.sendRaw(rq);
    expect(await ours.peer.readShort()).toBe(answer);
    await expect(ours.association).rejects.toMatchObject({ data: { kind: answer.startsWith('A-ABORT') ? 'protocol' : 'rejected' } });
  });
});

describe('user information', () => {
  test.each([
    ['unlimited', '00000000'],
    ['5 and 5', '00050005'],
  ])('an operations window of %s is answered with one operation at a time', async (_name, window) => {
    const rq = rawAssociate(1, { user: [LENGTH, item(0x53, Buffer.from(window, 'hex'))] });
    expect((await accepted(rq)).user.get(0x53)).toBe('00010001');
  });

  test('what was not proposed is not answered', async () => {
    const { user } = await accepted(rawAssociate(1, {}), {
      authorize: () => ({ userIdentityResponse: Buffer.from('yes') }),
    });
    expect([...user.keys()]).toEqual([0x51, 0x52, 0x55]);
  });

  test('role selection: a role is granted only where it was proposed and we can do the other part', async () => {
    const roles = (scu: number, scp: number) => item(0x54, Buffer.concat([sized(uid(UIDs.verification)), Buffer.from([scu, scp])]));
    const tail = async (scu: number, scp: number, subOperations: boolean) =>
      (await accepted(rawAssociate(1, { user: [LENGTH, roles(scu, scp)] }), { subOperations: () => subOperations })).user
        .get(0x54)
        ?.slice(-4);
    expect(await tail(1, 1, false)).toBe('0100');
    expect(await tail(1, 1, true)).toBe('0101');
    expect(await tail(0, 1, true)).toBe('0001');
    expect(await tail(1, 0, true)).toBe('0100');
  });

  test('extended negotiation is judged by its service; common extended negotiation is read and never answered', async () => {
    const extended = item(0x56, Buffer.concat([sized(uid(UIDs.verification)), Buffer.from([1, 0])]));
    const common = item(0x57, Buffer.concat([sized(uid('1.2.3')), sized(uid('1.2.840.10008.4.2')), sized(sized(uid('1.2.4')))]));
    let seen: unknown;
    const { user } = await accepted(rawAssociate(1, { user: [LENGTH, extended, common] }), {
      authorize: (request) => {
        seen = request.commonExtendedNegotiation;
        return { extendedNegotiation: request.extendedNegotiation };
      },
    });
    expect(user.get(0x56)?.endsWith('0100')).toBe(true);
    expect(user.has(0x57)).toBe(false);
    expect(seen).toEqual([{ sopClassUID: '1.2.3', serviceClassUID: '1.2.840.10008.4.2', relatedGeneralSOPClassUIDs: ['1.2.4'] }]);
  });

  test('user identity: confirmed only where it was asked for and somebody looked at it', async () => {
    const identity = (positive: number) =>
      item(0x58, Buffer.concat([Buffer.from([2, positive]), sized(Buffer.from('reader')), sized(Buffer.from('secret'))]));
    const response = async (positive: number, authorize: AcceptorOptions['authorize']) =>
      (await accepted(rawAssociate(1, { user: [LENGTH, identity(positive)] }), { authorize })).user.get(0x59);
    const looked = () => ({ userIdentityResponse: new Uint8Array(0) });
    expect(await response(1, looked)).toBe('0000');
    expect(await response(0, looked)).toBeUndefined();
    expect(await response(1, () => ({}))).toBeUndefined();
  });
});

describe('as requestor', () => {
  test('neither an operations window nor a role is proposed unless it is wanted', async () => {
    using ours = await ourRequestor();
    const { body } = await ours.peer.readPDU();
    const user = [...items(body.subarray(68))].find((part) => part.type === 0x50)?.value ?? Buffer.alloc(0);
    expect([...items(user)].map((part) => part.type)).toEqual([0x51, 0x52, 0x55]);
  });

  const answers: readonly (readonly [string, Buffer, number])[] = [
    [
      'an operations window that nobody proposed',
      rawAssociate(2, { contexts: [rawAnswer(1, 0)], user: [LENGTH, item(0x53, Buffer.from([0, 9, 0, 9]))] }),
      1,
    ],
    ['a transfer syntax with padding', rawAssociate(2, { contexts: [rawAnswer(1, 0, `${UIDs.implicitVRLittleEndian}\0`)] }), 1],
    [
      'unknown items',
      rawAssociate(2, { contexts: [item(0x7f, Buffer.alloc(1)), rawAnswer(1, 0)], user: [item(0x5f, Buffer.alloc(2))] }),
      1,
    ],
    ['user rejection', rawAssociate(2, { contexts: [rawAnswer(1, 1)] }), 0],
    ['a result that the standard does not know', rawAssociate(2, { contexts: [rawAnswer(1, 77)] }), 0],
    ['a rejected context without a transfer syntax', rawAssociate(2, { contexts: [item(0x21, Buffer.from([1, 0, 3, 0]))] }), 0],
    ['no answer to our context', rawAssociate(2, { contexts: [] }), 0],
  ];
  test.each(answers)('%s in the A-ASSOCIATE-AC is borne', async (_name, ac, contexts) => {
    using ours = await ourRequestor();
    ours.peer.sendRaw(ac);
    expect((await ours.association).contexts).toHaveLength(contexts);
  });

  const broken: readonly (readonly [string, Buffer])[] = [
    ['a context that was not proposed', rawAssociate(2, { contexts: [rawAnswer(3, 0)] })],
    ['a transfer syntax that was not proposed', rawAssociate(2, { contexts: [rawAnswer(1, 0, UIDs.explicitVRLittleEndian)] })],
    ['one context twice', rawAssociate(2, { contexts: [rawAnswer(1, 0), rawAnswer(1, 0)] })],
    ['an impossible maximum length', rawAssociate(2, { contexts: [rawAnswer(1, 0)], user: [rawMaximumLength(1)] })],
  ];
  test.each(broken)('%s in the A-ASSOCIATE-AC ends in A-ABORT, invalid PDU parameter value', async (_name, ac) => {
    using ours = await ourRequestor();
    await ours.peer.readAssociateRQ();
    ours.peer.sendRaw(ac);
    expect(await ours.peer.readShort()).toBe('A-ABORT 2/6');
    await expect(ours.association).rejects.toMatchObject({ data: { kind: 'protocol', upperLayer: { source: 2, reason: 6 } } });
  });

  test('a role that was not asked for is not taken', async () => {
    using ours = await ourRequestor();
    const role = item(0x54, Buffer.concat([sized(uid(UIDs.verification)), Buffer.from([1, 1])]));
    ours.peer.sendRaw(rawAssociate(2, { contexts: [rawAnswer(1, 0)], user: [LENGTH, role] }));
    const association = await ours.association;
    expect(association.contextFor(UIDs.verification)).toBeDefined();
    expect(association.contextFor(UIDs.verification, undefined, 'scp')).toBeUndefined();
  });

  test('an identity that the peer does not confirm is told in the log', async () => {
    const userIdentity = { type: 2, primary: uid('reader'), secondary: uid('secret'), positiveResponseRequested: true };
    using ours = await ourRequestor({ userIdentity });
    ours.peer.sendRaw(rawAssociate(2, { contexts: [rawAnswer(1, 0)] }));
    await ours.association;
    expect(ours.log.join('\n')).toContain('the peer did not confirm the user identity');
    expect(ours.log.join('\n')).not.toMatch(/reader|secret/);
  });
});
